import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { PaperEntries } from '../paper/paper-entries.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ExportHistory } from './export-history.service.js';
import type { CountFormat, PaperQuery } from './exports.schema.js';
import { paperFile } from './paper-files.js';

/** Signatures on paper as a file of their own. */
@Injectable()
export class PaperExport {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly entries: PaperEntries,
    private readonly history: ExportHistory,
    private readonly audit: AuditService,
  ) {}

  /**
   * The audit entry is committed before the first row is read.
   * @throws Problem not-found for a petition that does not exist
   */
  async take({ petition }: PaperQuery, format: CountFormat, actor: Actor | 'system'): Promise<Readable> {
    if (petition) await this.petitions.findForStaff(petition);
    const subject = petition || 'all petitions';
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'export.paper', subject, detail: { format } }),
    );
    const rows = await this.entries.read(petition || undefined);
    const about = { kind: 'paper', format, petition: petition || null } as const;
    return this.history.follow(paperFile(rows, new Date().toISOString(), format), about, 'exports:counts', actor);
  }
}
