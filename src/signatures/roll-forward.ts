import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v4 as randomId } from 'uuid';
import { decodeEntry, type Entry } from '../countlog/entries.js';
import { FullCheck } from '../countlog/full-check.js';
import { LogError } from '../countlog/log-error.js';
import { LogRound } from '../countlog/log-round.js';
import { Logs } from '../countlog/logs.service.js';
import { type LogRow, Publisher } from '../countlog/publisher.js';
import { parseBundle, tilePath, tileWidth, widthOf } from '../countlog/tiles.js';
import { Petitions } from '../petitions/petitions.service.js';
import { AuditService } from '../staff/audit.service.js';

/** What was brought back into a database that was older than what had been published. */
export interface RolledForward {
  entries: number;
  /** Signatures of which the database knows nothing but the entry: who they are was lost with what came after the backup. */
  withoutRecord: number;
}

/** @property fault what a full check found afterwards: the entries are taken over, and nothing more is logged while it stands */
export type RolledForwardAndChecked = RolledForward & { fault: string | null };

interface Place {
  day: string | null;
  country: string;
  source: string;
}

/** Where nobody knows any more. */
const unknown: Place = { day: null, country: 'ZZ', source: 'restored' };

interface Added {
  index: number;
  bytes: Buffer;
  entry: Entry;
}

/**
 * Brings the log of a restored backup up to what was published before: the entries come from the public files, and the
 * tree they make must be the published one. What waited in the queue and is in the log already is not logged again. Then the
 * whole log is recomputed: a backup may be wrong in more than its age.
 */
