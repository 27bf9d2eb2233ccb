import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { storedName } from '../site/actor-name.js';
import { problems } from '../site/problem.js';
import type { Actor, Right } from '../staff/access.js';
import type { WorkKind } from './long-work.entity.js';
import { englishOf, failureOf, inEveryLanguage, type InWords } from './work-failure.js';
import { leaseSeconds, type Tell, WorkReport, WorkStopped } from './work-report.js';

export interface NewWork {
  kind: WorkKind;
  subject: string;
  /** The right of whoever may see it. */
  needs: Right;
  detail?: Record<string, unknown>;
  actor: Actor | 'system';
}

export interface Work {
  id: string;
  kind: WorkKind;
  subject: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  step: string | null;
  done: number;
  total: number | null;
  detail: Record<string, unknown>;
  result: Record<string, unknown> | null;
  failure: string | null;
  /** By language; null where the failure is a code. */
  failureWords: Record<string, string> | null;
  /** Who has looked at what failed; null while nobody has. */
  seenBy: string | null;
  madeBy: string;
  createdAt: Date;
  endedAt: Date | null;
}

type Result = Record<string, unknown>;
type Handler = (work: Work, tell: Tell) => Promise<Result>;

const everySeconds = 2;

/** Where a process was lost, a queued work waits for the next one, and any other has failed. */
const shown = `id, kind, subject, step, done::float8 AS done, total::float8 AS total, detail, result, made_by AS "madeBy",
  seen_by AS "seenBy", failure_words AS "failureWords",
  created_at AS "createdAt", ended_at AS "endedAt",
  CASE WHEN state <> 'running' OR lease_until > now() THEN state WHEN queued THEN 'waiting' ELSE 'failed' END AS state,
  CASE WHEN state = 'running' AND lease_until <= now() AND NOT queued THEN 'stopped' ELSE failure END AS failure`;

/**
 * Long work, and how far it is. Queued work is done by the process with the runners, one after the other; other work by
 * the process that was asked. All of it is seen from everywhere, for it is read from the database.
 */
