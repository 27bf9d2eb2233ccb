import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { leaseSeconds } from './claims.js';
import { attemptColumns, back, letGo, noteEnd } from './outbox-sql.js';

/** What has to be done to the outbox from time to time, by any worker: leases, deadlines, the hold of MAIL_MODE. */
@Injectable()
export class Upkeep {
  constructor(private readonly database: DataSource) {}

  /**
   * Tells that the worker lives. Waits for no row: whoever writes one now has it in the order of its keys, which is not the
   * order of this index, and would wait in turn; what is left out has three more chances before its lease ends.
   */
  async extend(worker: string): Promise<void> {
    await this.database.query(
      `WITH held AS (
         SELECT campaign_id, id FROM outbox WHERE lease_until IS NOT NULL AND worker = $1 FOR UPDATE SKIP LOCKED
       )
       UPDATE outbox SET lease_until = now() + $2 * interval '1 second' FROM held
       WHERE outbox.campaign_id = held.campaign_id AND outbox.id = held.id`,
      [worker, leaseSeconds],
    );
  }

  /**
   * Takes back what silent workers held. What was only claimed has not left and goes back; what was being handed over is
   * in doubt, and goes again by itself only if its kind says so.
   * @param resent kinds that go again after a doubt
   * @param whose those whose lease has ended; all, when no other worker can be alive; or those of one worker that stops
   */
  async recover(resent: string[], whose: 'expired' | 'all' | { worker: string } = 'expired'): Promise<number> {
    const [, count] = await this.database.query<[unknown[], number]>(
      `WITH lost AS (
         SELECT ${attemptColumns}, state, stop,
                CASE WHEN state = 'handing_over' AND kind <> ALL ($1) THEN 'in_doubt' ELSE 'queued' END AS becomes
         FROM outbox
         WHERE lease_until IS NOT NULL AND (lease_until < now() OR $2 OR worker = $3)
         FOR UPDATE SKIP LOCKED
       ), told AS (
         ${noteEnd('lost', {
           outcome: `CASE state WHEN 'claimed' THEN 'unsent' ELSE 'in_doubt' END`,
           reply: `'the worker stopped'`,
         })}
       ), next AS (
         SELECT campaign_id, id, ${back('becomes')} AS state FROM lost
       )
       UPDATE outbox SET ${letGo('next.state')} FROM next
       WHERE outbox.campaign_id = next.campaign_id AND outbox.id = next.id`,
      [resent, whose === 'all', typeof whose === 'object' ? whose.worker : null],
    );
    return count;
  }

  /** Ends what is past its deadline; what is in doubt stays for a person to decide. */
  async expire(): Promise<number> {
    const [, count] = await this.database.query<[unknown[], number]>(
      `WITH next AS (
         SELECT campaign_id, id, 'expired' AS state FROM outbox
         WHERE (waits OR desk = 'held') AND expires_at <= now()
         FOR UPDATE SKIP LOCKED
       )
       UPDATE outbox SET ${letGo('next.state')} FROM next
       WHERE outbox.campaign_id = next.campaign_id AND outbox.id = next.id`,
    );
    return count;
  }

  /** MAIL_MODE=hold: what waits from before is held too. */
  async holdAll(): Promise<void> {
    await this.database.query(`UPDATE outbox SET state = 'held', state_at = now(), mode_held = true WHERE waits`);
  }
}
