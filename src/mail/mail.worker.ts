import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { hostname } from 'node:os';
import { SETTINGS, type Settings } from '../config/settings.js';
import { type ClaimedMail, Claims, leaseSeconds } from './claims.js';
import { MailKinds } from './mail-kinds.js';
import { type Lane, lanes } from './mail-states.js';
import { MailSender } from './mail.sender.js';
import { OutboxService } from './outbox.service.js';
import { RelayHands } from './relay-hands.js';
import { RelayRound } from './relay-round.js';
import { Relays } from './relays.js';
import type { Shares } from './shares.js';
import { Upkeep } from './upkeep.js';
import { newId } from '../vault/random.js';

/** Mails claimed at a time, for each hand; the next are claimed when as many as there are hands are left. */
const claimsPerHand = 4;
const shutdownSeconds = 15;

/** Takes due mails from the outbox and sends them. Any number of workers may run over one database. */
@Injectable()
export class MailWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Mail');
  private readonly name = `${hostname()}:${process.pid}:${newId()}`;
  /** Attempts whose end is not written down yet: those in hand, and those that have just left it. */
  private readonly underWay = new Set<Promise<void>>();
  /** What is claimed and in hand at each relay: more is claimed than there are hands, so that not each mail needs a claim. */
  private readonly hands: RelayHands[];
  private readonly shares: Record<Lane, Shares>;
  private readonly filling: Partial<Record<Lane, Promise<void>>> = {};
  private readonly askedAgain = new Set<Lane>();
  private readonly timers: NodeJS.Timeout[] = [];
  private claiming = false;
  private claimed = 0;

  constructor(
    private readonly claims: Claims,
    private readonly upkeep: Upkeep,
    private readonly sender: MailSender,
    private readonly kinds: MailKinds,
    private readonly outbox: OutboxService,
    private readonly relays: Relays,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.hands = relays.all.map((relay) => new RelayHands(relay));
    this.shares = {
      confirmations: relays.shares('confirmations'),
      letters: relays.shares('letters'),
      updates: relays.shares('updates'),
    };
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
    const patience = setTimeout(() => this.relays.abort(), shutdownSeconds * 1000);
    await this.emptyHands();
    clearTimeout(patience);
    await this.giveBack();
    await this.relays.close();
  }

  /** Sends until nothing is due, and tells how many attempts that took. For tests and the command line. */
  async drain(): Promise<number> {
    const before = this.claimed;
    const running = this.claiming;
    this.claiming = true;
    for (const lane of lanes) this.forget(lane);
    for (let seen = -1; seen !== this.claimed;) {
      seen = this.claimed;
      for (const lane of lanes) this.tryNow(lane);
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
    this.fill(lane)?.catch((error: Error) => this.log.error(`mails cannot be claimed: ${error.name}`));
  }

  /** Gives each free hand of the lane a mail, and claims before they run out, one claim at a time. */
  private fill(lane: Lane): Promise<void> | undefined {
    this.startReady(lane);
    if (!this.wantsMore(lane)) return undefined;
    if (this.filling[lane]) this.askedAgain.add(lane);
    return (this.filling[lane] ??= this.claimAndStart(lane));
  }

  private async claimAndStart(lane: Lane): Promise<void> {
    try {
      do {
        this.askedAgain.delete(lane);
        const open = this.openFor(lane);
        const most = sum(open, (each) => each.most[lane]) * claimsPerHand;
        const attemptIds = Array.from({ length: most }, () => newId());
        const round = new RelayRound(
          this.shares[lane],
          open.map((each) => each.place()),
        );
        const mails = await this.claims.claim(lane, this.name, attemptIds, round);
        if (mails.length === 0 && !this.askedAgain.has(lane)) return;
        this.claimed += mails.length;
        for (const mail of mails) this.handsAt(mail).add(mail);
        this.startReady(lane);
      } while (this.wantsMore(lane));
    } finally {
      delete this.filling[lane];
    }
  }

  private startReady(lane: Lane): void {
    if (!this.mayStart) return;
    this.moveReady(lane);
    for (const each of this.hands) {
      for (let mail = each.takeUp(lane); mail; mail = each.takeUp(lane)) this.start(mail);
    }
  }

  /** Asked for each mail that leaves. */
  private wantsMore(lane: Lane): boolean {
    if (!this.mayStart) return false;
    let [missing, hasRoom] = [0, false];
    for (const each of this.hands) {
      if (!each.isOpen(lane)) continue;
      missing += each.most[lane] - each.waiting(lane);
      hasRoom ||= each.room() > 0;
    }
    return hasRoom && missing > 0;
  }

  private get mayStart(): boolean {
    return this.claiming && this.settings.MAIL_MODE !== 'hold';
  }

  private openFor = (lane: Lane) => this.hands.filter((each) => each.isOpen(lane));
  private handsAt = (mail: ClaimedMail) => this.hands.find(({ relay }) => relay.name === mail.relay)!;

  private start(mail: ClaimedMail): void {
    const letGo = () => {
      if (!this.handsAt(mail).letGo(mail)) return;
      for (const each of lanes) this.startReady(each);
      this.fillLane(mail.lane);
    };
    this.follow(mail, this.sender.send(mail, letGo), letGo);
  }

  /** What waits for a relay that is paused or answers nothing goes back for another, if there is one. */
  private moveReady(lane: Lane): void {
    if (!this.hands.some((each) => each.isOpen(lane))) return;
    for (const each of this.hands) {
      if (each.isOpen(lane) || each.waiting(lane) === 0) continue;
      for (const mail of each.empty(lane)) this.follow(mail, this.sender.putBack(mail), () => this.fillLane(lane));
    }
  }

  private follow(mail: ClaimedMail, work: Promise<void>, done: () => void): void {
    const attempt = work
      .catch((error: Error) => this.log.error(`attempt ${mail.attemptId} ended without a record: ${error.name}`))
      .finally(() => {
        this.underWay.delete(attempt);
        done();
      });
    this.underWay.add(attempt);
  }

  private forget(lane: Lane): void {
    const relays = this.relays.of(lane);
    if (relays.every(({ trouble }) => trouble.inTrouble)) for (const { trouble } of relays) trouble.forget();
  }

  private tryNow(lane: Lane): void {
    if (this.openFor(lane).length > 0) return;
    for (const { trouble } of this.relays.of(lane)) trouble.tryNow();
  }

  private async keepHouse(): Promise<void> {
    await this.upkeep.extend(this.name);
    await this.upkeep.recover(this.kinds.resent());
    await this.upkeep.expire();
  }

  /** What was claimed and not begun goes back at once, not when its lease ends. */
  private async giveBack(): Promise<void> {
    for (const lane of lanes) for (const each of this.hands) each.empty(lane);
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

const sum = <T>(all: T[], part: (each: T) => number) => all.reduce((total, each) => total + part(each), 0);
