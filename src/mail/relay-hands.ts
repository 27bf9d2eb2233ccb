import type { ClaimedMail } from './claimed-mail.js';
import { type Lane, lanes } from './mail-states.js';
import type { RelayPlace } from './relay-round.js';
import type { MailRelay } from './relays.js';

/** A relay that has all hands full and answers none of them for so long is passed over until one moves. */
const stalledMilliseconds = 30_000;

/**
 * What one worker has at one relay: mails in hand, and mails claimed for it that wait for a hand. Where a relay has both
 * lanes, half of its lines are for confirmations alone, and updates take at most half of the other half: confirmations
 * never wait behind letters, nor letters behind a hundred thousand updates.
 */
export class RelayHands {
  readonly most: Record<Lane, number>;
  private readonly inHand: Record<Lane, Set<ClaimedMail>> = {
    confirmations: new Set(),
    letters: new Set(),
    updates: new Set(),
  };
  private readonly ready: Record<Lane, ClaimedMail[]> = { confirmations: [], letters: [], updates: [] };
  private movedAt = Date.now();

  constructor(readonly relay: MailRelay) {
    const { lines } = relay.delivery;
    const [letters, confirmations] = [relay.lanes.includes('letters'), relay.lanes.includes('confirmations')];
    const bulk = !letters ? 0 : confirmations ? Math.max(Math.floor(lines / 2), 1) : lines;
    this.most = {
      letters: bulk,
      updates: letters ? Math.max(Math.floor(bulk / 2), 1) : 0,
      confirmations: confirmations ? lines : 0,
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
    const room = trouble.inTrouble
      ? 1 - this.busy() - lanes.reduce((sum, each) => sum + this.waiting(each), 0)
      : Infinity;
    return { name, room: Math.max(room, 0), steady: !trouble.inTrouble };
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

  private bulk = () => this.inHand.letters.size + this.inHand.updates.size;
  private busy = () => this.bulk() + this.inHand.confirmations.size;

  private free(lane: Lane): number {
    if (this.relay.trouble.inTrouble) return 1 - this.busy();
    const ofBulk = lane === 'confirmations' ? Infinity : this.most.letters - this.bulk();
    return Math.min(this.most[lane] - this.inHand[lane].size, ofBulk, this.relay.delivery.lines - this.busy());
  }

  private isStalled(lane: Lane): boolean {
    return this.free(lane) <= 0 && Date.now() - this.movedAt > stalledMilliseconds;
  }
}
