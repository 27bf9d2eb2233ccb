import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTINGS, type Settings } from '../config/settings.js';
import { type ClaimedMail, Claims } from './claims.js';
import { mailbox, renderMail } from './compose.js';
import type { Handover, Outcome } from './delivery.js';
import { Dkim } from './dkim.js';
import { MailKinds } from './mail-kinds.js';
import { RelayStates } from './relay-states.service.js';
import { Relays } from './relays.js';
import { ReturnAddresses } from './return-addresses.js';
import { settlementOf } from './settlement.js';

class FenceLost extends Error {}

/** Brings one claimed mail to its outcome: writes it if need be, hands it over, records the answer. */
@Injectable()
export class MailSender {
  private readonly log = new Logger('Mail');
  private readonly from: string;

  constructor(
    private readonly claims: Claims,
    private readonly kinds: MailKinds,
    private readonly dkim: Dkim,
    private readonly returnAddresses: ReturnAddresses,
    private readonly relays: Relays,
    private readonly states: RelayStates,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.from = mailbox(settings.MAIL_FROM).address;
  }

  /**
   * Sends the mail and writes down what came of it, unless somebody else has it by then.
   * @param sent called when the relay has answered: another mail may go out while the answer is written down
   */
  async send(mail: ClaimedMail, sent: () => void): Promise<void> {
    const relay = this.relays.find(mail.relay)!;
    let outcome: Outcome;
    let to = mail.recipient ?? '';
    try {
      const handover = await this.prepare(mail);
      if ('result' in handover) outcome = handover;
      else {
        to = handover.to;
        outcome = await relay.delivery.deliver(handover, async () => {
          if (!(await this.claims.handOver(mail))) throw new FenceLost();
        });
      }
    } catch (error) {
      // Somebody else has the mail now: not a word about it from here.
      if (error instanceof FenceLost) return;
      this.log.error(`attempt ${mail.attemptId} was broken off before the hand-over: ${(error as Error).name}`);
      outcome = { result: 'unsent', reply: 'broken off before the hand-over' };
    }
    const news = relay.trouble.heed(outcome, to);
    sent();
    await Promise.all([this.record(mail, outcome, to), news && this.states.tell(relay)]);
  }

  /** Gives back a mail that was only claimed: its relay is in trouble, and another is not. */
  async putBack(mail: ClaimedMail): Promise<void> {
    const outcome = { result: 'unsent' as const, reply: 'left to another mail server' };
    await this.record(mail, outcome, mail.recipient ?? '');
  }

  /** The mail as it goes out, or the outcome when there is nothing that could go out. */
  private async prepare(mail: ClaimedMail): Promise<Handover | Outcome> {
    const { id, attemptId, createdAt } = mail;
    if (!mail.intact) return { result: 'refused', reply: 'the stored bytes are not those that were approved' };
    const its = this.kinds.find(mail.kind);
    if (mail.raw && (await its?.isWanted?.(mail)) === false) return { result: 'suppressed' };
    // The same for every attempt: servers that greylist know the sender again.
    const returns = its?.returned && this.returnAddresses.of(id);
    const sender = returns ? { from: returns, reports: true } : { from: this.from };
    if (mail.raw) return { id, attemptId, createdAt, ...sender, to: mail.recipient!, bytes: mail.raw };
    try {
      if (!its?.compose) return { result: 'deferred', reply: `nobody here writes mails of the kind ${mail.kind}` };
      const composed = await its.compose(mail);
      if (!composed) return { result: 'suppressed' };
      const fixed = { id, date: createdAt, from: composed.from ?? this.settings.MAIL_FROM, lane: mail.lane };
      return {
        id,
        attemptId,
        createdAt,
        ...sender,
        to: mailbox(composed.to).address,
        bytes: await this.dkim.sign(await renderMail(composed, fixed)),
      };
    } catch (error) {
      // Only the kind of error: its message may quote the person.
      this.log.error(`a mail of the kind ${mail.kind} could not be written: ${(error as Error).name}`);
      return { result: 'deferred', reply: 'the mail could not be written' };
    }
  }

  /** An answer must not be lost to a database that is away for a moment: it is written down as long as the lease runs. */
  private async record(mail: ClaimedMail, outcome: Outcome, to: string): Promise<void> {
    const kind = this.kinds.find(mail.kind);
    const pause = this.relays.secondsUntilOpen(mail.lane);
    const another = this.relays.another(mail.lane, [mail.relay, ...mail.turnedAway]);
    const settlement = settlementOf(mail, outcome, { kind, to, pause, another });
    for (const seconds of [0.2, 1, 5, 20, 0]) {
      try {
        const settled = await this.claims.settle(settlement);
        if (settled && outcome.result === 'accepted') kind?.accepted?.(mail);
        return;
      } catch (error) {
        if (seconds === 0) throw error;
        await sleep(seconds * 1000);
      }
    }
  }
}
