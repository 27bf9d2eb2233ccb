import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { storedName } from '../site/actor-name.js';
import { problems } from '../site/problem.js';
import { LongWorks, type Work } from '../progress/long-works.service.js';
import { awaitsLook } from '../progress/work-words.js';
import type { Tell } from '../progress/work-report.js';
import { AuditService } from '../staff/audit.service.js';
import type { Actor, Right } from '../staff/access.js';
import type { Change, FieldChange } from './import-changes.js';
import { whyNotApplied } from './import-notes.js';
import { writeChanges } from './import-store.js';
import type { ColumnMap } from './importers/column-map.js';
import type { ImportedLegislature, Note } from './importers/import-record.js';
import type { ImportFormat } from './importers/import-sources.js';

export type ImportActor = Actor | 'system';

export interface ImportView {
  id: string;
  legislature: ImportedLegislature;
  format: ImportFormat;
  state: 'uploaded' | 'previewed' | 'applied' | 'discarded';
  partial: boolean;
  /** A newer import of the same legislature was applied since: this preview can only be discarded. */
  outdated: boolean;
  sourceName: string;
  sourceSha256: string;
  columns: ColumnMap | null;
  counts: ImportCounts;
  madeBy: string;
  madeAt: string;
  decidedBy: string | null;
  decidedAt: string | null;
  /** The import this one takes back. */
  undoes: string | null;
  /** Applied, and none of this legislature since. */
  undoable: boolean;
}

export interface ImportCounts {
  new: number;
  changed: number;
  gone: number;
  same: number;
  rejected: number;
  repaired: number;
  noticed: number;
}

export interface ImportRow {
  position: number;
  change: Change['change'];
  lawmakerId: string;
  name: string;
  chamber: string | null;
  party: string | null;
  area: string | null;
  fields: FieldChange[];
  contacts: { channel: string; value: string }[];
}

/** So many take longer than a person waits for a page. */
const manyChanges = 2000;

const view = `i.id, jsonb_build_object('slug', i.legislature_slug, 'name', i.legislature_name, 'country', i.country) AS legislature,
  i.format, i.state, i.partial, coalesce(g.version, 0) <> i.base_version AND i.state IN ('uploaded', 'previewed') AS outdated,
  i.source_name AS "sourceName", encode(i.source_sha256, 'hex') AS "sourceSha256", i.columns, i.counts, i.made_by AS "madeBy",
  i.made_at AS "madeAt", i.decided_by AS "decidedBy", i.decided_at AS "decidedAt",
  i.undoes, i.state = 'applied' AND NOT EXISTS (SELECT FROM imports later WHERE later.legislature_slug = i.legislature_slug
    AND later.state = 'applied' AND later.base_version > i.base_version) AS undoable
  FROM imports i LEFT JOIN legislatures g ON g.slug = i.legislature_slug`;

