import { Injectable } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LongWorks } from '../progress/long-works.service.js';
import type { Tell } from '../progress/work-report.js';
import { storedName } from '../site/actor-name.js';
import { problems } from '../site/problem.js';
import { diffImport } from './import-diff.js';
import { refuseUnreadable, whyUnread } from './import-notes.js';
import { readKnown, storeChanges } from './import-store.js';
import { countsOf, digest, onlyFile, otherLegislature } from './import-summary.js';
import { type ColumnMap, guessColumns, parseColumnMap } from './importers/column-map.js';
import { csvHeaders, csvSample } from './importers/csv-rows.js';
import { detectFormat, type ImportFormat, importSources } from './importers/import-sources.js';
import { readText, type SourceFile } from './importers/source-file.js';
import { type ImportActor, ImportsService, type ImportView } from './imports.service.js';
import type { ImportRequest } from './lawmakers.schema.js';
import { LegislaturesService } from './legislatures.service.js';

/** Bytes; reading and comparing more takes longer than a person waits for a page. */
const largeFile = 512 * 1024;

/** Reads files and shows what they would change. Nothing about a lawmaker is written here. */
@Injectable()
export class ImportPreviewsService {
  constructor(
    private readonly database: DataSource,
    private readonly imports: ImportsService,
    private readonly legislatures: LegislaturesService,
    private readonly works: LongWorks,
  ) {}

  /**
   * Reads the files and stores what they would change. @throws Problem `invalid` naming file and line where they cannot be
   * read; nothing is stored then.
   */
  async preview(sources: SourceFile[], request: ImportRequest, actor: ImportActor): Promise<ImportView> {
    const format = request.format === 'auto' ? refuseUnreadable(() => detectFormat(sources)) : request.format;
    const columns = await this.columnsFor(sources, format, request);
    return this.store(uuidv7(), sources, format, request, columns, actor);
  }

  /**
   * For people at a form: a CSV file waits for its columns to be mapped, everything else is previewed at once, or in the
   * background where it is large.
   */
  async begin(
    sources: SourceFile[],
    request: ImportRequest,
    actor: ImportActor,
  ): Promise<{ id: string; waits: boolean; workId: string | null }> {
    const format = request.format === 'auto' ? refuseUnreadable(() => detectFormat(sources)) : request.format;
    if (format === 'csv') return { id: await this.upload(sources, request, actor), waits: true, workId: null };
    const id = uuidv7();
    const preview = (tell?: Tell) => this.store(id, sources, format, request, undefined, actor, tell);
    return { id, waits: false, workId: await this.soon(id, sources, actor, preview) };
  }

  private async upload(sources: SourceFile[], request: ImportRequest, actor: ImportActor): Promise<string> {
    const source = refuseUnreadable(() => onlyFile(sources));
    const legislature = await this.legislatures.forImport(request);
    const id = uuidv7();
    await this.database.query(
      `INSERT INTO imports (id, legislature_slug, legislature_name, country, format, state, partial, base_version, source_name,
         source_sha256, source, columns, made_by)
       SELECT $1, $2, $3, $4, 'csv', 'uploaded', $5, coalesce((SELECT version FROM legislatures WHERE slug = $2), 0), $6, $7, $8, $9, $10`,
      [
        id,
        legislature.slug,
        legislature.name,
        legislature.country,
        request.partial,
        source.name,
        digest([source]),
        source.bytes,
        JSON.stringify(await this.columnsFor([source], 'csv', request)),
        storedName(actor),
      ],
    );
    return id;
  }

  /** The header line and first rows of an uploaded CSV file, and the map as far as it is known. */
  async columns(
    id: string,
  ): Promise<{ import: ImportView; headers: string[]; sample: string[][]; columns: ColumnMap }> {
    const found = await this.imports.find(id);
    const source = await this.uploadedSource(id);
    const text = readText(source);
    const headers = csvHeaders(text, source.name);
    return { import: found, headers, sample: csvSample(text, source.name, 4).slice(1), columns: found.columns ?? {} };
  }

  /** Makes the preview of an uploaded CSV file, or makes it anew with other columns. */
  async mapColumns(id: string, columns: ColumnMap, actor: ImportActor): Promise<{ workId: string | null }> {
    const found = await this.imports.find(id);
    const source = await this.uploadedSource(id);
    const { legislature, partial } = found;
    const request = { format: 'csv' as const, ...legislature, legislature: legislature.slug, map: undefined, partial };
    const preview = (tell?: Tell) => this.store(id, [source], 'csv', request, columns, actor, tell);
    return { workId: await this.soon(id, [source], actor, preview) };
  }

