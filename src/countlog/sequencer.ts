import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';

const most = 5000;
const pause = 1000;

/**
 * Takes what is queued into the tallies: one runner at a time, whatever the number of processes, by an advisory lock
 * that ends with the transaction. An entry leaves the queue and enters the sum in one statement, so a crash at any
 * moment neither loses nor doubles it. No signing request touches the rows written here.
 */
@Injectable()
export class Sequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Sequencer');
  private timer?: NodeJS.Timeout;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private readonly listeners: (() => void)[] = [];

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.runners) this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Called after every round that counted something. */
  onCounted(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Rounds until the queue is empty. @returns how many entries were counted */
  async drain(): Promise<number> {
    let counted = 0;
    for (;;) {
      const taken = await this.round();
      counted += taken;
      if (taken > 0) this.listeners.forEach((tell) => tell());
      if (taken < most || this.stopped) return counted;
    }
  }

  private round(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const [{ locked }] = await tx.query(
        `SELECT pg_try_advisory_xact_lock(hashtext('countersign sequencer')) AS locked`,
      );
      if (!locked) return 0;
      await tx.query(`SET LOCAL synchronous_commit = on`);
      const [{ taken }] = await tx.query(
        `WITH due AS (
           SELECT petition_id, id FROM log_queue ORDER BY petition_id, id LIMIT ${most}
         ), taken AS (
           DELETE FROM log_queue USING due
           WHERE log_queue.petition_id = due.petition_id AND log_queue.id = due.id
           RETURNING log_queue.petition_id, kind, day, country, source
         ), added AS (
           INSERT INTO tallies (petition_id, day, country, source, signed, withdrawn)
           SELECT petition_id, day, country, source,
             count(*) FILTER (WHERE kind = 'sign'), count(*) FILTER (WHERE kind = 'withdraw')
           FROM taken GROUP BY petition_id, day, country, source
           ON CONFLICT (petition_id, day, country, source) DO UPDATE
             SET signed = tallies.signed + excluded.signed, withdrawn = tallies.withdrawn + excluded.withdrawn
         )
         SELECT count(*)::int AS taken FROM taken`,
      );
      return taken as number;
    });
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.running = this.drain()
        .catch((error: { code?: string; message: string }) =>
          this.log.error(`round failed: ${error.code ?? error.message}`),
        )
        .finally(() => this.stopped || this.schedule());
    }, pause);
  }
}
