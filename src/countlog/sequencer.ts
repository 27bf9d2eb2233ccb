import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LogError } from './log-error.js';
import { LogRound, mostInRound } from './log-round.js';
import { Switches } from '../switches/switches.service.js';
import { Publisher } from './publisher.js';

const pause = 1000;
/** What counts as signing now, and the longest rest for it. */
const moment = 1000;

/**
 * Takes what is queued into the logs and the tallies: one runner at a time, whatever the number of processes, by an
 * advisory lock that ends with the transaction, then publishes. A crash at any moment neither loses nor doubles an entry,
 * and no checkpoint is ever contradicted. No signing request touches the rows written here.
 */
@Injectable()
export class Sequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Sequencer');
  private timer?: NodeJS.Timeout;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private readonly listeners: (() => void)[] = [];
  /** Petitions whose log in the database may be ahead of its files. */
  private readonly unreleased = new Set<string>();
  /** Why a log is refused, by petition. */
  private readonly refused = new Map<string, string>();
  private complained = '';

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly logRound: LogRound,
    private readonly publisher: Publisher,
    private readonly switches: Switches,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    this.running = this.remember()
      .catch(this.complain)
      .finally(() => this.schedule());
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

  /** Rounds until nothing is due. @returns how many signatures, withdrawals and other entries were logged */
  async drain(): Promise<number> {
    let logged = 0;
    const due = new Set(await this.due());
    await each([...new Set([...this.unreleased, ...due])], async (petitionId) => {
      if (this.unreleased.has(petitionId)) await this.release(petitionId);
      if (due.has(petitionId)) logged += await this.rounds(petitionId);
    });
    return logged;
  }

  /** Logs that have something to take in; protected ones only when so much has come that nobody stands out. */
  private async due(): Promise<string[]> {
    const off = await this.switches.offFor('counting');
    if (off === 'all') return [];
    const rows: { petition_id: string }[] = await this.database.query(
      `SELECT petition_id FROM logs
       WHERE ended_at IS NULL AND fault IS NULL
         AND EXISTS (SELECT 1 FROM log_queue q WHERE q.petition_id = logs.petition_id AND due_at <= now())
         AND (publication = 'ordinary' OR size = 0 OR grown_at < now() - interval '24 hours'
           OR EXISTS (SELECT 1 FROM log_queue q WHERE q.petition_id = logs.petition_id AND kind = 'close')
           OR grown_at < now() - interval '10 minutes' AND (
             SELECT count(*) FROM (
               SELECT 1 FROM log_queue q WHERE q.petition_id = logs.petition_id AND due_at <= now() LIMIT 16) AS waiting
           ) = 16)`,
    );
    return rows.map((row) => row.petition_id).filter((petitionId) => !off.includes(petitionId));
  }

  private async rounds(petitionId: string): Promise<number> {
    let logged = 0;
    let more = true;
    let took = 0;
    let releasing = Promise.resolve();
    while (more && !this.stopped) {
      // While the files of one round are written, the next is under way.
      const round = this.rest(petitionId, took).then(async () => {
        const started = performance.now();
        const taken = await this.refusing(petitionId, () => this.take(petitionId));
        took = performance.now() - started;
        return taken;
      });
      const [next, released] = await Promise.allSettled([round, releasing]);
      if (released.status === 'rejected') throw released.reason;
      if (next.status === 'rejected') throw next.reason;
      if (next.value === null) break;
      logged += next.value;
      more = next.value >= mostInRound;
      releasing = this.release(petitionId).then(() => {
        if (next.value) this.listeners.forEach((tell) => tell());
      });
    }
    await releasing;
    return logged;
  }

  /**
   * While people sign this petition its long queue rests after each round as long as the round took, so that half of the
   * machine is theirs. Nobody can hold up the count by signing: half of what it can take in is many times what can come.
   */
  private async rest(petitionId: string, took: number): Promise<void> {
    if (took > 0 && (await this.isBeingSigned(petitionId))) await sleep(Math.min(took, moment));
  }

  /** Each who signs asks for a mail, in whichever process, and its id (RFC 9562, version 7) tells when. */
  private async isBeingSigned(petitionId: string): Promise<boolean> {
    const since = uuidv7({ msecs: Date.now() - moment, random: new Uint8Array(16), seq: 0 });
    const [{ signed }] = await this.database.query(
      `SELECT EXISTS (SELECT FROM outbox WHERE campaign_id = $1 AND id > $2) AS signed`,
      [petitionId, since],
    );
    return signed;
  }

  /** @returns null while another process is at it */
  private take(petitionId: string): Promise<number | null> {
    return this.database.transaction(async (tx) => {
      const [{ locked }] = await tx.query(
        `SELECT pg_try_advisory_xact_lock(hashtext('countersign sequencer')) AS locked`,
      );
      if (!locked) return null;
      await tx.query(`SET LOCAL synchronous_commit = on`);
      return this.logRound.take(tx, petitionId);
    });
  }

  /** A log that is refused says why in its row, so that staff sees it, and in the server's log once. */
  private async refusing<T>(petitionId: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (result !== null && this.refused.delete(petitionId)) await this.tell(petitionId, null);
      return result;
    } catch (error) {
      if (error instanceof LogError && this.refused.get(petitionId) !== error.message) {
        this.refused.set(petitionId, error.message);
        await this.tell(petitionId, error.message);
      }
      throw error;
    }
  }

  private tell(petitionId: string, refused: string | null): Promise<unknown> {
    return this.database.query(`UPDATE logs SET refused = $2 WHERE petition_id = $1`, [petitionId, refused]);
  }

  /** What was committed is released, now or, when that fails, at the next turn. */
  private async release(petitionId: string): Promise<void> {
    this.unreleased.add(petitionId);
    await this.refusing(petitionId, () => this.publisher.publish(petitionId));
    this.unreleased.delete(petitionId);
  }

  /** Before a crash something may have been committed and not released. */
  private async remember(): Promise<void> {
    const rows: { petition_id: string; refused: string | null }[] = await this.database.query(
      `SELECT petition_id, refused FROM logs`,
    );
    for (const { petition_id: petitionId, refused } of rows) {
      this.unreleased.add(petitionId);
      if (refused) this.refused.set(petitionId, refused);
    }
  }

  private readonly complain = (error: { code?: string; message: string }) => {
    const complaint = error.code ?? error.message;
    // Each second the same would bury everything else.
    if (complaint !== this.complained) this.log.error(`round failed: ${complaint}`);
    this.complained = complaint;
  };

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.drain()
        .then(() => (this.complained = ''))
        .catch(this.complain)
        .finally(() => this.stopped || this.schedule());
    }, pause);
  }
}

/** A log that is refused does not keep the others waiting. @throws what went wrong first, when all had their turn */
async function each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (const item of items) await work(item).catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
