import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { signerHash } from '../countlog/codes.js';
import { Logs } from '../countlog/logs.service.js';
import { parseBundle, tileWidth } from '../countlog/tiles.js';
import { problems } from '../site/problem.js';

/** Bundles read at a time, about 4 MB: others get their turn at the database in between. */
const bundlesAtATime = 256;
const mostWaiting = 10;

export interface Found {
  /** Whether the log or its queue has any entry of the code. */
  known: boolean;
  /** Signatures that wait, that stand, or that staff took out; none if all have been withdrawn. */
  signatureIds: string[];
}

/**
 * Finds the entries of a code in a log that keeps no index of them: an index would cost every signer more than the few who
 * withdraw this way. One search at a time, and few that wait, so that nobody can keep the server busy with codes that are none.
 */
@Injectable()
export class EntrySearch {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly database: DataSource,
    private readonly logs: Logs,
  ) {}

  /** @param codeHash 32 bytes @throws Problem too-many while others search */
  async find(petitionId: string, codeHash: Buffer): Promise<Found> {
    if (this.waiting >= mostWaiting) throw problems.tooMany(10);
    this.waiting += 1;
    const search = this.last.then(() => this.search(petitionId, codeHash)).finally(() => (this.waiting -= 1));
    this.last = search.catch(() => undefined);
    return search;
  }

  private async search(petitionId: string, codeHash: Buffer): Promise<Found> {
    const hers = signerHash(await this.logs.origin(petitionId), codeHash);
    // The queue first: what leaves it meanwhile is found in the log.
    const waiting: { id: string }[] = await this.database.query(
      `SELECT signature_id AS id FROM log_queue
       WHERE petition_id = $1 AND kind = 'sign' AND substring(entry FROM 2 FOR 32) = $2
       UNION SELECT signature_id FROM invalidated WHERE petition_id = $1 AND substring(entry FROM 2 FOR 32) = $2`,
      [petitionId, hers],
    );
    const indexes = await this.indexes(petitionId, hers);
    const standing: { id: string }[] = await this.database.query(
      `SELECT signature_id AS id FROM log_positions WHERE petition_id = $1 AND index = ANY ($2::bigint[])
       UNION SELECT signature_id FROM invalidated WHERE petition_id = $1 AND index = ANY ($2::bigint[])`,
      [petitionId, indexes],
    );
    const signatureIds = [...new Set([...waiting, ...standing].map(({ id }) => id))];
    return { known: indexes.length > 0 || waiting.length > 0, signatureIds };
  }

  private async indexes(petitionId: string, hers: Buffer): Promise<number[]> {
    const [log] = await this.database.query(`SELECT size FROM logs WHERE petition_id = $1`, [petitionId]);
    const found: number[] = [];
    for (let from = 0; from * tileWidth < Number(log.size); from += bundlesAtATime) {
      const bundles: { index: number; width: number; entries: Uint8Array }[] = await this.database.query(
        `SELECT index::int, width, entries FROM log_bundles
         WHERE petition_id = $1 AND index >= $2 AND index < $3 AND position($4::bytea IN entries) > 0`,
        [petitionId, from, from + bundlesAtATime, hers],
      );
      for (const { index, width, entries } of bundles) {
        for (const [at, entry] of parseBundle(entries, width).entries()) {
          if (entry[0] === 1 && entry.subarray(1, 33).equals(hers)) found.push(index * tileWidth + at);
        }
      }
    }
    return found;
  }
}
