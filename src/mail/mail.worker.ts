import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { relayPause } from './back-off.js';
import { type ClaimedMail, Claims, leaseSeconds } from './claims.js';
import { mailbox, renderMail } from './compose.js';
import { type Delivery, DELIVERY, type Handover, type Outcome } from './delivery.js';
import { MailKinds } from './mail-kinds.js';
import { type Lane, lanes } from './mail-states.js';
import { OutboxService } from './outbox.service.js';
import { settlementOf } from './settlement.js';

/** Mails claimed at a time, for each hand. */
const claimsPerHand = 4;
const shutdownSeconds = 15;

class FenceLost extends Error {}

/** Takes due mails from the outbox and sends them. Any number of workers may run over one database. */
@Injectable()
export class MailWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Mail');
  private readonly name = `${hostname()}:${process.pid}:${uuidv7()}`;
  private readonly inHand: Record<Lane, Set<Promise<void>>> = { confirmations: new Set(), letters: new Set() };
  /** Claimed and not yet begun, so that a claim is not needed for each mail. */
  private readonly ready: Record<Lane, ClaimedMail[]> = { confirmations: [], letters: [] };
  private readonly filling: Partial<Record<Lane, Promise<void>>> = {};
  private readonly askedAgain = new Set<Lane>();
  private readonly timers: NodeJS.Timeout[] = [];
  /** Mails in hand at once, per lane: letters never take a hand from confirmations. */
  private readonly hands: Record<Lane, number>;
  private claiming = false;
  private claimed = 0;
  private relay = { failures: 0, pausedUntil: 0 };

  constructor(
    private readonly claims: Claims,
    private readonly kinds: MailKinds,
    private readonly outbox: OutboxService,
    @Inject(DELIVERY) private readonly delivery: Delivery,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    const letters = Math.max(Math.floor(delivery.lines / 5), 1);
    this.hands = { letters, confirmations: delivery.lines - letters };
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.MAIL_MODE === 'hold') await this.claims.holdAll();
    if (!this.settings.runners) return;
    // The embedded database has one process: whoever held a lease there is dead.
    if (!this.settings.DATABASE_URL) await this.claims.recover(this.kinds.resent(), 'all');
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
    this.relay.failures = 0;
    for (let seen = -1; seen !== this.claimed;) {
      seen = this.claimed;
      this.relay.pausedUntil = 0;
      await this.keepHouse();
      await Promise.all(lanes.map((lane) => this.fill(lane)));
      await this.emptyHands();
    }
    this.claiming = running;
    return this.claimed - before;
  }

  /** Since when and how often the mail server could not be reached; null when it was reached last time. */
  trouble(): { failures: number; pausedUntil: string } | null {
    const { failures, pausedUntil } = this.relay;
    return failures === 0 ? null : { failures, pausedUntil: new Date(pausedUntil).toISOString() };
  }

  private fillAll(): void {
    for (const lane of lanes) this.fillLane(lane);
  }

  private fillLane(lane: Lane): void {
    this.fill(lane).catch((error: Error) => this.log.error(`mails cannot be claimed: ${error.name}`));
  }

  /** Gives each free hand of the lane a mail, and claims when none is ready, one claim at a time. */
  private fill(lane: Lane): Promise<void> {
    this.startReady(lane);
    if (this.freeHands(lane) === 0) return Promise.resolve();
    if (this.filling[lane]) this.askedAgain.add(lane);
    return (this.filling[lane] ??= this.claimAndStart(lane));
  }

  private async claimAndStart(lane: Lane): Promise<void> {
    try {
      while (this.freeHands(lane) > 0) {
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

  private freeHands(lane: Lane): number {
    const mayStart = this.claiming && Date.now() >= this.relay.pausedUntil;
    return mayStart ? Math.max(this.hands[lane] - this.inHand[lane].size, 0) : 0;
  }

  private start(lane: Lane, mail: ClaimedMail): void {
    const sending = this.send(mail)
      .catch((error: Error) => this.log.error(`attempt ${mail.attemptId} ended without a record: ${error.name}`))
      .finally(() => {
        this.inHand[lane].delete(sending);
        if (this.claiming) this.fillLane(lane);
      });
    this.inHand[lane].add(sending);
  }

  private async send(mail: ClaimedMail): Promise<void> {
    let outcome: Outcome;
    let to = mail.recipient ?? '';
    try {
      const handover = await this.prepare(mail);
      if ('result' in handover) outcome = handover;
      else {
        to = handover.to;
        outcome = await this.delivery.deliver(handover, async () => {
          if (!(await this.claims.handOver(mail))) throw new FenceLost();
        });
      }
    } catch (error) {
      // Somebody else has the mail now: not a word about it from here.
      if (error instanceof FenceLost) return;
      this.log.error(`attempt ${mail.attemptId} was broken off before the hand-over: ${(error as Error).name}`);
      outcome = { result: 'unsent', reply: 'broken off before the hand-over' };
    }
    this.heed(outcome);
    await this.record(mail, outcome, to);
  }

  /** The mail as it goes out, or the outcome when there is nothing that could go out. */
  private async prepare(mail: ClaimedMail): Promise<Handover | Outcome> {
    const { id, attemptId, createdAt } = mail;
    const from = mailbox(this.settings.MAIL_FROM).address;
    if (!mail.intact) return { result: 'refused', reply: 'the stored bytes are not those that were approved' };
    if (mail.raw) return { id, attemptId, createdAt, from, to: mail.recipient!, bytes: mail.raw };
    try {
      const kind = this.kinds.find(mail.kind);
      if (!kind?.compose) return { result: 'deferred', reply: `nobody here writes mails of the kind ${mail.kind}` };
      const composed = await kind.compose(mail);
      if (!composed) return { result: 'suppressed' };
      const fixed = { id, date: createdAt, from: this.settings.MAIL_FROM, lane: mail.lane };
      return {
        id,
        attemptId,
        createdAt,
        from,
        to: mailbox(composed.to).address,
        bytes: await renderMail(composed, fixed),
      };
    } catch (error) {
      // Only the kind of error: its message may quote the person.
      this.log.error(`a mail of the kind ${mail.kind} could not be written: ${(error as Error).name}`);
      return { result: 'deferred', reply: 'the mail could not be written' };
    }
  }

  /**
   * A relay that cannot be reached, or falls silent after a hand-over, is left alone for a while, for all mails alike:
   * otherwise one that is broken would turn every letter into a doubt.
   */
  private heed(outcome: Outcome): void {
    if (outcome.result !== 'unsent' && outcome.result !== 'in_doubt') {
      if (outcome.code) this.relay = { failures: 0, pausedUntil: 0 };
      return;
    }
    if (Date.now() < this.relay.pausedUntil) return;
    const failures = this.relay.failures + 1;
    const seconds = relayPause(failures);
    this.relay = { failures, pausedUntil: Date.now() + seconds * 1000 };
    this.log.warn(`the mail server does not answer (${outcome.code ?? outcome.result}), next try in ${seconds} s`);
  }

  /** An answer must not be lost to a database that is away for a moment: it is written down as long as the lease runs. */
  private async record(mail: ClaimedMail, outcome: Outcome, to: string): Promise<void> {
    const pause = relayPause(this.relay.failures);
    const settlement = settlementOf(mail, outcome, { kind: this.kinds.find(mail.kind), to, pause });
    for (const seconds of [0.2, 1, 5, 20, 0]) {
      try {
        await this.claims.settle(settlement);
        return;
      } catch (error) {
        if (seconds === 0) throw error;
        await sleep(seconds * 1000);
      }
    }
  }

  private async keepHouse(): Promise<void> {
    await this.claims.extend(this.name);
    await this.claims.recover(this.kinds.resent());
    await this.claims.expire();
  }

  /** What was claimed and not begun goes back at once, not when its lease ends. */
  private async giveBack(): Promise<void> {
    for (const lane of lanes) this.ready[lane] = [];
    await this.claims.recover(this.kinds.resent(), { worker: this.name });
  }

  private async emptyHands(): Promise<void> {
    while (lanes.some((lane) => this.inHand[lane].size > 0 || this.filling[lane] !== undefined)) {
      await Promise.all(lanes.flatMap((lane) => [...this.inHand[lane], this.filling[lane] ?? Promise.resolve()]));
    }
  }

  private every(seconds: number, work: () => Promise<void>): void {
    const run = () => work().catch((error: Error) => this.log.error(`mail upkeep failed: ${error.name}`));
    this.timers.push(setInterval(() => void run(), seconds * 1000).unref());
  }
}
