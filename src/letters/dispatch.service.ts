import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { AudienceService } from '../lawmakers/audience.service.js';
import { Dkim } from '../mail/dkim.js';
import type { MailTail } from '../mail/mail-tail.js';
import { OutboxService, type Part } from '../mail/outbox.service.js';
import { storedName } from '../site/actor-name.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { approvalHash } from './approval-hash.js';
import { letterDigest, sha256 } from './digest.js';
import { isOpenTask, type PartVerb, taskStops } from './campaign-states.js';
import { LetterAttachments } from './letter-attachments.service.js';
import { moveTo, requireMove } from './approvals.service.js';
import {
  LetterCampaigns,
  lockCampaign,
  standingApproval,
  voidApproval,
  type WholeCampaign,
} from './letter-campaigns.service.js';
import { letterId, renderLetter } from './letter-mail.js';
import { LetterPaces } from './letter-paces.service.js';
import { LetterPlans, type PlannedLetter } from './letter-plans.service.js';
import { isStillWritten, LetterParts } from './letter-parts.service.js';
import { noteStop, stopsOf } from './letter-stops.js';
import type { LetterPart } from './pace.schema.js';
import { insertLetters, mailsOf, type NewLetter, withheld } from './planning.js';
import { reachedOtherwise } from './second-letters.js';

/** Lawmakers per transaction: short enough for the embedded database, long enough to be cheap. */
const batchSize = 250;

