import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Switches } from '../switches/switches.service.js';
import { inboxName } from './mail-settings.js';
import type { RelayView } from './mail.schema.js';
import { type MailRelay, Relays } from './relays.js';

const longestError = 300;

/**
 * How the relays are, for whoever looks: workers write down what changes, any process reads it. A relay is called paused
 * from its first failure until it answers again.
 */
@Injectable()
export class RelayStates {
  private readonly log = new Logger('Mail');
  /** One after the other, so that the last word is the latest. */
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly relays: Relays,
    private readonly switches: Switches,
  ) {}

  /** Whether nothing leaves at all, until somebody switches mailing on again. */
  async areSwitchedOff(): Promise<boolean> {
    return (await this.switches.offFor('mailing')) === 'all';
  }

  /** Writes down how the relay is now. It never fails: a mail must not, for a page that shows less. */
  tell(relay: MailRelay): Promise<void> {
    const trouble = relay.trouble.view();
    this.telling = this.telling
      .then(() => (trouble ? this.tellTrouble(relay.name, trouble) : this.tellAnswer(relay.name)))
      .catch((error: Error) => this.log.error(`the state of ${relay.name} is not written down: ${error.name}`));
    return this.telling;
  }

  /** Those that are in use, in the order of the settings; none while mail stays on this machine. */
  async list(): Promise<RelayView[]> {
    const used = this.relays.all.filter(({ name }) => name !== inboxName);
    const rows = await this.database.query(
      `SELECT name, failures, since, paused_until AS "pausedUntil", last_error AS "lastError", last_error_at AS "lastErrorAt"
       FROM mail_relays WHERE name = ANY ($1)`,
      [used.map(({ name }) => name)],
    );
    const iso = (time: Date | null | undefined) => time?.toISOString() ?? null;
    return used.map(({ name, weight, lanes }) => {
      const row = rows.find((each: { name: string }) => each.name === name);
      return {
        ...{ name, weight, lanes: [...lanes], state: row?.failures > 0 ? 'paused' : 'open', since: iso(row?.since) },
        ...{ failures: row?.failures ?? 0, pausedUntil: iso(row?.pausedUntil) },
        ...{ lastError: row?.lastError ?? null, lastErrorAt: iso(row?.lastErrorAt) },
      };
    });
  }

  private async tellTrouble(
    name: string,
    trouble: { failures: number; pausedUntil: string; lastError: string | null },
  ) {
    await this.database.query(
      `INSERT INTO mail_relays AS known (name, failures, paused_until, last_error, last_error_at)
       VALUES ($1, $2, $3, $4, now())
       ON CONFLICT (name) DO UPDATE
       SET failures = excluded.failures, paused_until = excluded.paused_until, last_error = excluded.last_error,
           last_error_at = now(), since = CASE WHEN known.failures > 0 THEN known.since ELSE now() END`,
      [name, trouble.failures, trouble.pausedUntil, trouble.lastError?.slice(0, longestError) ?? null],
    );
  }

  private async tellAnswer(name: string) {
    await this.database.query(
      `UPDATE mail_relays SET failures = 0, paused_until = NULL, since = now() WHERE name = $1 AND failures > 0`,
      [name],
    );
  }
}
