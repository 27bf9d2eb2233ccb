import { signerHash } from './codes.js';
import { decodeEntry, type Entry } from './entries.js';
import { LogError } from './log-error.js';

/**
 * Reads a log from its first entry and refuses it at the first rule that is broken. An entry that was refused has changed
 * nothing. Memory grows with the signatures that stand.
 */
export class Tally {
  size = 0;
  signed = 0;
  withdrawn = 0;
  closed = false;
  /** A of each signature that stands, by its index, as one character per byte: a tenth of what Buffers would take. */
  private readonly standing = new Map<number, string>();

  constructor(private readonly origin: string) {}

  /** What the log says: signatures minus withdrawals. */
  get count(): number {
    return this.signed - this.withdrawn;
  }

  /** @throws LogError if the bytes are no entry, or one that may not stand here */
  take(bytes: Uint8Array): Entry {
    const entry = decodeEntry(bytes);
    if (this.closed) this.refuse('nothing may follow the end');
    if ((entry.kind === 'genesis') !== (this.size === 0)) this.refuse('the opening stands first and only there');
    switch (entry.kind) {
      case 'sign':
        this.standing.set(this.size, entry.signerHash.toString('latin1'));
        this.signed++;
        break;
      case 'withdraw':
        this.checkWithdrawal(entry);
        this.standing.delete(entry.index);
        this.withdrawn++;
        break;
      case 'close':
        if (entry.facts.count !== this.count) this.refuse(`the end says ${entry.facts.count} instead of ${this.count}`);
        this.closed = true;
        break;
      case 'genesis':
      case 'note':
        break;
    }
    this.size++;
    return entry;
  }

  private checkWithdrawal(entry: Entry & { kind: 'withdraw' }): void {
    const standing = this.standing.get(entry.index);
    if (standing === undefined) this.refuse(`no signature stands at ${entry.index} to be withdrawn`);
    if (entry.reason === 1 && signerHash(this.origin, entry.codeHash).toString('latin1') !== standing) {
      this.refuse(`the code does not belong to entry ${entry.index}`);
    }
  }

  private refuse(why: string): never {
    throw new LogError(`Entry ${this.size} breaks the rules: ${why}.`);
  }
}
