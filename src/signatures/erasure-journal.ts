import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { appendFile, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Belongings } from './belongings.js';
import { isTopic, type Topic, without, wordingsOf } from './topics.js';

/**
 * What somebody wanted: `erased`, to be forgotten and stay counted; `withdrawn`, to be gone from the count too; or a topic, to
 * take back that one thing.
 */
export type Wish = Topic;

interface Line {
  petition: string;
  signature: string;
  wish: Wish;
  /** Hex of the hash of the code she withdrew with, as the log will say it. */
  code?: string;
}

/** Backups older than this must not be put back: the journal does not reach there. */
export const keptMonths = 14;
const page = 1000;

/**
 * Which signatures were erased or withdrawn, and what signers agree to no more, by their random ids, in files outside the
 * database: a backup that is put back would bring all that back. Each start goes through it again before the first request is answered.
 */
@Injectable()
export class ErasureJournal implements OnModuleInit {
  private readonly log = new Logger('ErasureJournal');
  private readonly folder: string;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    private readonly database: DataSource,
    private readonly belongings: Belongings,
  ) {
    this.folder = join(settings.DATA_DIR, 'erasures');
  }

  async onModuleInit(): Promise<void> {
    const again = await this.replay();
    if (again > 0)
      this.log.warn(
        `${again} wishes of signers (erased, withdrawn, no more news) were lost with a backup, and are done again`,
      );
  }

  /** On the disk when it returns. Call it before the commit: a wish too many does no harm, one too few does. */
  async add(petition: string, signature: string, wish: Wish, codeHash?: Buffer): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, `${new Date().toISOString().slice(0, 7)}.jsonl`);
    const file = await open(path, 'a', 0o600);
    try {
      // The break before it: a line that a crash cut short must not swallow this one.
      await appendFile(
        file,
        `\n${JSON.stringify({ petition, signature, wish, ...(codeHash && { code: codeHash.toString('hex') }) } satisfies Line)}\n`,
      );
      await file.sync();
    } finally {
      await file.close();
    }
    // A new file is on the disk when its folder is.
    const folder = await open(this.folder);
    await folder.sync().finally(() => folder.close());
  }

  /** Does again what the database does not know any more. @returns how many signatures that touched */
  async replay(): Promise<number> {
    let touched = 0;
    for (const name of await this.files()) {
      const written = (await readFile(join(this.folder, name), 'utf8')).split('\n').filter(Boolean);
      const lines = written.flatMap(readLine);
      if (lines.length < written.length) {
        this.log.warn(
          `${written.length - lines.length} lines of erasures/${name} cannot be read: cut by a crash, or the file was changed`,
        );
      }
      for (let at = 0; at < lines.length; at += page) touched += await this.apply(lines.slice(at, at + page));
    }
    return touched;
  }

  /** Files of months that no backup reaches back to. @returns their number, also when nothing is deleted */
  async prune({ dryRun }: { dryRun: boolean }): Promise<number> {
    const horizon = new Date();
    horizon.setUTCMonth(horizon.getUTCMonth() - keptMonths);
    const old = (await this.files()).filter((name) => name < horizon.toISOString().slice(0, 7));
    if (!dryRun) for (const name of old) await rm(join(this.folder, name), { force: true });
    return old.length;
  }

  private async files(): Promise<string[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      // Nobody has gone yet. A folder that cannot be read is another matter: better not to open than to bring them back.
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => /^\d{4}-\d\d\.jsonl$/.test(name)).toSorted();
  }

  private apply(lines: Line[]): Promise<number> {
    return this.database.transaction((tx) => this.applyIn(tx, lines));
  }

  private async applyIn(tx: EntityManager, lines: Line[]): Promise<number> {
    const of = (wish: Wish) => lines.filter((line) => line.wish === wish);
    const columns = (some: Line[]) => [some.map(({ petition }) => petition), some.map(({ signature }) => signature)];
    const [{ erased }] = await tx.query(
      `WITH blanked AS (
         UPDATE signatures s SET ${forgotten} FROM unnest($1::uuid[], $2::uuid[]) AS j (petition_id, id)
         WHERE s.petition_id = j.petition_id AND s.id = j.id AND s.box IS NOT NULL
         RETURNING s.petition_id, s.id
       ), decided AS (
         -- The backup is from before somebody let her be counted. Nobody could judge her any more.
         DELETE FROM flags f USING blanked WHERE f.petition_id = blanked.petition_id AND f.signature_id = blanked.id
       ), due AS (
         UPDATE log_queue q SET due_at = now() FROM blanked
         WHERE q.petition_id = blanked.petition_id AND q.signature_id = blanked.id AND q.kind = 'sign'
           AND q.due_at = 'infinity'
       )
       SELECT coalesce(jsonb_agg(jsonb_build_object('petition', petition_id, 'signature', id)), '[]') AS erased FROM blanked`,
      columns(of('erased')),
    );
    const [{ withdrawn }] = await tx.query(
      `WITH gone AS (
         DELETE FROM signatures s USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS j (petition_id, id, code)
         WHERE s.petition_id = j.petition_id AND s.id = j.id
         RETURNING s.petition_id, s.id, s.identity, s.country, s.source, decode(j.code, 'hex') AS code_hash
       ), remembered AS (
         INSERT INTO withdrawals (petition_id, identity) SELECT petition_id, identity FROM gone
         ON CONFLICT (petition_id, identity) DO UPDATE SET withdrawn_at = now()
       ), unflagged AS (
         DELETE FROM flags f USING gone WHERE f.petition_id = gone.petition_id AND f.signature_id = gone.id
       ), never_logged AS (
         -- Waits for a person who would find nobody: it would stay for ever, and no log ends while something waits.
         DELETE FROM log_queue q USING gone
         WHERE q.petition_id = gone.petition_id AND q.signature_id = gone.id AND q.kind = 'sign' AND q.due_at = 'infinity'
         RETURNING q.signature_id
       ), queued AS (
         INSERT INTO log_queue (petition_id, id, kind, reason, code_hash, signature_id, day, country, source)
         SELECT petition_id, gen_random_uuid(), 'withdraw', CASE WHEN code_hash IS NULL THEN 2 ELSE 1 END, code_hash, gone.id, (now() AT TIME ZONE 'UTC')::date, country, source
         FROM gone JOIN logs USING (petition_id)
         WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM never_logged WHERE signature_id = gone.id)
       )
       SELECT coalesce(jsonb_agg(jsonb_build_object('petition', petition_id, 'signature', id)), '[]') AS withdrawn FROM gone`,
      [...columns(of('withdrawn')), of('withdrawn').map(({ code }) => code ?? null)],
    );
    let unwanted = 0;
    for (const topic of new Set(lines.map(({ wish }) => wish).filter((wish) => isTopic(wish)))) {
      const [, n] = await tx.query<[unknown[], number]>(
        `UPDATE signatures s SET consents = ${without('$3')} FROM unnest($1::uuid[], $2::uuid[]) AS j (petition_id, id)
         WHERE s.petition_id = j.petition_id AND s.id = j.id AND s.consents && ${wordingsOf('$3')}`,
        [...columns(of(topic)), topic],
      );
      unwanted += n;
    }
    const again = [...(erased as Line[]), ...(withdrawn as Line[])];
    for (const petition of new Set(again.map((line) => line.petition))) {
      const theirs = again.filter((line) => line.petition === petition).map(({ signature }) => signature);
      await this.belongings.forget(tx, petition, theirs);
    }
    return again.length + unwanted;
  }
}

/** SQL: what is left of a signature whose person was forgotten: the digest that keeps one mailbox from counting twice. */
export const forgotten = `box = NULL, domain = NULL, locale = '', text_version = 0, consents = '{}', confirmed_hour = to_timestamp(0)`;

/** A line that was cut by a crash was never promised to anybody. */
function readLine(line: string): Line[] {
  try {
    const { petition, signature, wish, code } = JSON.parse(line) as Line;
    const uuid = /^[0-9a-f-]{36}$/;
    return uuid.test(petition) && uuid.test(signature) && (wish === 'erased' || wish === 'withdrawn' || isTopic(wish))
      ? [{ petition, signature, wish, ...(/^[0-9a-f]{64}$/.test(code ?? '') && ({ code } as { code: string })) }]
      : [];
  } catch {
    return [];
  }
}
