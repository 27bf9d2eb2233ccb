import type { ClaimedMail } from './claimed-mail.js';
import type { Lane } from './mail-states.js';
import type { RelayPlace } from './relay-round.js';
import type { MailRelay } from './relays.js';

/** A relay that has all hands full and answers none of them for so long is passed over until one moves. */
const stalledMilliseconds = 30_000;

/**
 * What one worker has at one relay: mails in hand, and mails claimed for it that wait for a hand. Where a relay has both
 * lanes, half of its lines are for confirmations alone: they never wait behind letters.
 */
export class RelayHands {
  readonly most: Record<Lane, number>;
  private readonly inHand: Record<Lane, Set<ClaimedMail>> = { confirmations: new Set(), letters: new Set() };
  private readonly ready: Record<Lane, ClaimedMail[]> = { confirmations: [], letters: [] };
  private movedAt = Date.now();

  constructor(readonly relay: MailRelay) {
    const { lines } = relay.delivery;
    const [letters, confirmations] = [relay.lanes.includes('letters'), relay.lanes.includes('confirmations')];
    this.most = {
      letters: !letters ? 0 : confirmations ? Math.max(Math.floor(lines / 2), 1) : lines,
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
      ? 1 - this.busy() - this.waiting('letters') - this.waiting('confirmations')
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

  private busy = () => this.inHand.letters.size + this.inHand.confirmations.size;

  private free(lane: Lane): number {
    if (this.relay.trouble.inTrouble) return 1 - this.busy();
    return Math.min(this.most[lane] - this.inHand[lane].size, this.relay.delivery.lines - this.busy());
  }

  private isStalled(lane: Lane): boolean {
    return this.free(lane) <= 0 && Date.now() - this.movedAt > stalledMilliseconds;
  }
}
