import type { Shares } from './shares.js';

/** A relay as one claim sees it. */
export interface RelayPlace {
  name: string;
  /** How many mails it may be given: none or one while it is in trouble. */
  room: number;
  /** Whether it was not in trouble: then a mail that it put off goes there again. */
  steady: boolean;
}

/** By which relay each mail of one claim leaves. */
export class RelayRound {
  constructor(
    private readonly shares: Shares,
    private readonly places: RelayPlace[],
  ) {}

  get names(): string[] {
    return this.places.map(({ name }) => name);
  }

  get steady(): string[] {
    return this.places.filter(({ steady }) => steady).map(({ name }) => name);
  }

  /** Those with room, the one whose turn it is first. */
  order(): string[] {
    return this.shares.order(this.places.filter(({ room }) => room > 0).map(({ name }) => name));
  }

  /** The first of these takes a mail that might have been for any of them. */
  take(names: readonly string[]): void {
    this.shares.take(names);
    this.places.find(({ name }) => name === names[0])!.room -= 1;
  }

  /** Whose the next mails are; fewer than asked for when there is no more room. */
  next(count: number): string[] {
    const next: string[] = [];
    for (let order = this.order(); next.length < count && order.length > 0; order = this.order()) {
      this.take(order);
      next.push(order[0]!);
    }
    return next;
  }

  /** To try what would be: nothing here changes by it. */
  copy(): RelayRound {
    return new RelayRound(
      this.shares.copy(),
      this.places.map((place) => ({ ...place })),
    );
  }
}
