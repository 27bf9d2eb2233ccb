import { Inject, Injectable } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import type { EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { columnsOf } from '../database/binary-array.js';
import { prepared } from '../database/prepared.js';
import type { MailTail } from './mail-tail.js';
import type { Lane, MailState } from './mail-states.js';
import { attemptColumns, letGo, noteEnd } from './outbox-sql.js';

export interface NewMail {
  /** The petition or letter campaign it is for. */
  campaignId: string;
  /** UUIDv7; the Message-ID is made of it. */
  id: string;
  kind: string;
  /** What it is for: a second mail with the same campaign, kind and ref is not taken. */
  ref: string;
  lane: Lane;
  /** Keeps the calendar and the limits of this stream of its campaign; without one it leaves as soon as it can. */
  stream?: string;
  /** Needed with `raw`; kinds that compose name it themselves. */
  recipient?: string;
  payload?: Buffer;
  /** Frozen bytes: sent as they are, also the second time. */
  raw?: Buffer;
  /** What the bytes go on with: kept before, by `keepTail`. Then `rawSha256` is of both together. */
  tail?: Pick<MailTail, 'sha256'>;
  rawSha256?: Buffer;
  notBefore?: Date;
  /** After this the mail is not sent any more. */
  expiresAt?: Date;
}

/** Letters of one stream of a campaign, or single ones. */
export interface Part {
  stream?: string;
  ids?: string[];
}

/** Who wants a mail to stay: whoever paused the campaign, a part of it, or took it back for good. From weak to strong. */
type Stop = 'pause' | 'part' | 'cancel';
const strength = `ARRAY['pause', 'part', 'cancel']`;

/** What the other rooms know of mail: put it in, hold it, let it go, take it back. All in the caller's transaction. */
@Injectable()
export class OutboxService {
  /** Says `wake` when there may be something to send. */
  readonly bell = new EventEmitter();

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** One INSERT for all; a mail that is already there stays as it is. Call `wake()` after the commit. */
  async enqueue(tx: EntityManager, mails: NewMail[]): Promise<void> {
    if (mails.length === 0) return;
    const held = this.settings.MAIL_MODE === 'hold';
    const column = columnsOf(mails);
    await prepared(
      tx,
      `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state, mode_held, recipient, payload, raw, raw_sha256,
                           next_attempt_at, expires_at, stream, tail_sha256)
       SELECT campaign_id, id, kind, ref, lane, $1, $2, recipient, payload, raw, coalesce(raw_sha256, sha256(raw)),
              coalesce(not_before, now()), expires_at, stream, tail_sha256
       FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[],
                   $11::timestamptz[], $12::timestamptz[], $13::text[], $14::bytea[], $15::bytea[])
         AS new (campaign_id, id, kind, ref, lane, recipient, payload, raw, not_before, expires_at, stream,
                 tail_sha256, raw_sha256)
       ON CONFLICT (campaign_id, kind, ref) DO NOTHING`,
      [
        held ? 'held' : 'queued',
        held,
        column('uuid', (mail) => mail.campaignId),
        column('uuid', (mail) => mail.id),
        column('text', (mail) => mail.kind),
        column('text', (mail) => mail.ref),
        column('text', (mail) => mail.lane),
        column('text', (mail) => mail.recipient),
        column('bytea', (mail) => mail.payload),
        column('bytea', (mail) => mail.raw),
        column('timestamptz', (mail) => mail.notBefore),
        column('timestamptz', (mail) => mail.expiresAt),
        column('text', (mail) => mail.stream),
        column('bytea', (mail) => mail.tail?.sha256),
        column('bytea', (mail) => mail.rawSha256),
      ],
    );
  }

  /** Keeps what many mails of a campaign end with, once. */
  async keepTail(tx: EntityManager, campaignId: string, { sha256, bytes }: MailTail): Promise<void> {
    const kept: unknown[] = await tx.query(`SELECT FROM mail_tails WHERE campaign_id = $1 AND sha256 = $2`, [
      campaignId,
      sha256,
    ]);
    if (kept.length > 0) return;
    await tx.query(`INSERT INTO mail_tails (campaign_id, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
      campaignId,
      sha256,
      bytes,
    ]);
  }

  wake(): void {
    this.bell.emit('wake');
  }

  /**
   * Pauses a campaign. What a worker has not begun to hand over is taken from it; the rest goes out, but does not come
   * back into the queue: the mark `stop` stays on it.
   * @returns how many mails it touched
   */
  hold(tx: EntityManager, campaignId: string): Promise<number> {
    return this.stop(tx, campaignId, { stop: 'pause', state: 'held', from: ['queued', 'deferred'] });
  }

  /** Resumes a campaign. What MAIL_MODE=hold holds stays: only a person at the mail desk releases it. */
  async release(tx: EntityManager, campaignId: string): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>(
      `UPDATE outbox
       SET stop = NULL,
           state_at = CASE WHEN state = 'held' THEN now() ELSE state_at END,
           state = CASE WHEN state <> 'held' OR mode_held THEN state WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END
       WHERE campaign_id = $1 AND stop = 'pause'`,
      [campaignId],
    );
    await this.lookAgain(tx, campaignId);
    return count;
  }

  /** Pauses some letters of a campaign; they stay when the campaign as a whole is paused and resumed. */
  holdPart(tx: EntityManager, campaignId: string, part: Part): Promise<number> {
    return this.stop(tx, campaignId, { stop: 'part', state: 'held', from: ['queued', 'deferred'] }, part);
  }

  /** Lets them go on. While the campaign is paused they only join the others that are. */
  async releasePart(tx: EntityManager, campaignId: string, part: Part, paused: boolean): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>(
      `UPDATE outbox
       SET stop = CASE WHEN $4 THEN 'pause' END,
           state_at = CASE WHEN state = 'held' AND NOT $4 THEN now() ELSE state_at END,
           state = CASE WHEN state <> 'held' OR mode_held OR $4 THEN state WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END
       WHERE campaign_id = $1 AND stop = 'part' AND ($2::text IS NULL OR stream = $2) AND ($3::uuid[] IS NULL OR id = ANY ($3))`,
      [campaignId, part.stream ?? null, part.ids ?? null, paused],
    );
    await this.lookAgain(tx, campaignId);
    return count;
  }

  cancelPart(tx: EntityManager, campaignId: string, part: Part): Promise<number> {
    return this.stop(
      tx,
      campaignId,
      { stop: 'cancel', state: 'cancelled', from: ['queued', 'deferred', 'held'] },
      part,
    );
  }

  /** Takes back letters to somebody who wants none any more: also one a worker has claimed, until it is handed over. */
  suppressPart(tx: EntityManager, campaignId: string, part: Part): Promise<number> {
    return this.stop(
      tx,
      campaignId,
      { stop: 'cancel', state: 'suppressed', from: ['queued', 'deferred', 'held'] },
      part,
    );
  }

  /** The same for mails that carry a person's own words, and these are blanked whatever becomes of the mail. */
  async forget(tx: EntityManager, campaignId: string, ids: string[]): Promise<void> {
    await this.suppressPart(tx, campaignId, { ids });
    await tx.query(
      `UPDATE outbox SET payload = NULL WHERE campaign_id = $1 AND id = ANY ($2) AND payload IS NOT NULL`,
      [campaignId, ids],
    );
  }

  /** Takes these mails from the workers that have claimed them: whoever claims them next asks again whether they are wanted. */
  async unclaim(tx: EntityManager, campaignId: string, ids: string[]): Promise<void> {
    await tx.query(
      `WITH next AS (
         SELECT ${attemptColumns} FROM outbox
         WHERE campaign_id = $1 AND id = ANY ($2) AND state = 'claimed' ORDER BY id FOR UPDATE
       ), told AS (
         ${noteEnd('next', { outcome: `'unsent'`, reply: `'looked at again before it was sent'` })}
       )
       UPDATE outbox SET ${letGo(`CASE WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END`)}
       FROM next WHERE outbox.campaign_id = next.campaign_id AND outbox.id = next.id`,
      [campaignId, ids],
    );
    await this.lookAgain(tx, campaignId);
  }

  /** Streams in which nothing was due have something now. */
  private async lookAgain(tx: EntityManager, campaignId: string): Promise<void> {
    await tx.query(`UPDATE mail_streams SET wait_until = NULL WHERE campaign_id = $1`, [campaignId]);
  }

  /** Takes back what has not left. What is being handed over may still arrive; what is in doubt stays for a person. */
  cancel(tx: EntityManager, campaignId: string): Promise<number> {
    return this.stop(tx, campaignId, { stop: 'cancel', state: 'cancelled', from: ['queued', 'deferred', 'held'] });
  }

  /**
   * Locks in the order of the keys, as workers do. A worker whose claim is taken finds its fence lost and sends nothing.
   * What is being handed over or in doubt stays what it is and keeps the mark, so that it does not come back into the
   * queue; and a mark only gives way to a stronger one: a pause of the whole lets no cancelled letter go when it ends.
   */
  private async stop(
    tx: EntityManager,
    campaignId: string,
    { stop, state, from }: { stop: Stop; state: MailState; from: MailState[] },
    part: Part = {},
  ): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>(
      `WITH next AS (
         SELECT ${attemptColumns}, state = 'claimed' AS claimed, state IN ('handing_over', 'in_doubt') AS leaving
         FROM outbox
         WHERE campaign_id = $1
           AND (state = ANY ($2) OR state IN ('claimed', 'handing_over', 'in_doubt') OR state = 'held' AND mode_held)
           AND (stop IS NULL OR array_position(${strength}, stop) < array_position(${strength}, $3))
           AND ($5::text IS NULL OR stream = $5) AND ($6::uuid[] IS NULL OR id = ANY ($6))
         ORDER BY id FOR UPDATE
       ), told AS (
         ${noteEnd(`next WHERE claimed`, { outcome: `'unsent'`, reply: `'taken back before it was sent'` })}
       )
       UPDATE outbox
       SET stop = $3,
           mode_held = mode_held AND $4 = 'held',
           state = CASE WHEN leaving THEN state ELSE $4 END,
           state_at = CASE WHEN leaving THEN state_at ELSE now() END,
           attempt_id = CASE WHEN leaving THEN outbox.attempt_id END,
           lease_until = CASE WHEN leaving THEN lease_until END,
           payload = CASE WHEN leaving OR $4 = 'held' THEN payload END
       FROM next WHERE outbox.campaign_id = next.campaign_id AND outbox.id = next.id`,
      [campaignId, from, stop, state, part.stream ?? null, part.ids ?? null],
    );
    return count;
  }
}