@Injectable()
export class RollForward {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly rounds: LogRound,
    private readonly publisher: Publisher,
    private readonly logs: Logs,
    private readonly fullCheck: FullCheck,
    private readonly audit: AuditService,
  ) {}

  /** @throws LogError if the files are not a continuation of this database; then nothing has changed */
  async run(slug: string): Promise<RolledForwardAndChecked> {
    const { id } = await this.petitions.find(slug);
    const result = await this.takeOver(id, slug);
    const fault = await this.fullCheck.check(id).then(
      () => null,
      (error: unknown) => {
        if (error instanceof LogError) return error.message;
        throw error;
      },
    );
    return { ...result, fault };
  }

  private takeOver(petitionId: string, slug: string): Promise<RolledForward> {
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign sequencer'))`);
      const log = await this.rounds.open(tx, petitionId);
      const released = await this.publisher.released(log.origin);
      if (!released || released.size <= log.size)
        throw new LogError('The database is not older than what was published.');
      const added = await this.published(log, released.size);
      const ends = added.at(-1)!.entry.kind === 'close';
      const { root } = await this.rounds.grow(
        tx,
        log,
        added.map(({ bytes }) => bytes),
        ends,
      );
      if (!root.equals(released.root)) throw new LogError('The published entries do not make the published root.');
      const withoutRecord = await this.sign(tx, petitionId, added);
      const said = added.filter(({ entry }) => 'facts' in entry);
      await this.withdraw(tx, petitionId, added);
      await tx.query(
        // Notes may say the same: each takes one from the queue.
        `WITH said AS (
           SELECT *, row_number() OVER (PARTITION BY entry ORDER BY index) AS nth
           FROM unnest($2::bytea[], $4::bigint[], $5::boolean[]) AS s (entry, index, is_note)
         ), waiting AS (
           SELECT id, entry, row_number() OVER (PARTITION BY entry ORDER BY id) AS nth
           FROM log_queue WHERE petition_id = $1 AND kind IN ('genesis', 'note')
         ), found AS (
           SELECT id, index, is_note FROM said LEFT JOIN waiting USING (entry, nth)
         ), taken AS (
           DELETE FROM log_queue WHERE petition_id = $1 AND (id IN (SELECT id FROM found) OR kind = 'close' AND $3)
         )
         -- A note whose row was lost with the old database gets a new id: nobody asks for it by that.
         INSERT INTO log_notes (petition_id, id, index)
         SELECT $1, coalesce(id, gen_random_uuid()), index FROM found WHERE is_note`,
        [
          ...[petitionId, said.map(({ bytes }) => bytes), ends, said.map(({ index }) => index)],
          said.map(({ entry }) => entry.kind === 'note'),
        ],
      );
      const result = { entries: added.length, withoutRecord };
      if (!ends) await this.say(tx, petitionId, result);
      await this.audit.record(tx, {
        actor: 'system',
        action: 'log.rolled-forward',
        subject: slug,
        detail: { ...result },
      });
      return result;
    });
  }

  private async published({ origin, size: from }: LogRow, size: number): Promise<Added[]> {
    const added: Added[] = [];
    for (let index = Math.floor(from / tileWidth); index * tileWidth < size; index++) {
      const path = tilePath({ level: 'entries', index, width: widthOf(0, index, size) });
      const file = await this.publisher.file(origin, path);
      if (!file) throw new LogError(`The published file ${path} is missing.`);
      for (const [at, bytes] of parseBundle(file, widthOf(0, index, size)).entries()) {
        const place = index * tileWidth + at;
        if (place >= from) added.push({ index: place, bytes, entry: decodeEntry(bytes) });
      }
    }
    return added;
  }

  /** Counts the signatures, and finds those whose row is still in the queue. @returns how many have none */
  private async sign(tx: EntityManager, petitionId: string, added: Added[]): Promise<number> {
    const signs = added.filter(({ entry }) => entry.kind === 'sign');
    const known: (Place & { id: string; entry: Uint8Array })[] = await tx.query(
      `WITH taken AS (
         DELETE FROM log_queue WHERE petition_id = $1 AND kind = 'sign' AND entry = ANY ($2::bytea[]) RETURNING *
       ), decided AS (DELETE FROM flags USING taken WHERE flags.petition_id = $1 AND flags.signature_id = taken.signature_id)
       SELECT signature_id AS id, entry, day::text, country, source FROM taken`,
      [petitionId, signs.map(({ bytes }) => bytes)],
    );
    const byEntry = new Map(known.map((row) => [Buffer.from(row.entry).toString('latin1'), row]));
    const rows = signs.map(({ index, bytes }) => {
      const row = byEntry.get(bytes.toString('latin1'));
      // The place is kept under an id of nobody, so that the code of the signer still works.
      return { index, id: row?.id ?? randomId(), place: row ?? unknown };
    });
    await tx.query(
      `INSERT INTO log_positions (petition_id, signature_id, index) SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])
       ON CONFLICT (petition_id, signature_id) DO UPDATE SET index = excluded.index`,
      [petitionId, rows.map(({ id }) => id), rows.map(({ index }) => index)],
    );
    await this.count(
      tx,
      petitionId,
      'signed',
      rows.map(({ place }) => place),
    );
    return rows.length - known.length;
  }

  /** Whoever withdrew after the backup is gone again, and her withdrawal does not wait a second time. */
  private async withdraw(tx: EntityManager, petitionId: string, added: Added[]): Promise<void> {
    const gone = added.flatMap(({ entry }) => (entry.kind === 'withdraw' ? [entry] : []));
    const positions: { id: string; index: string }[] = await tx
      .query(
        `DELETE FROM log_positions WHERE petition_id = $1 AND index = ANY ($2::bigint[]) RETURNING signature_id AS id, index`,
        [petitionId, gone.map(({ index }) => index)],
      )
      .then(([rows]: [{ id: string; index: string }[], number]) => rows);
    const own = new Set(gone.filter(({ reason }) => reason < 3).map(({ index }) => index));
    const rows: Place[] = await tx.query(
      `WITH gone AS (SELECT * FROM unnest($2::uuid[], $3::boolean[]) AS g (id, own)),
       waiting AS (
         DELETE FROM log_queue q USING gone
         WHERE q.petition_id = $1 AND q.kind = 'withdraw' AND q.signature_id = gone.id
         RETURNING q.signature_id AS id, q.country, q.source
       ), forgotten AS (
         DELETE FROM signatures s USING gone WHERE s.petition_id = $1 AND s.id = gone.id AND gone.own
       )
       SELECT coalesce(s.country, w.country, 'ZZ') AS country, coalesce(s.source, w.source, 'restored') AS source, NULL AS day
       FROM gone LEFT JOIN (SELECT DISTINCT ON (id) * FROM waiting) w USING (id)
       LEFT JOIN signatures s ON s.petition_id = $1 AND s.id = gone.id`,
      [petitionId, positions.map(({ id }) => id), positions.map(({ index }) => own.has(Number(index)))],
    );
    await this.count(tx, petitionId, 'withdrawn', rows);
  }

  private async count(
    tx: EntityManager,
    petitionId: string,
    what: 'signed' | 'withdrawn',
    places: Place[],
  ): Promise<void> {
    await tx.query(
      `INSERT INTO tallies (petition_id, day, country, source, ${what})
       SELECT $1, coalesce(day, (now() AT TIME ZONE 'UTC')::date), country, source, count(*)
       FROM unnest($2::date[], $3::text[], $4::text[]) AS t (day, country, source) GROUP BY 2, 3, 4
       ON CONFLICT (petition_id, day, country, source) DO UPDATE SET ${what} = tallies.${what} + excluded.${what}`,
      [
        petitionId,
        places.map(({ day }) => day),
        places.map(({ country }) => country),
        places.map(({ source }) => source),
      ],
    );
  }

  /** In public: from here on some signatures stand for mailboxes that the server does not know any more. */
  private async say(tx: EntityManager, petitionId: string, { entries, withoutRecord }: RolledForward): Promise<void> {
    const facts = { type: 'incident' as const, what: 'restored-from-backup', entries, without_record: withoutRecord };
    await this.logs.note(tx, petitionId, facts);
  }
}
