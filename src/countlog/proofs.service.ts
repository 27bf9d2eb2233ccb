import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { problems } from '../site/problem.js';
import { Switches } from '../switches/switches.service.js';
import type { Publication } from './log.entity.js';
import { Logs } from './logs.service.js';
import { inclusionNodes, inclusionProof, leafHash } from './merkle.js';
import { promiseKeyName, signPromise } from './promise.js';
import { encodeProof } from './proof.js';
import { Publisher } from './publisher.js';
import { hashAtFrom, parseBundle, placesOf, tilePath, tileWidth } from './tiles.js';

/** What a signer can keep: the proof that her entry is in the log or, while it is not, the promise that it will be. */
export type Receipt = { index: number; proof: Buffer } | { promise: Buffer };

/**
 * Within how many hours of being due an entry is in a published log. Protected logs grow once in 24 hours at least; the
 * hour more is for the round itself.
 */
const promisedHours = { ordinary: 24, protected: 24 + 1 } as const satisfies Record<Publication, number>;

/** Proofs and promises about single entries. Nothing is proved under a checkpoint that the public cannot see. */
@Injectable()
export class Proofs {
  constructor(
    private readonly database: DataSource,
    private readonly logs: Logs,
    private readonly publisher: Publisher,
    private readonly switches: Switches,
  ) {}

  /**
   * That an entry is in the log: the bytes of a `.tlog-proof`, with the bytes of the entry in its line `extra`.
   * @param size of the checkpoint to prove it under, a published one; else the newest
   * @throws Problem not-found for an entry or a checkpoint that is not published
   */
  async inclusion(petitionId: string, index: number, size?: number): Promise<Buffer> {
    const checkpoint = await this.checkpoint(petitionId, size);
    if (index >= checkpoint.size) {
      throw problems.notFound(`This checkpoint has ${checkpoint.size} entries, the first of them being entry 0.`);
    }
    return encodeProof({
      extra: await this.entry(petitionId, index),
      index,
      hashes: await this.path(petitionId, index, checkpoint.size),
      checkpoint: checkpoint.note,
    });
  }

  /**
   * For the holder of the signature and nobody else: it tells where she stands.
   * @returns null for one that is not counted
   * @throws Problem wrong-state, paused while nobody can say when the entry will be logged: a promise is never made lightly
   */
  async receipt(petitionId: string, signatureId: string): Promise<Receipt | null> {
    const [row] = await this.database.query(
      `SELECT origin, publication, coalesce(refused, fault) AS stopped, p.index, q.entry, q.due_at = 'infinity' AS held,
         extract(epoch FROM greatest(now(), nullif(q.due_at, 'infinity')))::bigint AS due
       FROM logs
       LEFT JOIN log_queue q ON q.petition_id = logs.petition_id AND q.signature_id = $2 AND q.kind = 'sign'
       LEFT JOIN log_positions p ON p.petition_id = logs.petition_id AND p.signature_id = $2
       WHERE logs.petition_id = $1`,
      [petitionId, signatureId],
    );
    if (!row || (row.entry === null && row.index === null)) return null;
    const { origin, publication } = row as { origin: string; publication: Publication };
    const index = row.index === null ? null : Number(row.index);
    const published = await this.publisher.published(origin);
    if (index !== null && published && index < published.size) {
      return { index, proof: await this.inclusion(petitionId, index) };
    }
    if (row.held) throw problems.refusal('signature-in-review');
    if (row.stopped !== null || (await this.switches.isOff('counting', petitionId))) {
      throw problems.refusal('counting-paused');
    }
    if (index === null) await this.bind(petitionId, signatureId);
    const entry = index === null ? Buffer.from(row.entry) : await this.entry(petitionId, index);
    const by = Number(row.due) + promisedHours[publication] * 3600;
    const promise = { origin, leafHash: leafHash(entry), by };
    return { promise: signPromise(promise, this.logs.signer(promiseKeyName(origin))) };
  }

  /** From here on nobody keeps the entry from the log. @throws Problem conflict if it has left the queue in this moment */
  private async bind(petitionId: string, signatureId: string): Promise<void> {
    const [, bound] = await this.database.query<[unknown[], number]>(
      `UPDATE log_queue SET promised = true
       WHERE petition_id = $1 AND signature_id = $2 AND kind = 'sign' AND due_at < 'infinity'`,
      [petitionId, signatureId],
    );
    if (bound === 0) throw problems.refusal('busy-now');
  }

  private async checkpoint(petitionId: string, size?: number): Promise<{ size: number; note: Buffer }> {
    const newest = await this.publisher.published(await this.logs.origin(petitionId));
    if (!newest) throw problems.notFound('This log has not published anything yet.');
    if (size === undefined || size === newest.size) return newest;
    const [row] = await this.database.query(`SELECT note FROM log_checkpoints WHERE petition_id = $1 AND size = $2`, [
      petitionId,
      size,
    ]);
    if (!row || size > newest.size) throw problems.notFound('This log has published no checkpoint of this size.');
    return { size, note: Buffer.from(row.note) };
  }

  private async entry(petitionId: string, index: number): Promise<Buffer> {
    const [row] = await this.database.query(
      `SELECT width, entries FROM log_bundles WHERE petition_id = $1 AND index = $2`,
      [petitionId, Math.floor(index / tileWidth)],
    );
    return parseBundle(row.entries, row.width)[index % tileWidth]!;
  }

  private async path(petitionId: string, index: number, size: number): Promise<Buffer[]> {
    const places = placesOf(inclusionNodes(index, size).flat(), size);
    const rows: { level: number; index: string; hashes: Uint8Array }[] = await this.database.query(
      `SELECT level, index, hashes FROM log_tiles
       JOIN unnest($2::smallint[], $3::bigint[]) AS wanted (level, index) USING (level, index)
       WHERE petition_id = $1`,
      [petitionId, places.map(({ level }) => level), places.map((place) => place.index)],
    );
    // Tiles are kept at their greatest width; a narrower one is its beginning.
    const tiles = new Map(
      places.map((place) => {
        const row = rows.find((each) => each.level === place.level && Number(each.index) === place.index);
        return [tilePath(place), Buffer.from(row?.hashes ?? []).subarray(0, place.width * 32)];
      }),
    );
    return inclusionProof(
      index,
      size,
      hashAtFrom(size, (place) => tiles.get(tilePath(place))!),
    );
  }
}
