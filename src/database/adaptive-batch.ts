interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Gathers what arrives while a write is under way and writes it together: the next batch leaves when the last one is
 * committed, so there is no timer and a lone item never waits. A promise settles only after the commit of its own batch.
 * When a batch fails, its items are written one by one, so that a bad one spoils only itself.
 */
export class AdaptiveBatch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private writing = 0;

  private readonly most: number;
  private readonly atOnce: number;

  /**
   * @param write writes all items in one transaction and returns a result per item, in order
   * @param limits.atOnce batches under way together: with two, who comes just after one has left need not wait for it
   */
  constructor(
    private readonly write: (items: Item[]) => Promise<Result[]>,
    { most = 500, atOnce = 1 } = {},
  ) {
    this.most = most;
    this.atOnce = atOnce;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (this.writing < this.atOnce) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.writing++;
    // Requests that were parsed in the same turn of the event loop travel together.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.most);
      if (!(await this.settle(batch)) && batch.length > 1) for (const one of batch) await this.settle([one]);
    }
    this.writing--;
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
