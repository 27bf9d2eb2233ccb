import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type AudienceMember, type Candidate, chooseMembers } from './audience.js';
import type { Audience } from './lawmakers.schema.js';
import { hasObjected, isUsable, recordsOf } from './person-records.js';

export interface AudienceChoices {
  chambers: string[];
  parties: string[];
  areas: string[];
  committees: string[];
  groups: string[];
  roles: string[];
  locales: string[];
}

const groupsOf = (kind: 'committee' | 'group') =>
  `ARRAY(SELECT unnest(ARRAY[x.name, x.code]) FROM group_memberships x
     WHERE x.kind = '${kind}' AND x.ended_at IS NULL AND x.lawmaker_id = ANY (${recordsOf('l')}))`;
const choiceOf = (kind: 'committee' | 'group') =>
  `ARRAY(SELECT DISTINCT x.name FROM group_memberships x JOIN lawmakers l ON l.id = x.lawmaker_id
     JOIN legislatures g ON g.id = l.legislature_id
     WHERE x.kind = '${kind}' AND x.ended_at IS NULL AND g.slug = ANY ($1) ORDER BY 1)`;

@Injectable()
export class AudienceService {
  constructor(private readonly database: DataSource) {}

  /**
   * Everybody in the legislatures asked for, and whoever is included by hand, with a contact point or the reason for none.
   * One row per person, by the seat that put her there: whoever sits in two parliaments is written to as a member of the
   * one that was asked for, and a record that has left one does not hide that she sits in the other.
   */
  async preview(audience: Audience, tx: EntityManager = this.database.manager): Promise<AudienceMember[]> {
    const candidates = await tx.query<Candidate[]>(
      `SELECT l.id AS "lawmakerId", l.name, l.honorific, l.family_name AS "familyName", seat.role, l.gender, l.locale,
         seat.party, seat.chamber, seat.area, seat.region, seat.legislature, seat.country, seat.left,
         seat.sitting, ${hasObjected('l')} AS objected,
         ${groupsOf('committee')} AS committees, ${groupsOf('group')} AS groups,
         ARRAY(SELECT record.id FROM lawmakers record WHERE record.merged_into = l.id) AS records,
         coalesce((
           SELECT jsonb_agg(jsonb_build_object('id', c.id, 'channel', c.channel, 'value', c.value, 'normalForm', c.normal_form,
               'objected', c.channel = 'email' AND c.normal_form = ANY (ARRAY(
                 SELECT p.normal_form FROM objections o JOIN contact_points p ON p.lawmaker_id = o.lawmaker_id
                 WHERE o.lifted_at IS NULL AND p.channel = 'email')))
             ORDER BY c.source = 'staff' DESC, c.lawmaker_id <> seat.id, c.lawmaker_id <> l.id, c.position)
           FROM contact_points c JOIN lawmakers record ON record.id = c.lawmaker_id AND record.left_at IS NULL
           WHERE c.lawmaker_id = ANY (${recordsOf('l')}) AND ${isUsable('l')}
         ), '[]') AS "contactPoints"
       FROM (
         SELECT DISTINCT coalesce(asked.merged_into, asked.id) AS id
         FROM lawmakers asked JOIN legislatures g ON g.id = asked.legislature_id
         WHERE g.slug = ANY ($1) OR asked.id = ANY ($2)
       ) person
       JOIN lawmakers l ON l.id = person.id
       CROSS JOIN LATERAL (
         SELECT record.id, g.slug AS legislature, g.country, m.role, m.party, m.chamber, m.area, m.region,
           coalesce(m.sitting, true) AS sitting, record.left_at IS NOT NULL AS left
         FROM lawmakers record
         JOIN legislatures g ON g.id = record.legislature_id
         LEFT JOIN memberships m ON m.lawmaker_id = record.id AND m.ended_at IS NULL
         WHERE record.id = l.id OR (record.merged_into = l.id AND record.legislature_id <> l.legislature_id)
         ORDER BY (g.slug = ANY ($1) OR record.id = ANY ($2)) DESC, record.left_at IS NULL DESC,
           coalesce(m.sitting, true) DESC, record.id = l.id DESC, record.id
         LIMIT 1
       ) seat
       ORDER BY seat.legislature, l.sort_name, l.id`,
      [audience.legislatures, audience.include],
    );
    return chooseMembers(candidates, audience);
  }

  /**
   * Those of these lawmakers who object, asked at the last moment: an objection counts until the letter is in the outbox.
   * Whoever objects now waits for these rows, or these rows for the objection: none falls between.
   */
  async objecting(tx: EntityManager, ids: string[]): Promise<Set<string>> {
    await tx.query(`SELECT FROM lawmakers WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE`, [ids]);
    const rows = await tx.query<{ id: string }[]>(
      `SELECT l.id FROM lawmakers l WHERE l.id = ANY ($1) AND ${hasObjected('l')}`,
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** What present members of these legislatures have, to choose from. */
  async choices(legislatures: string[]): Promise<AudienceChoices> {
    const [found] = await this.database.query<AudienceChoices[]>(
      `SELECT coalesce(array_agg(DISTINCT m.chamber) FILTER (WHERE m.chamber IS NOT NULL), '{}') AS chambers,
         coalesce(array_agg(DISTINCT m.party) FILTER (WHERE m.party IS NOT NULL), '{}') AS parties,
         coalesce(array_agg(DISTINCT coalesce(m.region, m.area)) FILTER (WHERE coalesce(m.region, m.area) IS NOT NULL), '{}') AS areas,
         ${choiceOf('committee')} AS committees, ${choiceOf('group')} AS groups,
         coalesce(array_agg(DISTINCT m.role) FILTER (WHERE m.role IS NOT NULL), '{}') AS roles,
         coalesce(array_agg(DISTINCT l.locale) FILTER (WHERE l.locale IS NOT NULL), '{}') AS locales
       FROM lawmakers l
       JOIN legislatures g ON g.id = l.legislature_id
       JOIN memberships m ON m.lawmaker_id = l.id AND m.ended_at IS NULL
       WHERE l.left_at IS NULL AND g.slug = ANY ($1)`,
      [legislatures],
    );
    return found!;
  }
}
