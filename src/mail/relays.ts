import type { Delivery } from './delivery.js';
import { type Lane, lanes } from './mail-states.js';
import { RelayTrouble } from './relay-trouble.js';
import { Shares } from './shares.js';

/** A way out by its name: a mail server, or the built-in inbox. */
export class MailRelay {
  readonly name: string;
  readonly weight: number;
  readonly lanes: readonly Lane[];
  readonly trouble: RelayTrouble;

  constructor(
    { name, weight = 1, lanes: carries = lanes }: { name: string; weight?: number; lanes?: readonly Lane[] },
    readonly delivery: Delivery,
  ) {
    this.name = name;
    this.weight = weight;
    this.lanes = carries;
    this.trouble = new RelayTrouble(name);
  }
}

/** All ways by which mail leaves this process, in the order of the settings; each lane has one at least. */
export class Relays {
  constructor(readonly all: readonly MailRelay[]) {}

  find(name: string): MailRelay | undefined {
    return this.all.find((relay) => relay.name === name);
  }

  of(lane: Lane): MailRelay[] {
    return this.all.filter((relay) => relay.lanes.includes(lane));
  }

  /**
   * Turns of the lane. Each worker counts its own: a shared count would be a row for which every confirmation waits, and
   * as each worker is less than one mail away from the shares per relay, so is the sum of few from the whole.
   */
  shares(lane: Lane): Shares {
    return new Shares(new Map(this.of(lane).map(({ name, weight }) => [name, weight])));
  }

  /** Seconds after which a mail of the lane may be tried again: 0 while one relay is open. */
  secondsUntilOpen(lane: Lane): number {
    return Math.min(...this.of(lane).map(({ trouble }) => trouble.secondsLeft));
  }

  /** Whether a relay of the lane is well, besides these. */
  another(lane: Lane, besides: readonly string[]): boolean {
    return this.of(lane).some(({ name, trouble }) => !besides.includes(name) && !trouble.inTrouble);
  }

  abort(): void {
    for (const { delivery } of this.all) delivery.abort();
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ delivery }) => delivery.close()));
  }
}
