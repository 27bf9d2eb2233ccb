import { Inject, Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { method } from '../countlog/counts.service.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { CountSnapshots } from './count-snapshots.service.js';
import { type CountsFile, countsFile } from './count-files.js';
import { ExportHistory } from './export-history.service.js';
import type { CountCheckpoint, CountFormat, CountsQuery, PublicCounts } from './exports.schema.js';
import { suppressSmall } from './suppress.js';

/** Counts of one petition after the other: constant memory, no long transaction, whatever the size. */
@Injectable()
export class CountsExport {
  constructor(
    private readonly database: DataSource,
    private readonly snapshots: CountSnapshots,
    private readonly history: ExportHistory,
    private readonly audit: AuditService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * A file that somebody takes away: the audit entry is committed before the first row is read.
   * @throws Problem not-found for a petition that does not exist
   */
  async take({ by, petition }: CountsQuery, format: CountFormat, actor: Actor | 'system'): Promise<Readable> {
    const file = await this.open({ by, petition: petition || undefined });
    await this.database.transaction((tx) =>
      this.audit.record(tx, {
        actor,
        action: 'export.counts',
        subject: petition || 'all petitions',
        detail: { by, format },
      }),
    );
    const about = { kind: 'counts', format, petition: petition || null } as const;
    return this.history.follow(countsFile(file, format), about, 'exports:counts', actor);
  }

  private async open({ by, petition }: CountsQuery): Promise<CountsFile> {
    if (petition) await this.snapshots.require(petition);
    const [{ as_of: asOf }] = await this.database.query(`SELECT now() AS as_of`);
    const checkpoints: CountCheckpoint[] = [];
    const { snapshots } = this;
    async function* rows() {
      for await (const found of snapshots.read({ by, petition })) {
        yield* found.rows();
        const { checkpoint } = found;
        if (checkpoint) checkpoints.push({ petition: found.petition, size: checkpoint.size, root: checkpoint.root });
      }
    }
    return { method, asOf: (asOf as Date).toISOString(), rows: rows(), checkpoints };
  }

  /** The days of one petition as the public may see them: finished ones only; small ones hidden. @throws Problem not-found */
  async daysForAll(slug: string): Promise<PublicCounts> {
    const found = await this.snapshots.one({ by: 'day', petition: slug, finishedDays: true });
    const cells = [...found.rows()].map(({ day, count }) => ({ key: day!, count }));
    return { method, asOf: found.asOf.toISOString(), cells: suppressSmall(cells, this.settings.SMALL_CELLS) };
  }
}
