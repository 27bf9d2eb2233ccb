import { setTimeout as sleep } from 'node:timers/promises';

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Gathers what arrives while a write is under way and writes it together: the next batch leaves when the last one is
 * committed, so a lone item never waits. A promise settles only after the commit of its own batch. When a batch fails, its
 * items are written one by one, so that a bad one spoils only itself.
 */
export class AdaptiveBatch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private writing = false;
  private hadCompany = false;

  private readonly most: number;
  private readonly gatherMs: number;

  /**
   * @param write writes all items in one transaction and returns a result per item, in order
   * @param limits.gatherMs how long a batch waits for more after one that held several: for what nobody waits for
   */
  constructor(
    private readonly write: (items: Item[]) => Promise<Result[]>,
    { most = 500, gatherMs = 0 } = {},
  ) {
    this.most = most;
    this.gatherMs = gatherMs;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.writing) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.writing = true;
    // Requests that were parsed in the same turn of the event loop travel together.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      if (this.gatherMs > 0 && this.hadCompany) await sleep(this.gatherMs);
      const batch = this.waiting.splice(0, this.most);
      this.hadCompany = batch.length > 1;
      if (!(await this.settle(batch)) && batch.length > 1) for (const one of batch) await this.settle([one]);
    }
    this.writing = false;
  }

  /** @returns false if the batch failed and its items still wait for an answer */
  private async settle(batch: Waiting<Item, Result>[]): Promise<boolean> {
    try {
      const results = await this.write(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
      return true;
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      return false;
    }
  }
}
