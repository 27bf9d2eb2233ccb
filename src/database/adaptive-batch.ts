interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/** Batches in the database at once, each on its own connection. */
const mostUnderWay = 2;

/**
 * Gathers what arrives while a write is under way and writes it together: the next batch leaves when the last one is
 * committed, so a lone item that meets no other leaves at once. A promise settles only after the commit of its own batch.
 * When a batch fails, its items are written one by one, so that a bad one spoils only itself.
 */
export class AdaptiveBatch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private underWay = 0;
  private lastAt = -Infinity;
  /** The next batch is about to leave; takes that back. */
  private callOff: (() => void) | null = null;

  private readonly most: number;
  private readonly apartMs: number;
  private readonly enough: number;

  /**
   * @param write writes all items in one transaction and returns a result per item, in order
   * @param limits.most items of one batch
   * @param limits.apartMs from the beginning of a batch to that of the next: a few large ones cost the database and this
   *   process half of many small ones
   * @param limits.enough so many wait neither for that time nor for the batch under way, so that this process makes one
   *   ready while the database writes another; two that write the same must then be right in any order
   */
  constructor(
    private readonly write: (items: Item[]) => Promise<Result[]>,
    { most = 500, apartMs = 0, enough = Infinity } = {},
  ) {
    this.most = most;
    this.apartMs = apartMs;
    this.enough = enough;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.consider();
    });
  }

  private consider(): void {
    if (this.waiting.length === 0 || this.underWay === mostUnderWay) return;
    if (this.waiting.length >= this.enough) return this.leave();
    if (this.underWay > 0 || this.callOff) return;
    const early = this.lastAt + this.apartMs - performance.now();
    if (early > 0) {
      const later = setTimeout(() => this.leave(), early);
      this.callOff = () => clearTimeout(later);
    } else {
      // Requests that were parsed in the same turn of the event loop travel together.
      const soon = setImmediate(() => this.leave());
      this.callOff = () => clearImmediate(soon);
    }
  }

  private leave(): void {
    this.callOff?.();
    this.callOff = null;
    this.underWay += 1;
    this.lastAt = performance.now();
    void this.settleAll(this.waiting.splice(0, this.most)).finally(() => {
      this.underWay -= 1;
      this.consider();
    });
    this.consider();
  }

  private async settleAll(batch: Waiting<Item, Result>[]): Promise<void> {
    if ((await this.settle(batch)) || batch.length === 1) return;
    for (const one of batch) await this.settle([one]);
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