  /** At once, or in the background where it is large. @returns the id of the work, or null: it is done */
  private async soon(
    id: string,
    sources: SourceFile[],
    actor: ImportActor,
    preview: (tell?: Tell) => Promise<ImportView>,
  ): Promise<string | null> {
    if (sources.reduce((sum, { bytes }) => sum + bytes.length, 0) < largeFile) {
      await preview();
      return null;
    }
    const detail = { file: nameOf(sources) };
    const work = { kind: 'import-preview', subject: id, needs: 'lawmakers:write', detail, actor } as const;
    const task = async (tell: Tell) => {
      // Who waits sees the page first: reading keeps this process busy.
      await setImmediate();
      await preview(tell);
      return {};
    };
    return this.works.run(work, task, whyUnread);
  }

  /** Parses outside of any transaction; stores import and changes in one. */
  private async store(
    id: string,
    sources: SourceFile[],
    format: ImportFormat,
    request: ImportRequest,
    columns: ColumnMap | undefined,
    actor: ImportActor,
    tell: Tell = () => undefined,
  ): Promise<ImportView> {
    const today = await this.today();
    const file = refuseUnreadable(() => importSources(sources, format, today, columns));
    tell('read', file.people.length);
    const legislature = await this.legislatures.forImport(request, file.legislature);
    await this.database.transaction(async (tx) => {
      const [present] = await tx.query<{ id: string; version: number }[]>(
        `SELECT id, version FROM legislatures WHERE slug = $1`,
        [legislature.slug],
      );
      const known = present ? await readKnown(tx, present.id) : [];
      const diff = diffImport(known, file, { partial: request.partial });
      tell('diffed', file.people.length);
      const notes = [...file.notes, ...otherLegislature(file.legislature, legislature), ...diff.notes];
      const [stored] = await tx.query<{ id: string }[]>(
        `INSERT INTO imports (id, legislature_slug, legislature_name, country, format, state, partial, base_version,
           source_name, source_sha256, columns, counts, report, made_by)
         VALUES ($1, $2, $3, $4, $5, 'previewed', $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (id) DO UPDATE SET state = 'previewed', base_version = excluded.base_version, columns = excluded.columns,
           counts = excluded.counts, report = excluded.report WHERE imports.state IN ('uploaded', 'previewed')
         RETURNING id`,
        [
          id,
          legislature.slug,
          legislature.name,
          legislature.country,
          format,
          request.partial,
          present?.version ?? 0,
          nameOf(sources),
          digest(sources),
          columns ? JSON.stringify(columns) : null,
          JSON.stringify(countsOf(diff, notes)),
          JSON.stringify(notes),
          storedName(actor),
        ],
      );
      if (!stored) throw problems.refusal('import-decided');
      await tx.query(`DELETE FROM import_rows WHERE import_id = $1`, [id]);
      await storeChanges(tx, id, diff.changes, tell);
    });
    return this.imports.find(id);
  }

  /** The map asked for; else the one last applied for this legislature, if the file still has its columns; else the guess. */
  private async columnsFor(sources: SourceFile[], format: ImportFormat, request: ImportRequest) {
    if (format !== 'csv') return undefined;
    if (request.map) return parseColumnMap(request.map) as ColumnMap;
    const headers = refuseUnreadable(() => csvHeaders(readText(sources[0]!), sources[0]!.name));
    const [last] = await this.database.query<{ columns: ColumnMap }[]>(
      `SELECT columns FROM imports WHERE legislature_slug = $1 AND format = 'csv' AND state = 'applied' AND columns IS NOT NULL
       ORDER BY id DESC LIMIT 1`,
      [request.legislature ?? ''],
    );
    const usable = last && Object.values(last.columns).every((header) => headers.includes(header));
    return usable ? last.columns : guessColumns(headers);
  }

  private async uploadedSource(id: string): Promise<SourceFile> {
    const [found] = await this.database.query<{ source_name: string; source: Buffer | null }[]>(
      `SELECT source_name, source FROM imports WHERE id = $1`,
      [id],
    );
    if (!found) throw problems.notFound();
    if (!found.source) throw problems.refusal('import-file-gone');
    return { name: found.source_name, bytes: found.source };
  }

  private async today(): Promise<string> {
    const [row] = await this.database.query<{ today: string }[]>(
      `SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`,
    );
    return row!.today;
  }
}

const nameOf = (sources: SourceFile[]): string => (sources.length === 1 ? sources[0]!.name : `${sources.length} files`);
