import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { problems } from '../site/problem.js';
import type { Channel } from './importers/import-record.js';
import type { LawmakerFilter } from './lawmakers.schema.js';
import { hasMarked, hasObjected, isUsable, recordsOf, recordsOfId } from './person-records.js';

export interface LawmakerView {
  id: string;
  name: string;
  /** Family name first, where the source tells it: the order of lists. */
  sortName: string;
  honorific: string | null;
  gender: string | null;
  locale: string | null;
  website: string | null;
  legislature: string;
  chamber: string | null;
  party: string | null;
  area: string | null;
  region: string | null;
  role: string | null;
  sitting: boolean;
  leftAt: string | null;
  objected: boolean;
  /** The record that stands for this person, since somebody joined the two. */
  mergedInto: string | null;
  channels: Channel[];
}

export interface ContactPointView {
  id: string;
  channel: Channel;
  value: string;
  label: string | null;
  source: 'import' | 'staff';
  listed: boolean;
  struckAt: string | null;
  /** When a letter to it came back, and with which status. */
  bouncedAt: string | null;
  bouncedStatus: string | null;
}

export interface GroupView {
  kind: 'committee' | 'group';
  code: string;
  name: string;
  role: string | null;
}

export interface LawmakerPage {
  lawmakers: LawmakerView[];
  /** Give it as `after` for the next page; null on the last one. */
  next: string | null;
}

const columns = `l.id, l.name, l.honorific, l.gender, l.locale, l.website, g.slug AS legislature, m.chamber, m.party, m.area,
  m.region, m.role, coalesce(m.sitting, true) AS sitting, l.left_at AS "leftAt", l.sort_name AS "sortName",
  l.merged_into AS "mergedInto", ${hasObjected('l')} AS objected,
  (SELECT coalesce(array_agg(DISTINCT c.channel ORDER BY c.channel), '{}') FROM contact_points c
    WHERE c.lawmaker_id = ANY (${recordsOf('l')}) AND ${isUsable('l')}) AS channels
  FROM lawmakers l
  JOIN legislatures g ON g.id = l.legislature_id
  LEFT JOIN LATERAL (
    SELECT * FROM memberships WHERE lawmaker_id = l.id ORDER BY ended_at DESC NULLS FIRST, started_at DESC LIMIT 1
  ) m ON true`;

@Injectable()
export class LawmakersService {
  constructor(private readonly database: DataSource) {}

  /** A page in the order of sort names, found by key and not by offset. */
  async list(filter: LawmakerFilter, limit = 50): Promise<LawmakerPage> {
    const [sortName, id] = readCursor(filter.after);
    const rows = await this.database.query<LawmakerView[]>(
      `SELECT ${columns}
       WHERE l.merged_into IS NULL AND ($1::text IS NULL OR g.slug = $1) AND ($2::text IS NULL OR m.chamber = $2) AND ($3::text IS NULL OR m.party = $3)
         AND ($4::text IS NULL OR m.area = $4 OR m.region = $4)
         AND ($5::text IS NULL OR EXISTS (SELECT FROM contact_points c WHERE c.lawmaker_id = ANY (${recordsOf('l')})
                AND c.channel = $5 AND ${isUsable('l')}))
         AND CASE $6::text WHEN 'present' THEN l.left_at IS NULL WHEN 'left' THEN l.left_at IS NOT NULL
               WHEN 'objection' THEN ${hasObjected('l')} WHEN 'marked' THEN ${hasMarked('l')}
               ELSE true END
         AND ($7::text IS NULL OR l.name ILIKE $7)
         AND ($8::text IS NULL OR (l.sort_name, l.id) > ($8, $9::uuid))
       ORDER BY l.sort_name, l.id LIMIT $10`,
      [
        filter.legislature ?? null,
        filter.chamber ?? null,
        filter.party ?? null,
        filter.area ?? null,
        filter.channel ?? null,
        filter.status ?? null,
        filter.q ? `%${filter.q.replace(/[\\%_]/g, '\\$&')}%` : null,
        sortName,
        id,
        limit + 1,
      ],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      lawmakers: page,
      next: rows.length > limit && last ? cursorOf(last.sortName, last.id) : null,
    };
  }

  async find(id: string): Promise<LawmakerView> {
    const [found] = await this.database.query<LawmakerView[]>(`SELECT ${columns} WHERE l.id = $1`, [id]);
    if (!found) throw problems.notFound();
    return found;
  }

  /** Committees and groups of today, of all records of the person. */
  groups(lawmakerId: string): Promise<GroupView[]> {
    return this.database.query(
      `SELECT DISTINCT ON (kind, name) kind, code, name, role FROM group_memberships
       WHERE ended_at IS NULL AND lawmaker_id = ANY (${recordsOfId('$1')})
       ORDER BY kind, name, role`,
      [lawmakerId],
    );
  }

  /** All contact points of all records of the person, those no longer listed and those struck out included. */
  contactPoints(lawmakerId: string): Promise<ContactPointView[]> {
    return this.database.query(
      `SELECT id, channel, value, label, source, listed, struck_at AS "struckAt", bounced_at AS "bouncedAt",
         bounced_status AS "bouncedStatus"
       FROM contact_points
       WHERE lawmaker_id = ANY (${recordsOfId('$1')})
       ORDER BY (listed OR source = 'staff') DESC, array_position(ARRAY['email', 'form', 'post', 'phone'], channel),
         source = 'staff' DESC, position`,
      [lawmakerId],
    );
  }
}

function cursorOf(sortName: string, id: string): string {
  return Buffer.from(JSON.stringify([sortName, id])).toString('base64url');
}

function readCursor(cursor: string | undefined): [string | null, string | null] {
  if (!cursor) return [null, null];
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(read) && typeof read[0] === 'string' && /^[0-9a-f-]{36}$/.test(String(read[1]))) {
      return [read[0], String(read[1])];
    }
  } catch {
    // falls through to the refusal
  }
  throw problems.invalid([{ field: 'after', code: 'cursor', message: 'This cursor was not made here.' }]);
}