@Injectable()
export class LongWorks implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('LongWorks');
  private readonly handlers = new Map<WorkKind, Handler>();
  private readonly going = new Set<Promise<unknown>>();
  private timer?: NodeJS.Timeout;
  private ticking: Promise<void> | null = null;
  private stopping = false;

  constructor(
    private readonly database: DataSource,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    this.timer = setInterval(() => void this.tick(), everySeconds * 1000).unref();
    void this.tick();
  }

  /** Queued work stops and is taken up by the next process; the rest, which would be lost, is waited for. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await Promise.allSettled([this.ticking, ...this.going]);
  }

  /** Says how queued work of this kind is done. It must be safe to do again: a crash begins it anew. */
  handle(kind: WorkKind, handler: Handler): void {
    this.handlers.set(kind, handler);
  }

  /** For the worker. While there is one of this kind and subject, a second wish is that one. @returns its id */
  async queue(work: NewWork): Promise<string> {
    const [row] = await this.database.query(
      `INSERT INTO long_works (id, kind, subject, needs, queued, detail, made_by, state)
       VALUES ($1, $2, $3, $4, true, $5, $6, 'waiting')
       ON CONFLICT (kind, subject) WHERE queued AND state IN ('waiting', 'running')
         DO UPDATE SET subject = excluded.subject RETURNING id`,
      values(work),
    );
    if (this.settings.runners) void this.tick();
    return row.id as string;
  }

  /** Begins work of this process. @returns where it reports */
  async begin(work: NewWork): Promise<{ id: string; report: WorkReport }> {
    const all = values(work);
    await this.database.query(
      `INSERT INTO long_works (id, kind, subject, needs, queued, detail, made_by, state, lease_until)
       VALUES ($1, $2, $3, $4, false, $5, $6, 'running', now() + interval '${leaseSeconds} seconds')`,
      all,
    );
    return { id: all[0]!, report: new WorkReport(this.database, all[0]!, 0) };
  }

  /** Does work in the background of this process. A refusal is kept with it, in every language. @returns its id */
  async run(work: NewWork, task: (tell: Tell) => Promise<Result>, inWords: InWords = failureOf): Promise<string> {
    const { id, report } = await this.begin(work);
    this.await(
      task(report.tell).then(
        (result) => report.end('done', { result }),
        (error: unknown) => report.end('failed', this.failure(error, inWords)),
      ),
    );
    return id;
  }

  /** Lets the process not end before this has. */
  await(work: Promise<unknown>): void {
    const going = work.catch(() => undefined).finally(() => this.going.delete(going));
    this.going.add(going);
  }

  /** @throws Problem not-found, also for what somebody with these rights may not see */
  async find(id: string, rights: readonly Right[]): Promise<Work> {
    const [work] = await this.database.query<Work[]>(
      `SELECT ${shown} FROM long_works WHERE id = $1 AND needs = ANY ($2)`,
      [id, rights],
    );
    if (!work) throw problems.notFound();
    return work;
  }

  /** Newest first, before the one with this id. */
  list(kind: WorkKind, rights: readonly Right[], { before, subject, most = 50 }: ListOptions = {}): Promise<Work[]> {
    return this.database.query(
      `SELECT ${shown} FROM long_works
       WHERE kind = $1 AND needs = ANY ($2) AND ($3::uuid IS NULL OR id < $3) AND ($4::text IS NULL OR subject = $4)
       ORDER BY id DESC LIMIT $5`,
      [kind, rights, before ?? null, subject ?? null, most],
    );
  }

  /** What failed and nobody has looked at, newest first. */
  failed(kinds: readonly WorkKind[], rights: readonly Right[]): Promise<Work[]> {
    return this.database.query(
      `SELECT * FROM (SELECT ${shown} FROM long_works WHERE kind = ANY ($1) AND needs = ANY ($2) AND seen_by IS NULL) AS work
       WHERE state = 'failed' ORDER BY id DESC LIMIT 50`,
      [kinds, rights],
    );
  }

  /** Somebody has looked at what failed; the first stays the one. @throws Problem not-found, wrong-state unless it failed */
  async see(id: string, actor: Actor): Promise<void> {
    const { state } = await this.find(id, actor.rights);
    if (state !== 'failed') throw problems.refusal('done-already');
    await this.database.query(`UPDATE long_works SET seen_by = coalesce(seen_by, $2) WHERE id = $1`, [
      id,
      storedName(actor),
    ]);
  }

  /** Does what waits, until nothing does. */
  tick(): Promise<void> {
    this.ticking ??= this.work()
      .catch((error: { code?: string; name: string }) => this.log.error(`failed: ${error.code ?? error.name}`))
      .finally(() => (this.ticking = null));
    return this.ticking;
  }

  private async work(): Promise<void> {
    for (let claimed = await this.claim(); claimed; claimed = await this.claim()) {
      const { attempt, ...work } = claimed;
      const report = new WorkReport(this.database, work.id, attempt);
      const tell: Tell = (...how) => {
        if (this.stopping) throw new WorkStopped();
        report.tell(...how);
      };
      try {
        await report.end('done', { result: await this.handlers.get(work.kind)!(work, tell) });
      } catch (error) {
        if (error instanceof WorkStopped) await report.giveBack();
        else await report.end('failed', this.failure(error, failureOf));
      }
    }
  }

  private async claim(): Promise<(Work & { attempt: number }) | undefined> {
    if (this.stopping) return undefined;
    const [[claimed]] = await this.database.query<[(Work & { attempt: number })[], number]>(
      `UPDATE long_works SET state = 'running', attempt = attempt + 1, step = NULL, done = 0,
         lease_until = now() + interval '${leaseSeconds} seconds'
       WHERE id = (
         SELECT id FROM long_works
         WHERE queued AND kind = ANY ($1) AND (state = 'waiting' OR (state = 'running' AND lease_until <= now()))
         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING ${shown}, attempt`,
      [[...this.handlers.keys()]],
    );
    // A good moment: rows of checks and imports are of no use for long. Exports are kept, as a record of who took what.
    if (claimed)
      await this.database.query(
        `DELETE FROM long_works WHERE kind <> 'export' AND ended_at < now() - interval '90 days'`,
      );
    return claimed;
  }

  /** What nobody foresaw goes to the server's log, without its message, which may quote values. */
  private failure(error: unknown, inWords: InWords) {
    const words = inEveryLanguage(error, inWords);
    if (words) return { failure: englishOf(error, words), words };
    this.log.error(`a work failed: ${(error as Error).name}`);
    return { failure: 'internal' };
  }
}

interface ListOptions {
  before?: string | undefined;
  subject?: string;
  most?: number;
}

const values = ({ kind, subject, needs, detail = {}, actor }: NewWork): string[] => [
  ...[uuidv7(), kind, subject, needs, JSON.stringify(detail)],
  storedName(actor),
];
