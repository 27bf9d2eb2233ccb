import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { hostname } from 'node:os';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { type ClaimedMail, Claims, leaseSeconds } from './claims.js';
import { type Delivery, DELIVERY } from './delivery.js';
import { MailKinds } from './mail-kinds.js';
import { type Lane, lanes } from './mail-states.js';
import { MailSender } from './mail.sender.js';
import { OutboxService } from './outbox.service.js';
import { RelayTrouble } from './relay-trouble.js';
import { Upkeep } from './upkeep.js';

/** Mails claimed at a time, for each hand; the next are claimed when as many as there are hands are left. */
const claimsPerHand = 4;
const shutdownSeconds = 15;

/** Takes due mails from the outbox and sends them. Any number of workers may run over one database. */
@Injectable()
export class MailWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Mail');
  private readonly name = `${hostname()}:${process.pid}:${uuidv7()}`;
  private readonly inHand: Record<Lane, Set<ClaimedMail>> = {
    ...{ confirmations: new Set(), letters: new Set(), updates: new Set() },
  };
  /** Attempts whose end is not written down yet: those in hand, and those that have just left it. */
  private readonly underWay = new Set<Promise<void>>();
  /** Claimed and not yet begun, so that a claim is not needed for each mail. */
  private readonly ready: Record<Lane, ClaimedMail[]> = { confirmations: [], letters: [], updates: [] };
  private readonly filling: Partial<Record<Lane, Promise<void>>> = {};
  private readonly askedAgain = new Set<Lane>();
  private readonly timers: NodeJS.Timeout[] = [];
  /**
   * Mails in hand at once, per lane. Half of the lines are for confirmations alone, and updates take at most half of the
   * other half: confirmations never wait behind letters, nor letters behind a hundred thousand updates.
   */
  private readonly hands: Record<Lane, number>;
  private claiming = false;
  private claimed = 0;

  constructor(
    private readonly claims: Claims,
    private readonly upkeep: Upkeep,
    private readonly sender: MailSender,
    private readonly trouble: RelayTrouble,
    private readonly kinds: MailKinds,
    private readonly outbox: OutboxService,
    @Inject(DELIVERY) private readonly delivery: Delivery,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    const bulk = Math.max(Math.floor(delivery.lines / 2), 1);
    this.hands = { confirmations: delivery.lines, letters: bulk, updates: Math.max(Math.floor(bulk / 2), 1) };
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.settings.runners) return;
    if (this.settings.MAIL_MODE === 'hold') await this.upkeep.holdAll();
    // The embedded database has one process: whoever held a lease there is dead.
    if (!this.settings.DATABASE_URL) await this.upkeep.recover(this.kinds.resent(), 'all');
    this.claiming = true;
    this.outbox.bell.on('wake', () => this.fillAll());
    this.every(1, async () => this.fillAll());
    this.every(leaseSeconds / 4, () => this.keepHouse());
    await this.keepHouse();
    this.fillAll();
  }

  /** Lets what is in hand come to its end; what a server does not answer in time is broken off and told as it stands. */
  async beforeApplicationShutdown(): Promise<void> {
    this.claiming = false;
    this.timers.forEach(clearInterval);
    const patience = setTimeout(() => this.delivery.abort(), shutdownSeconds * 1000);
    await this.emptyHands();
    clearTimeout(patience);
    await this.giveBack();
    await this.delivery.close();
  }

  /** Sends until nothing is due, and tells how many attempts that took. For tests and the command line. */
  async drain(): Promise<number> {
    const before = this.claimed;
    const running = this.claiming;
    this.claiming = true;
    this.trouble.forget();
    for (let seen = -1; seen !== this.claimed;) {
      seen = this.claimed;
      this.trouble.tryNow();
      await this.keepHouse();
      await Promise.all(lanes.map((lane) => this.fill(lane)));
      await this.emptyHands();
    }
    this.claiming = running;
    return this.claimed - before;
  }

  private fillAll(): void {
    for (const lane of lanes) this.fillLane(lane);
  }

  private fillLane(lane: Lane): void {
    this.fill(lane).catch((error: Error) => this.log.error(`mails cannot be claimed: ${error.name}`));
  }

  /** Gives each free hand of the lane a mail, and claims before they run out, one claim at a time. */
  private fill(lane: Lane): Promise<void> {
    this.startReady(lane);
    if (!this.wantsMore(lane)) return Promise.resolve();
    if (this.filling[lane]) this.askedAgain.add(lane);
    return (this.filling[lane] ??= this.claimAndStart(lane));
  }

  private async claimAndStart(lane: Lane): Promise<void> {
    try {
      while (this.wantsMore(lane)) {
        this.askedAgain.delete(lane);
        const attemptIds = Array.from({ length: this.hands[lane] * claimsPerHand }, () => uuidv7());
        const mails = await this.claims.claim(lane, this.name, attemptIds);
        if (mails.length === 0 && !this.askedAgain.has(lane)) return;
        this.claimed += mails.length;
        this.ready[lane].push(...mails);
        this.startReady(lane);
      }
    } finally {
      delete this.filling[lane];
    }
  }

  private startReady(lane: Lane): void {
    for (const mail of this.ready[lane].splice(0, this.freeHands(lane))) this.start(lane, mail);
  }

  private wantsMore(lane: Lane): boolean {
    return this.mayStart && this.ready[lane].length < this.hands[lane];
  }

  private freeHands(lane: Lane): number {
    if (!this.mayStart) return 0;
    const { confirmations, letters, updates } = this.inHand;
    const free = this.delivery.lines - confirmations.size - letters.size - updates.size;
    const ofBulk = lane === 'confirmations' ? free : this.hands.letters - letters.size - updates.size;
    return Math.max(Math.min(this.hands[lane] - this.inHand[lane].size, free, ofBulk), 0);
  }

  private get mayStart(): boolean {
    return this.claiming && !this.trouble.paused && this.settings.MAIL_MODE !== 'hold';
  }

  private start(lane: Lane, mail: ClaimedMail): void {
    const letGo = () => {
      if (!this.inHand[lane].delete(mail)) return;
      for (const each of lanes) this.startReady(each);
      this.fillLane(lane);
    };
    this.inHand[lane].add(mail);
    const attempt = this.sender
      .send(mail, letGo)
      .catch((error: Error) => this.log.error(`attempt ${mail.attemptId} ended without a record: ${error.name}`))
      .finally(() => {
        this.underWay.delete(attempt);
        letGo();
      });
    this.underWay.add(attempt);
  }

  private async keepHouse(): Promise<void> {
    await this.upkeep.extend(this.name);
    await this.upkeep.recover(this.kinds.resent());
    await this.upkeep.expire();
  }

  /** What was claimed and not begun goes back at once, not when its lease ends. */
  private async giveBack(): Promise<void> {
    for (const lane of lanes) this.ready[lane] = [];
    await this.upkeep.recover(this.kinds.resent(), { worker: this.name });
  }

  private async emptyHands(): Promise<void> {
    while (this.underWay.size > 0 || lanes.some((lane) => this.filling[lane] !== undefined)) {
      await Promise.all([...this.underWay, ...lanes.map((lane) => this.filling[lane] ?? Promise.resolve())]);
    }
  }

  private every(seconds: number, work: () => Promise<void>): void {
    const run = () => work().catch((error: Error) => this.log.error(`mail upkeep failed: ${error.name}`));
    this.timers.push(setInterval(() => void run(), seconds * 1000).unref());
  }
}
