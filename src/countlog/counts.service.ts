import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AnswerCache } from '../site/answer-cache.js';
import { Sequencer } from './sequencer.js';

/** What every file says beside a number. */
export const method =
  'Confirmed e-mail addresses, one per petition, minus withdrawals. An address is confirmed by a button behind a link ' +
  'sent to it. Addresses are not checked against any register of persons.';

export interface Count {
  count: number;
  /** Confirmed and queued, but not in the count yet; without those that a person has to look at first. */
  pending: number;
  /** Entries of the public log that this count is the sum of; 0 before there is one. */
  size: number;
  asOf: string;
}

const freshFor = 1000;

/** Reads the tallies. The count of a petition comes from memory and is at most about a second old. */
@Injectable()
export class Counts {
  private readonly known = new Map<string, { count: Promise<Count>; until: number }>();

  constructor(
    private readonly database: DataSource,
    sequencer: Sequencer,
    answers: AnswerCache,
  ) {
    sequencer.onCounted(() => {
      this.known.clear();
      answers.expire();
    });
  }

  of(petitionId: string): Promise<Count> {
    const known = this.known.get(petitionId);
    if (known && known.until > Date.now()) return known.count;
    const count = this.read(petitionId);
    this.known.set(petitionId, { count, until: Date.now() + freshFor });
    count.catch(() => this.known.delete(petitionId));
    return count;
  }

  /** Of all petitions together. */
  async total(): Promise<number> {
    const [row] = await this.database.query(
      `SELECT coalesce(sum(signed - withdrawn), 0)::bigint AS count FROM tallies`,
    );
    return Number(row.count);
  }

  /** Signatures per day of one petition, oldest first. */
  async byDay(petitionId: string): Promise<{ day: string; signed: number; withdrawn: number }[]> {
    const rows: { day: string; signed: string; withdrawn: string }[] = await this.database.query(
      `SELECT day::text, sum(signed) AS signed, sum(withdrawn) AS withdrawn FROM tallies
       WHERE petition_id = $1 GROUP BY day ORDER BY day`,
      [petitionId],
    );
    return rows.map((row) => ({ day: row.day, signed: Number(row.signed), withdrawn: Number(row.withdrawn) }));
  }

  /** Signatures per country of one petition, most first. */
  async byCountry(petitionId: string): Promise<{ country: string; count: number }[]> {
    const rows: { country: string; count: string }[] = await this.database.query(
      `SELECT country, sum(signed - withdrawn) AS count FROM tallies
       WHERE petition_id = $1 GROUP BY country ORDER BY 2 DESC, 1`,
      [petitionId],
    );
    return rows.map((row) => ({ country: row.country, count: Number(row.count) }));
  }

  private async read(petitionId: string): Promise<Count> {
    const [row] = await this.database.query(
      `SELECT (SELECT coalesce(sum(signed - withdrawn), 0) FROM tallies WHERE petition_id = $1)::bigint AS count,
              (SELECT count(*) FROM (
                SELECT 1 FROM log_queue
                WHERE petition_id = $1 AND kind IN ('sign', 'withdraw') AND due_at < 'infinity' LIMIT 100000
              ) AS queued) AS pending,
              (SELECT size FROM logs WHERE petition_id = $1) AS size, now() AS as_of`,
      [petitionId],
    );
    const [count, pending, size] = [Number(row.count), Number(row.pending), Number(row.size)];
    return { count, pending, size, asOf: (row.as_of as Date).toISOString() };
  }
}
