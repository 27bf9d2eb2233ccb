import type { DataSource } from 'typeorm';

/** How far a work is. Costs nothing to call often. */
export type Tell = (step: string, done: number, total?: number | null) => void;

/** The process ends: the work stays for the next one. */
export class WorkStopped extends Error {}

const every = 500;
/** A work nobody has written about for so long has lost its process. */
export const leaseSeconds = 60;

/**
 * Writes down how far one work is, at most twice a second and never two at once, and shows that its process lives. Nobody
 * waits for it: on the embedded database a statement waits for the transaction in hand, and the work may be in one.
 */
export class WorkReport {
  private readonly beat: NodeJS.Timeout;
  private writing: Promise<unknown> = Promise.resolve();
  private busy = false;
  private wroteAt = 0;
  private last: [step: string | null, done: number, total: number | null] = [null, 0, null];

  constructor(
    private readonly database: DataSource,
    private readonly id: string,
    private readonly attempt: number,
  ) {
    this.beat = setInterval(() => this.write(), (leaseSeconds / 4) * 1000).unref();
  }

  readonly tell: Tell = (step, done, total = null) => {
    const another = step !== this.last[0];
    this.last = [step, done, total];
    if (another || Date.now() - this.wroteAt > every) this.write();
  };

  private write(): void {
    if (this.busy) return;
    this.busy = true;
    this.wroteAt = Date.now();
    this.writing = this.database
      .query(
        `UPDATE long_works SET step = $3, done = $4, total = $5, lease_until = now() + interval '${leaseSeconds} seconds'
         WHERE id = $1 AND attempt = $2 AND state = 'running'`,
        [this.id, this.attempt, ...this.last],
      )
      // The next one says more.
      .catch(() => undefined)
      .finally(() => (this.busy = false));
  }

  /** The last word. Whoever was taken for dead meanwhile says nothing. */
  async end(state: 'done' | 'failed', { result = null, failure = null, words = null }: Ending = {}): Promise<void> {
    clearInterval(this.beat);
    await this.writing;
    await this.database.query(
      `UPDATE long_works SET state = $3, result = $4, failure = $5, step = $6, done = $7, total = $8, failure_words = $9,
           ended_at = now()
       WHERE id = $1 AND attempt = $2 AND state = 'running'`,
      [
        ...[this.id, this.attempt, state, result && JSON.stringify(result), failure, ...this.last],
        words && JSON.stringify(words),
      ],
    );
  }

  /** Lets the next process have it at once. */
  async giveBack(): Promise<void> {
    clearInterval(this.beat);
    await this.writing;
    await this.database.query(
      `UPDATE long_works SET state = 'waiting', step = NULL, done = 0 WHERE id = $1 AND attempt = $2 AND state = 'running'`,
      [this.id, this.attempt],
    );
  }
}

interface Ending {
  result?: Record<string, unknown> | null;
  failure?: string | null;
  /** The same in every language. */
  words?: Record<string, string> | null;
}
