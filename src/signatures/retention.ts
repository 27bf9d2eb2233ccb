import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ProofOfWork } from '../site/proof-of-work.service.js';
import { KeptAnswers } from '../staff/kept-answers.service.js';
import { AuditService } from '../staff/audit.service.js';
import { Vault } from '../vault/vault.service.js';
import { ErasureJournal } from './erasure-journal.js';
import { linkHours } from './sealed-links.js';

const hour = 3600_000;
const batch = 1000;
/** So long it is known that somebody took her name back: as long as an older link could sign again, and a little more. */
export const withdrawalHours = linkHours + 1;

/** How much of each kind went, or would go. */
export interface RetentionReport {
  /** Memories of withdrawals, which no link needs any more. */
  withdrawals: number;
  /** Digests of people who were erased, in petitions that nobody can sign any more. */
  erasedDigests: number;
  /** Months of the erasure journal that no backup reaches back to. */
  journalMonths: number;
}

/** The tables that lose rows, and which: by primary key, in batches, so that a stop in the middle does no harm. */
const due = {
  withdrawals: {
    table: 'withdrawals',
    key: 'identity',
    where: `withdrawn_at < now() - interval '${withdrawalHours} hours'`,
  },
  erasedDigests: {
    table: 'signatures',
    key: 'id',
    where: `box IS NULL AND petition_id IN (SELECT id FROM petitions WHERE state = 'archived')`,
  },
} as const;

/** Once an hour, whatever has served its time goes: old keys and everything they sealed, and rows that nothing needs. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Retention');
  private timer?: NodeJS.Timeout;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly vault: Vault,
    private readonly journal: ErasureJournal,
    private readonly proofs: ProofOfWork,
    private readonly answers: KeptAnswers,
    private readonly audit: AuditService,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => void this.run().catch((error: Error) => this.log.error(`failed: ${error.name}`));
    this.timer = setInterval(run, hour).unref();
    run();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** What went is written into the log and the audit log, in numbers. @param options.dryRun only counts */
  async run({ dryRun = false } = {}): Promise<RetentionReport> {
    if (!dryRun) {
      this.vault.forgetOldKeys();
      await this.proofs.forget();
      await this.answers.forget();
    }
    const rows = dryRun ? this.count : this.remove;
    const report = {
      withdrawals: await rows('withdrawals'),
      erasedDigests: await rows('erasedDigests'),
      journalMonths: await this.journal.prune({ dryRun }),
    };
    if (!dryRun && Object.values(report).some((n) => n > 0)) await this.writeDown(report);
    return report;
  }

  private async writeDown(report: RetentionReport): Promise<void> {
    const told = Object.entries(report).map(([what, n]) => `${what} ${n}`);
    this.log.log(`gone: ${told.join(', ')}`);
    await this.database.transaction((tx) =>
      this.audit.record(tx, {
        actor: 'system',
        action: 'retention.removed',
        subject: 'retention',
        detail: { ...report },
      }),
    );
  }

  private readonly count = async (what: keyof typeof due): Promise<number> => {
    const { table, where } = due[what];
    const [{ n }] = await this.database.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`);
    return n as number;
  };

  private readonly remove = async (what: keyof typeof due): Promise<number> => {
    const { table, key, where } = due[what];
    for (let removed = 0; ;) {
      const [, n] = await this.database.query<[unknown[], number]>(
        `DELETE FROM ${table} WHERE (petition_id, ${key}) IN (
           SELECT petition_id, ${key} FROM ${table} WHERE ${where} LIMIT ${batch}) AND ${where}`,
      );
      removed += n;
      if (n < batch) return removed;
    }
  };
}
