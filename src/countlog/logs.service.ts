import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Vault } from '../vault/vault.service.js';
import { emptyTree } from './append.js';
import { auditHash, codeHash, newCode, signerHash } from './codes.js';
import { decodeEntry, encodeEntry, type Genesis, type Note } from './entries.js';
import { LogError } from './log-error.js';
import type { Publication } from './log.entity.js';
import { encodeVkey, type Signer, signerOf } from './note.js';
import { promiseKeyName } from './promise.js';
import { parseBundle, tileWidth } from './tiles.js';

export interface LogState {
  publication: Publication;
  size: number;
  /** When its last entry was logged. */
  endedAt: Date | null;
}

/** The logs there are, their names and their keys. */
@Injectable()
export class Logs {
  private readonly origins = new Map<string, string>();
  private readonly signers = new Map<string, Signer>();

  constructor(
    private readonly database: DataSource,
    private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Makes room for the log of a new petition. It stays empty, and nobody sees it, until the petition is opened. */
  async prepare(tx: EntityManager, petitionId: string, slug: string, publication: Publication): Promise<void> {
    await tx.query(`INSERT INTO logs (petition_id, origin, publication, root) VALUES ($1, $2, $3, $4)`, [
      ...[petitionId, this.originOf(slug), publication, emptyTree.root],
    ]);
  }

  /**
   * Begins the log, in the transaction that opens the petition and holds its row. A petition that is opened again goes on
   * with its own.
   */
  async open(tx: EntityManager, petitionId: string, slug: string, genesis: Genesis): Promise<void> {
    await tx.query(
      `WITH opened AS (
         -- The host may have got its name since the petition was written.
         UPDATE logs SET origin = $2 WHERE petition_id = $1 AND size = 0
           AND NOT EXISTS (SELECT 1 FROM log_queue WHERE petition_id = $1 AND kind = 'genesis') RETURNING petition_id
       )
       INSERT INTO log_queue (petition_id, id, kind, entry) SELECT petition_id, $3, 'genesis', $4 FROM opened`,
      [petitionId, this.originOf(slug), uuidv7(), encodeEntry({ kind: 'genesis', facts: genesis })],
    );
  }

  /** Queues a note of today for everybody to read. @returns the id by which `noteIndexes` finds its entry */
  async note(tx: EntityManager, petitionId: string, facts: Note): Promise<string> {
    const id = uuidv7();
    const [{ day }] = await tx.query(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS day`);
    await tx.query(`INSERT INTO log_queue (petition_id, id, kind, entry) VALUES ($1, $2, 'note', $3)`, [
      ...[petitionId, id, encodeEntry({ kind: 'note', facts: { ...facts, day } })],
    ]);
    return id;
  }

  /** The notes of a log in its order, and after them those that wait: the index of these is null. */
  async notes(petitionId: string): Promise<{ index: number | null; facts: Note }[]> {
    // One statement: a note leaves the queue for the log, and is never in neither.
    const rows: { index: string | null; width: number; entries: Uint8Array; places: number[] }[] =
      await this.database.query(
        `SELECT index, width, entries, places, NULL::uuid AS id FROM log_bundles JOIN (
           SELECT index / ${tileWidth} AS index, array_agg((index % ${tileWidth})::int ORDER BY index) AS places
           FROM log_notes WHERE petition_id = $1 GROUP BY 1
         ) AS notes USING (index) WHERE petition_id = $1
         UNION ALL SELECT NULL, 0, entry, '{0}', id FROM log_queue WHERE petition_id = $1 AND kind = 'note'
         ORDER BY index, id`,
        [petitionId],
      );
    return rows.flatMap(({ index, width, entries, places }) => {
      const bundle = index === null ? [Buffer.from(entries)] : parseBundle(entries, width);
      return places.flatMap((at) => {
        const entry = decodeEntry(bundle[at]!);
        if (entry.kind !== 'note') return [];
        return [{ index: index === null ? null : Number(index) * tileWidth + at, facts: entry.facts }];
      });
    });
  }

  /** Where the notes of a log stand, by the ids that `note` gave; without those that wait. */
  async noteIndexes(petitionId: string): Promise<Map<string, number>> {
    const rows: { id: string; index: string }[] = await this.database.query(
      `SELECT id, index FROM log_notes WHERE petition_id = $1`,
      [petitionId],
    );
    return new Map(rows.map(({ id, index }) => [id, Number(index)]));
  }

  /**
   * Queues the end of a log, in the transaction that has made sure that nothing new is accepted: everything that waits
   * for its time is due now, and the sequencer takes the end when it is alone.
   *
   * From here until the transaction ends nobody else writes to the queue, of any petition. PostgreSQL locks the tables of
   * a statement before it takes the snapshot that the statement sees: whoever wrote on the strength of an earlier state
   * has committed when this lock is given, and whoever comes later sees the later state. So an answered confirmation is
   * logged before the end, and none is answered after it.
   * @returns how many entries wait for a person to decide; unless that is 0, nothing was done
   */
  async end(tx: EntityManager, petitionId: string): Promise<number> {
    await tx.query(`LOCK TABLE log_queue IN SHARE ROW EXCLUSIVE MODE`);
    const undecided = await this.undecided(petitionId, tx);
    if (undecided > 0) return undecided;
    await tx.query(`UPDATE log_queue SET due_at = now() WHERE petition_id = $1 AND due_at > now()`, [petitionId]);
    await tx.query(`INSERT INTO log_queue (petition_id, id, kind) VALUES ($1, $2, 'close')`, [petitionId, uuidv7()]);
    return 0;
  }

  /** How many entries wait for a person to decide. */
  async undecided(petitionId: string, manager: EntityManager = this.database.manager): Promise<number> {
    const [row] = await manager.query(
      `SELECT count(*)::int AS undecided FROM log_queue WHERE petition_id = $1 AND due_at = 'infinity'`,
      [petitionId],
    );
    return row.undecided as number;
  }

  /** How the logs of these petitions are published, how many entries they have, and when they ended. */
  async states(manager: EntityManager, petitionIds: string[]): Promise<Map<string, LogState>> {
    const rows: (LogState & { petitionId: string; size: string })[] = await manager.query(
      `SELECT petition_id AS "petitionId", publication, size, ended_at AS "endedAt" FROM logs
       WHERE petition_id = ANY ($1::uuid[])`,
      [petitionIds],
    );
    return new Map(rows.map(({ petitionId, ...log }) => [petitionId, { ...log, size: Number(log.size) }]));
  }

  /** Whoever calls this releases the log afterwards (`Publisher.publish`), so that log.json says the same. */
  async setPublication(tx: EntityManager, petitionId: string, publication: Publication): Promise<void> {
    await tx.query(`UPDATE logs SET publication = $2 WHERE petition_id = $1`, [petitionId, publication]);
  }

  /** `<host>/log/<slug>`. @throws LogError for a petition that does not exist */
  async origin(petitionId: string): Promise<string> {
    let origin = this.origins.get(petitionId);
    if (!origin) {
      const [row] = await this.database.query(`SELECT origin FROM logs WHERE petition_id = $1`, [petitionId]);
      if (!row) throw new LogError('This petition has no log.');
      origin = row.origin as string;
      this.origins.set(petitionId, origin);
    }
    return origin;
  }

  /**
   * The entry of somebody who signs.
   * @param person salt: 32 bytes, kept with her signature alone; email: the normal form of her address; codeHash: of the
   *   code that she made herself, 32 bytes, or null
   * @returns the bytes of the entry, and her code if it was made here: to be shown once, and kept nowhere
   */
  async signEntry(
    petitionId: string,
    person: { salt: Buffer; email: string; codeHash: Buffer | null },
  ): Promise<{ entry: Buffer; code: string | null }> {
    const origin = await this.origin(petitionId);
    const code = person.codeHash ? null : newCode();
    const entry = encodeEntry({
      kind: 'sign',
      signerHash: signerHash(origin, person.codeHash ?? codeHash(code!)),
      auditHash: auditHash(origin, person.salt, person.email),
    });
    return { entry, code };
  }

  /** When all of a log was last recomputed, and what was wrong; and the key of its checkpoints (C2SP signed-note). */
  async lastCheck(petitionId: string): Promise<{ checkedAt: Date | null; fault: string | null; vkey: string }> {
    const [{ origin, checkedAt, fault }] = await this.database.query(
      `SELECT origin, checked_at AS "checkedAt", fault FROM logs WHERE petition_id = $1`,
      [petitionId],
    );
    return { checkedAt, fault, vkey: encodeVkey(this.signer(origin).verifier) };
  }

  /** Logs that nothing is added to at the moment, and why. */
  async inTrouble(): Promise<{ origin: string; why: string }[]> {
    return this.database.query(
      `SELECT origin, coalesce(refused, fault) AS why FROM logs WHERE coalesce(refused, fault) IS NOT NULL ORDER BY origin`,
    );
  }

  /** Signs the checkpoints of the log. */
  signer(origin: string): Signer {
    let signer = this.signers.get(origin);
    if (!signer) {
      signer = signerOf(origin, this.vault.signingSeed(origin));
      this.signers.set(origin, signer);
    }
    return signer;
  }

  /** What `log.json` says: public, and but for the publication the same for ever. */
  settingsOf({ origin, publication }: { origin: string; publication: string }): object {
    return {
      origin,
      vkey: encodeVkey(this.signer(origin).verifier),
      promiseVkey: encodeVkey(this.signer(promiseKeyName(origin)).verifier),
      publication,
    };
  }

  private originOf(slug: string): string {
    return `${new URL(this.settings.PUBLIC_URL).host}/log/${slug}`;
  }
}