/** Turns an approved campaign into letters and mails, and stops, goes on with, or ends it. */
@Injectable()
export class Dispatch implements BeforeApplicationShutdown {
  private readonly running = new Map<string, Promise<void>>();
  private stopping = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly audiences: AudienceService,
    private readonly outbox: OutboxService,
    private readonly attachments: LetterAttachments,
    private readonly paces: LetterPaces,
    private readonly parts: LetterParts,
    private readonly audit: AuditService,
    private readonly dkim: Dkim,
  ) {}

  /**
   * Lets an approved letter go. Twice is once: the second finds it dispatching. Planning goes on in the background;
   * `planned()` waits for it.
   */
  async start(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, id);
      if (campaign.state !== 'approved') throw problems.refusal('letter-state', { state: campaign.state });
      const approval = await standingApproval(tx, id);
      // Edits void an approval; this also catches what was changed behind the application's back.
      if (!approval?.approvedAt || approval.sha256.toString('hex') !== approvalHash(campaign)) {
        throw problems.refusal('approval-outdated');
      }
      const [{ over }] = await tx.query(`SELECT coalesce($1::timestamptz <= now(), false) AS over`, [
        campaign.notAfter,
      ]);
      if (over) throw problems.refusal('letter-deadline-passed');
      await moveTo(tx, id, 'dispatching');
      if (campaign.mode === 'supporters') await this.openToSupporters(tx, campaign);
      await this.audit.record(tx, {
        actor,
        action: 'letter-campaign.dispatched',
        subject: id,
        detail: { sha256: approval.sha256.toString('hex'), lawmakers: approval.lawmakerIds?.length ?? 0 },
      });
    });
    this.goOn(id);
  }

  /** Nothing is planned: letters come from those who write. */
  private async openToSupporters(tx: EntityManager, campaign: WholeCampaign): Promise<void> {
    // Of two that are opened at once, one waits here and finds the other.
    await tx.query(`SELECT FROM petitions WHERE id = $1 FOR NO KEY UPDATE`, [campaign.petitionId]);
    const others: unknown[] = await tx.query(
      `SELECT FROM letter_campaigns
       WHERE petition_id = $1 AND id <> $2 AND mode = 'supporters' AND state IN ('dispatching', 'paused')`,
      [campaign.petitionId, campaign.id],
    );
    if (others.length > 0) throw problems.refusal('another-letter-open');
    await this.paces.keepLimits(tx, campaign);
    await tx.query(`UPDATE letter_campaigns SET planned_at = now() WHERE id = $1`, [campaign.id]);
  }

  async pause(id: string, actor: Actor | 'system'): Promise<void> {
    await this.move(id, 'paused', 'paused', actor, (tx) => this.outbox.hold(tx, id));
  }

  async resume(id: string, actor: Actor | 'system'): Promise<void> {
    const campaign = await this.campaigns.find(id);
    if (campaign.state !== 'paused') throw problems.refusal('letter-state', { state: campaign.state });
    await this.move(id, 'dispatching', 'resumed', actor, (tx) => this.outbox.release(tx, id));
    this.outbox.wake();
    this.goOn(id);
  }

  /** Takes back what has not left and closes the campaign for good. */
  async cancel(id: string, actor: Actor | 'system'): Promise<void> {
    await this.move(id, 'cancelled', 'cancelled', actor, async (tx) => {
      await voidApproval(tx, id, storedName(actor), 'cancelled');
      await tx.query(`UPDATE letters SET state = 'cancelled' WHERE campaign_id = $1 AND ${isOpenTask}`, [id]);
      return this.outbox.cancel(tx, id);
    });
  }

  /**
   * Pauses, resumes or cancels the letters to one legislature or one lawmaker, by whatever channel, also those that are still
   * to be written. A pause of the whole campaign leaves those alone that are paused one by one.
   * @returns lasting: later letters are meant too, so that it is something even where none waits
   * @throws Problem not-found where no letter is meant
   */
  async stopPart(
    id: string,
    part: LetterPart,
    verb: PartVerb,
    actor: Actor,
  ): Promise<{ mails: number; tasks: number; lasting: boolean }> {
    const done = await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, id);
      if (campaign.state !== 'dispatching' && campaign.state !== 'paused') {
        throw problems.refusal('letter-state', { state: campaign.state });
      }
      const { stream, ids } = await this.parts.find(tx, campaign, part);
      const stopped = await this.stopLetters(tx, campaign, ids ? { ids } : { stream }, verb);
      await noteStop(tx, id, { stream, ...(part.lawmakerId && { lawmakerId: part.lawmakerId }) }, verb);
      await this.audit.record(tx, {
        actor,
        action: `letter-campaign.part-${verb}`,
        subject: id,
        detail: { ...part, ...stopped },
      });
      return { ...stopped, lasting: isStillWritten(campaign) };
    });
    this.outbox.wake();
    return done;
  }

  private async stopLetters(tx: EntityManager, campaign: WholeCampaign, part: Part, verb: PartVerb) {
    const mails = await (verb === 'pause'
      ? this.outbox.holdPart(tx, campaign.id, part)
      : verb === 'resume'
        ? this.outbox.releasePart(tx, campaign.id, part, campaign.state === 'paused')
        : this.outbox.cancelPart(tx, campaign.id, part));
    const { from, to } = taskStops[verb];
    const [, tasks] = await tx.query<[unknown[], number]>(
      `UPDATE letters SET state = $2
       WHERE campaign_id = $1 AND state = ANY ($3) AND ($4::text IS NULL OR stream = $4) AND ($5::uuid[] IS NULL OR id = ANY ($5))`,
      [campaign.id, to, from, part.stream ?? null, part.ids ?? null],
    );
    return { mails, tasks };
  }

  /** Resolves when planning, if any is under way in this process, has ended. @throws what ended it */
  async planned(id: string): Promise<void> {
    await this.running.get(id);
  }

  /** Planning ends after the batch in hand; the next start takes it up. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await Promise.allSettled(this.running.values());
  }

  /** Plans what a dispatching campaign still lacks. In the background; a failure is taken up again by the runner. */
  goOn(id: string): void {
    if (this.running.has(id)) return;
    const planning = this.plan(id).finally(() => this.running.delete(id));
    planning.catch(() => undefined);
    this.running.set(id, planning);
  }

  /**
   * A row per lawmaker, batch by batch: letters are written and rendered outside, then rows and mails are committed
   * together. Whoever has a row is passed over, so that a run which was killed goes on where it stopped, and two at once
   * make no double: the unique index decides.
   */
  private async plan(id: string): Promise<void> {
    const campaign = await this.campaigns.find(id);
    if (campaign.state !== 'dispatching' || campaign.plannedAt) return;
    const approved = await standingApproval(this.database.manager, id);
    const wanted = new Map(approved?.lawmakerIds?.map((each, at) => [each, approved.letterDigests?.[at]]));
    const done: { lawmaker_id: string }[] = await this.database.query(
      `SELECT lawmaker_id FROM letters WHERE campaign_id = $1`,
      [id],
    );
    const known = new Set(done.map((row) => row.lawmaker_id));
    const members = await this.plans.members(campaign);
    const open = await this.plans.plan(
      campaign,
      members.filter(({ lawmakerId }) => !known.has(lawmakerId)),
    );
    const tail = await this.attachments.tail(campaign);
    for (let next = 0; next < open.length; next += batchSize) {
      const letters = await Promise.all(
        open.slice(next, next + batchSize).map((planned) => this.write(campaign, planned, wanted, tail)),
      );
      if (!(await this.commit(campaign, letters)) || this.stopping) return;
      this.outbox.wake();
    }
    await this.database.transaction(async (tx) => {
      const now = await lockCampaign(tx, id);
      if (now.state !== 'dispatching' || now.plannedAt) return;
      await tx.query(`UPDATE letter_campaigns SET planned_at = now() WHERE id = $1`, [id]);
      await this.audit.record(tx, { actor: 'system', action: 'letter-campaign.planned', subject: id });
    });
  }

  private async write(
    campaign: WholeCampaign,
    planned: PlannedLetter,
    approved: Map<string, string | undefined>,
    tail: MailTail | null,
  ): Promise<NewLetter> {
    const { member, letter, excluded } = planned;
    const { contactPoint } = member;
    const row: NewLetter = {
      id: letterId(campaign.id, member.lawmakerId, campaign.datedAt!),
      lawmakerId: member.lawmakerId,
      state: 'excluded',
      reason: excluded,
      lawmakerName: member.name,
      party: member.party,
      chamber: member.chamber,
      area: member.area,
      legislature: member.legislature,
      stream: member.legislatureSlug ?? '',
      locale: letter?.locale ?? null,
      variantId: letter?.variantId ?? null,
      channel: contactPoint?.channel ?? null,
      contact: contactPoint?.value ?? null,
      subject: null,
      body: null,
      raw: null,
      rawSha256: null,
      tail: null,
    };
    if (!letter || !contactPoint) return row;
    if (!approved.has(member.lawmakerId)) return withheld(row, 'not-approved');
    const digest = letterDigest({ name: member.name, contact: contactPoint.value }, letter);
    if (approved.get(member.lawmakerId) !== digest) return withheld(row, 'changed-since-approval');
    if (contactPoint.channel !== 'email') {
      return { ...row, state: 'task', subject: letter.subject, body: letter.text };
    }
    const mail = await renderLetter({
      ...campaign,
      id: row.id,
      datedAt: campaign.datedAt!,
      mailFrom: this.settings.MAIL_FROM,
      to: { name: member.name, address: contactPoint.value },
      letter,
      tail,
    });
    const raw = await this.dkim.sign(mail, tail);
    const rawSha256 = tail ? sha256(raw, tail.bytes) : sha256(raw);
    return { ...row, state: 'mail', subject: letter.subject, raw, rawSha256, tail };
  }

  /** @returns false when the campaign was paused or cancelled in the meantime: nothing was written */
  private commit(campaign: WholeCampaign, letters: NewLetter[]): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const now = await lockCampaign(tx, campaign.id);
      if (now.state !== 'dispatching') return false;
      const ids = letters.map(({ lawmakerId }) => lawmakerId);
      const objecting = await this.audiences.objecting(tx, ids);
      const reached = await reachedOtherwise(tx, campaign.id, ids);
      const current = letters.map((letter) => {
        if (letter.state === 'excluded') return letter;
        if (objecting.has(letter.lawmakerId)) return withheld(letter, 'objection');
        return reached.has(letter.lawmakerId) ? withheld(letter, 'same-person') : letter;
      });
      const written = await insertLetters(tx, campaign.id, current);
      const mails = mailsOf(now, written);
      await this.paces.begin(tx, now, mails);
      const tail = letters.find((letter) => letter.tail)?.tail;
      if (tail) await this.outbox.keepTail(tx, campaign.id, tail);
      await this.outbox.enqueue(tx, mails);
      const stopOf = await stopsOf(tx, campaign.id);
      for (const verb of ['pause', 'cancel'] as const) {
        const stopped = written.filter((letter) => stopOf(letter) === verb).map(({ id }) => id);
        if (stopped.length > 0) await this.stopLetters(tx, now, { ids: stopped }, verb);
      }
      return true;
    });
  }

  private async move(
    id: string,
    to: 'paused' | 'dispatching' | 'cancelled',
    verb: 'paused' | 'resumed' | 'cancelled',
    actor: Actor | 'system',
    work: (tx: EntityManager) => Promise<number>,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      requireMove(await lockCampaign(tx, id), to);
      await moveTo(tx, id, to);
      const mails = await work(tx);
      await this.audit.record(tx, { actor, action: `letter-campaign.${verb}`, subject: id, detail: { mails } });
    });
  }
}
