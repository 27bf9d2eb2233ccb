import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { storedName } from '../site/actor-name.js';
import { problems } from '../site/problem.js';
import type { Change, Diff, KnownLawmaker } from './import-changes.js';
import { changedFields } from './import-diff.js';
import { readKnown, storeChanges } from './import-store.js';
import { countsOf } from './import-summary.js';
import { identityKey } from './importers/people.js';
import { type ImportActor, ImportsService, type ImportView } from './imports.service.js';

interface StoredRow {
  change: Change['change'];
  lawmaker_id: string;
  before: KnownLawmaker | null;
}

/** Takes imports back. An undo is an import like any other: it is looked at, applied or discarded, and can itself be undone. */
@Injectable()
export class ImportUndo {
  constructor(
    private readonly database: DataSource,
    private readonly imports: ImportsService,
  ) {}

  /**
   * Makes the preview that leads back to before this import. Whoever it brought is marked as left, not deleted.
   * @throws Problem wrong-state unless it was applied; conflict where a later one was applied on top of it
   */
  async prepare(id: string, actor: ImportActor): Promise<ImportView> {
    const found = await this.imports.find(id);
    if (found.state !== 'applied') throw problems.refusal('import-decided');
    if (!found.undoable) throw problems.refusal('import-undo-order');
    const undo = uuidv7();
    await this.database.transaction(async (tx) => {
      const [legislature] = await tx.query<{ id: string }[]>(`SELECT id FROM legislatures WHERE slug = $1`, [
        found.legislature.slug,
      ]);
      const rows = await tx.query<StoredRow[]>(
        `SELECT change, lawmaker_id, before FROM import_rows WHERE import_id = $1 ORDER BY position`,
        [id],
      );
      const known = new Map((await readKnown(tx, legislature!.id)).map((one) => [one.id, one]));
      const diff: Diff = { changes: [], same: 0, notes: [] };
      for (const row of rows) {
        const change = backwards(row, known.get(row.lawmaker_id));
        if (change) diff.changes.push(change);
        else diff.same++;
      }
      await tx.query(
        `INSERT INTO imports (id, legislature_slug, legislature_name, country, format, state, partial, base_version,
           source_name, source_sha256, columns, counts, made_by, undoes)
         SELECT $1, i.legislature_slug, i.legislature_name, i.country, i.format, 'previewed', true, g.version,
           i.source_name, i.source_sha256, i.columns, $2, $3, i.id
         FROM imports i JOIN legislatures g ON g.slug = i.legislature_slug WHERE i.id = $4`,
        [undo, JSON.stringify(countsOf(diff, [])), storedName(actor), id],
      );
      await storeChanges(tx, undo, diff.changes);
    });
    return this.imports.find(undo);
  }
}

/** What leads one person back to what was known before; null where nothing is left to change. */
function backwards({ before }: StoredRow, known: KnownLawmaker | undefined): Change | null {
  if (!known) return null;
  if (!before || before.left) {
    if (known.left) return null;
    return { change: 'gone', id: known.id, before: known, name: known.name, endedOn: before?.leftOn ?? null };
  }
  const person = { ...before, place: { file: '', line: null }, endedOn: null };
  const fields = changedFields(known, person);
  const kept = new Set(before.identifiers.map(identityKey));
  const learnt = known.identifiers.map(identityKey).filter((key) => !kept.has(key));
  if (learnt.length) fields.push({ field: 'identifiers', before: learnt.join('\n'), after: null });
  return fields.length ? { change: 'changed', id: known.id, before: known, person, fields } : null;
}