/** Imports, and what a person decides about them. `ImportPreviewsService` makes them. */
@Injectable()
export class ImportsService {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
    private readonly works: LongWorks,
  ) {}

  async find(id: string): Promise<ImportView> {
    const [found] = await this.database.query<ImportView[]>(`SELECT ${view} WHERE i.id = $1`, [id]);
    if (!found) throw problems.notFound();
    return found;
  }

  /** A page, newest first, before the one with this id. */
  list(before?: string, most = 50): Promise<ImportView[]> {
    return this.database.query(`SELECT ${view} WHERE ($1::uuid IS NULL OR i.id < $1) ORDER BY i.id DESC LIMIT $2`, [
      before ?? null,
      most,
    ]);
  }

  /** Readings of files and applications that failed in the background and nobody has looked at. */
  failures(rights: readonly Right[]): Promise<Work[]> {
    return this.works.failed(awaitsLook, rights);
  }

  /**
   * How many imports nobody has decided about: failed ones, of which some was refused or which are of an older state of
   * the legislature, and the others.
   */
  async undecided(): Promise<{ failed: number; waiting: number }> {
    const [row] = await this.database.query<{ failed: number; waiting: number }[]>(
      `SELECT count(*) FILTER (WHERE failed)::int AS failed, count(*) FILTER (WHERE NOT failed)::int AS waiting
       FROM (
         SELECT i.report @> '[{"severity": "rejected"}]' OR coalesce(g.version, 0) <> i.base_version AS failed
         FROM imports i LEFT JOIN legislatures g ON g.slug = i.legislature_slug
         WHERE i.state IN ('uploaded', 'previewed')
       ) AS undecided`,
    );
    return row!;
  }

  /** A page of what changes, in the order new, changed, gone as stored. */
  rows(id: string, change: Change['change'] | null, after = -1, limit = 50): Promise<ImportRow[]> {
    return this.database.query(
      `SELECT position, change, lawmaker_id AS "lawmakerId", person->>'name' AS name, person->>'chamber' AS chamber,
         person->>'party' AS party, person->>'area' AS area, fields, coalesce(person->'contacts', '[]') AS contacts
       FROM import_rows WHERE import_id = $1 AND position > $2 AND ($3::text IS NULL OR change = $3)
       ORDER BY position LIMIT $4`,
      [id, after, change, limit],
    );
  }

  async report(id: string): Promise<Note[]> {
    const [found] = await this.database.query<{ report: Note[] }[]>(`SELECT report FROM imports WHERE id = $1`, [id]);
    if (!found) throw problems.notFound();
    return found.report;
  }

  /**
   * Applies a preview, once. The legislature's row is locked and its version compared, so that of two applications at once
   * one is refused, and no diff is applied to other data than it was made from.
   */
  async apply(id: string, actor: ImportActor, tell?: Tell): Promise<ImportView> {
    await this.database.transaction(async (tx) => {
      const found = await this.decide(tx, id, 'applied', ['previewed'], actor);
      await tx.query(
        `INSERT INTO legislatures (id, slug, name, country) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING`,
        [uuidv7(), found.legislature_slug, found.legislature_name, found.country],
      );
      const [[legislature]] = await tx.query<[{ id: string }[], number]>(
        `UPDATE legislatures SET version = version + 1 WHERE slug = $1 AND version = $2 RETURNING id`,
        [found.legislature_slug, found.base_version],
      );
      if (!legislature) throw problems.refusal('import-outdated');
      await writeChanges(tx, id, legislature.id, tell);
      await this.audit.record(tx, {
        actor,
        action: 'lawmakers.import-applied',
        subject: id,
        detail: {
          legislature: found.legislature_slug,
          ...found.counts,
          ...(found.undoes && { undoes: found.undoes }),
        },
      });
    });
    // A parliament more, and the planner knows nothing of it: without this, the next look at it took seconds, not tenths.
    // The import is applied by now: that this fails is no reason to say that it was not.
    await this.database
      .query('ANALYZE lawmakers, memberships, contact_points, group_memberships, lawmaker_identifiers')
      .catch(() => undefined);
    return this.find(id);
  }

  /**
   * For people at a form, who should not wait for a page that long: many changes are applied in the background.
   * @returns the id of the work, or null: it is applied
   */
  async beginToApply(id: string, actor: ImportActor): Promise<string | null> {
    const { counts, state, sourceName } = await this.find(id);
    if (state !== 'previewed' || counts.new + counts.changed + counts.gone < manyChanges) {
      await this.apply(id, actor);
      return null;
    }
    return this.works.run(
      { kind: 'import-application', subject: id, needs: 'lawmakers:write', detail: { file: sourceName }, actor },
      async (tell) => {
        await this.apply(id, actor, tell);
        return {};
      },
      whyNotApplied,
    );
  }

  async discard(id: string, actor: ImportActor): Promise<ImportView> {
    await this.database.transaction(async (tx) => {
      await this.decide(tx, id, 'discarded', ['uploaded', 'previewed'], actor);
      await tx.query(`DELETE FROM import_rows WHERE import_id = $1`, [id]);
      await this.audit.record(tx, { actor, action: 'lawmakers.import-discarded', subject: id });
    });
    return this.find(id);
  }

  private async decide(tx: EntityManager, id: string, state: string, from: string[], actor: ImportActor) {
    interface Decided {
      legislature_slug: string;
      legislature_name: string;
      country: string;
      base_version: number;
      counts: ImportCounts;
      undoes: string | null;
    }
    const [[decided]] = await tx.query<[Decided[], number]>(
      `UPDATE imports SET state = $2, decided_by = $3, decided_at = now(), source = NULL WHERE id = $1 AND state = ANY ($4)
       RETURNING legislature_slug, legislature_name, country, base_version, counts, undoes`,
      [id, state, storedName(actor), from],
    );
    if (decided) return decided;
    const [found] = await tx.query<{ state: string }[]>(`SELECT state FROM imports WHERE id = $1`, [id]);
    if (!found) throw problems.notFound();
    throw problems.refusal('import-decided');
  }
}
