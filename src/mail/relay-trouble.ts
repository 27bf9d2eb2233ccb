import { Logger } from '@nestjs/common';
import { relayPause } from './back-off.js';
import type { Outcome } from './delivery.js';
import { ownWords } from './replies.js';
import { withoutAddresses } from './settlement.js';

/**
 * A relay that cannot be reached, does not serve us or falls silent after a hand-over is left alone for a while, for all
 * mails alike: otherwise one that is broken would turn every letter into a doubt. 5 seconds after the first failure, twice
 * as long after each further one in a row, longer if it asks for it. When the pause is over, one mail tries; an answer that
 * is about the mail ends the trouble. One that wants less gets its rest, whatever it still says yes to.
 */
export class RelayTrouble {
  private readonly log = new Logger('Mail');
  private failures = 0;
  private pausedUntil = 0;
  private lastError: string | null = null;
  private resting = false;
  /** False until the first answer: what an earlier process has written down of this relay may be out of date. */
  private known = false;

  constructor(private readonly name: string) {}

  get paused(): boolean {
    return Date.now() < this.pausedUntil;
  }

  /** It failed the last time; while this is so, mails go to it one by one. */
  get inTrouble(): boolean {
    return this.failures > 0;
  }

  /** Until it is tried again; 0 when it may be now. */
  get secondsLeft(): number {
    return Math.max(Math.ceil((this.pausedUntil - Date.now()) / 1000), 0);
  }

  /**
   * @param to whom the mail was for, so that what is told of the relay does not name her
   * @returns whether its state has changed by this, or may have
   */
  heed(outcome: Outcome, to: string): boolean {
    const { result, code, trouble, reply } = outcome;
    if (!trouble && result !== 'unsent' && result !== 'in_doubt') {
      return code && !(this.resting && this.paused) ? this.answered() : false;
    }
    if (this.paused) return false;
    this.failures += 1;
    this.resting = trouble === 'throttle';
    const pause = relayPause(this.failures, reply && ownWords(reply));
    this.pausedUntil = Date.now() + pause * 1000;
    this.lastError = reply === undefined ? result : withoutAddresses(reply, to);
    const told = trouble ? { relay: 'does not serve us', throttle: 'wants less' }[trouble] : 'does not answer';
    this.log.warn(`the mail server ${this.name} ${told} (${code ?? result}), next try in ${pause} s`);
    return true;
  }

  /** Lets the next mail try, without forgetting how often it went wrong. */
  tryNow(): void {
    this.pausedUntil = 0;
  }

  forget(): void {
    this.failures = 0;
    this.pausedUntil = 0;
    this.resting = false;
    this.known = false;
  }

  /** How often in a row, and when it is tried next; null when the relay answered last time. */
  view(): { failures: number; pausedUntil: string; lastError: string | null } | null {
    const { failures, pausedUntil, lastError } = this;
    return failures === 0 ? null : { failures, pausedUntil: new Date(pausedUntil).toISOString(), lastError };
  }

  private answered(): boolean {
    const news = this.failures > 0 || !this.known;
    this.forget();
    this.known = true;
    return news;
  }
}
