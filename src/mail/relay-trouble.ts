import { Injectable, Logger } from '@nestjs/common';
import { relayPause } from './back-off.js';
import type { Outcome } from './delivery.js';

/**
 * A relay that cannot be reached, or falls silent after a hand-over, is left alone for a while, for all mails alike:
 * otherwise one that is broken would turn every letter into a doubt.
 */
@Injectable()
export class RelayTrouble {
  private readonly log = new Logger('Mail');
  private failures = 0;
  private pausedUntil = 0;

  get paused(): boolean {
    return Date.now() < this.pausedUntil;
  }

  /** Seconds after which a mail that could not leave is due again. */
  get pauseSeconds(): number {
    return relayPause(this.failures);
  }

  heed(outcome: Outcome): void {
    if (outcome.result !== 'unsent' && outcome.result !== 'in_doubt') {
      if (outcome.code) this.forget();
      return;
    }
    if (this.paused) return;
    this.failures += 1;
    this.pausedUntil = Date.now() + this.pauseSeconds * 1000;
    const told = outcome.code ?? outcome.result;
    this.log.warn(`the mail server does not answer (${told}), next try in ${this.pauseSeconds} s`);
  }

  /** Lets the next mail try, without forgetting how often it went wrong. */
  tryNow(): void {
    this.pausedUntil = 0;
  }

  forget(): void {
    this.failures = 0;
    this.pausedUntil = 0;
  }

  /** How often in a row, and when it is tried next; null when the relay answered last time. */
  view(): { failures: number; pausedUntil: string } | null {
    return this.failures === 0
      ? null
      : { failures: this.failures, pausedUntil: new Date(this.pausedUntil).toISOString() };
  }
}
