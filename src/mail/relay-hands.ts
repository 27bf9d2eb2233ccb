import type { ClaimedMail } from './claimed-mail.js';
import { type Lane, lanes } from './mail-states.js';
import type { RelayPlace } from './relay-round.js';
import type { MailRelay } from './relays.js';

/** A relay that has all hands full and answers none of them for so long is passed over until one moves. */
const stalledMilliseconds = 30_000;

/**
 * What one worker has at one relay: mails in hand, and mails claimed for it that wait for a hand. Where a relay has all
 * lanes, half of its lines are for confirmations alone, and updates take at most half of the other half: confirmations never
 * wait behind letters, nor letters behind a hundred thousand updates.
 */
export class RelayHands {
  readonly most: Record<Lane, number>;
  private readonly inHand: Record<Lane, Set<ClaimedMail>> = {
    ...{ confirmations: new Set(), letters: new Set(), updates: new Set() },
  };
  private readonly ready: Record<Lane, ClaimedMail[]> = { confirmations: [], letters: [], updates: [] };
  /** Lines that letters and updates may have together. */
  private readonly bulk: number;
  private movedAt = Date.now();

  constructor(readonly relay: MailRelay) {
    const { lines } = relay.delivery;
    const [confirmations, letters, updates] = lanes.map((lane) => relay.lanes.includes(lane));
    this.bulk = confirmations ? Math.max(Math.floor(lines / 2), 1) : lines;
    this.most = {
      confirmations: confirmations ? lines : 0,
      letters: letters ? this.bulk : 0,
      updates: !updates ? 0 : letters ? Math.max(Math.floor(this.bulk / 2), 1) : this.bulk,
    };
  }

  isOpen(lane: Lane): boolean {
    return this.most[lane] > 0 && !this.relay.trouble.paused && !this.isStalled(lane);
  }

  waiting(lane: Lane): number {
    return this.ready[lane].length;
  }

  place(): RelayPlace {
    const { name, trouble } = this.relay;
    return { name, room: this.room(), steady: !trouble.inTrouble };
  }

  /** How many mails more it may be given. */
  room(): number {
    if (!this.relay.trouble.inTrouble) return Infinity;
    const waiting = lanes.reduce((sum, lane) => sum + this.waiting(lane), 0);
    return Math.max(1 - this.busy() - waiting, 0);
  }

  add(mail: ClaimedMail): void {
    this.ready[mail.lane].push(mail);
  }

  /** Takes the next mail in hand, if there is one and a hand for it. */
  takeUp(lane: Lane): ClaimedMail | undefined {
    if (this.relay.trouble.paused || this.free(lane) <= 0) return undefined;
    const mail = this.ready[lane].shift();
    if (!mail) return undefined;
    this.inHand[lane].add(mail);
    this.movedAt = Date.now();
    return mail;
  }

  /** False: it was not in hand any more. */
  letGo(mail: ClaimedMail): boolean {
    const was = this.inHand[mail.lane].delete(mail);
    if (was) this.movedAt = Date.now();
    return was;
  }

  /** What was claimed for it and not taken up. */
  empty(lane: Lane): ClaimedMail[] {
    return this.ready[lane].splice(0);
  }

  private busy = () => lanes.reduce((sum, lane) => sum + this.inHand[lane].size, 0);

  private free(lane: Lane): number {
    if (this.relay.trouble.inTrouble) return 1 - this.busy();
    const { confirmations, letters, updates } = this.inHand;
    const lines = this.relay.delivery.lines - confirmations.size - letters.size - updates.size;
    const ofBulk = lane === 'confirmations' ? lines : this.bulk - letters.size - updates.size;
    return Math.min(this.most[lane] - this.inHand[lane].size, lines, ofBulk);
  }

  private isStalled(lane: Lane): boolean {
    return this.free(lane) <= 0 && Date.now() - this.movedAt > stalledMilliseconds;
  }
}
