import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type FieldError, problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { approvalHash } from './approval-hash.js';
import type { Approval } from './approval.entity.js';
import { listDigest } from './digest.js';
import { type Change, changesSince, digestsOf } from './planned-digests.js';
import { type CampaignState, mayBecome } from './campaign-states.js';
import {
  LetterCampaigns,
  lockCampaign,
  standingApproval,
  textFaults,
  voidApproval,
  type WholeCampaign,
} from './letter-campaigns.service.js';
import { LetterPlans } from './letter-plans.service.js';

/** The second pair of eyes: who asked, who said yes, to exactly what. */
@Injectable()
export class Approvals {
  constructor(
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly audit: AuditService,
  ) {}

  /** The open request or standing approval of a campaign, and the hash of what is written now. */
  async state(campaign: WholeCampaign): Promise<{ sha256: string; standing: Approval | null }> {
    return { sha256: approvalHash(campaign), standing: await standingApproval(this.database.manager, campaign.id) };
  }

  /**
   * Of the list of letters as it is now, whatever their date and the count they quote: these are fixed by the approval
   * itself, and change by the minute before.
   */
  async listSha256(campaign: WholeCampaign): Promise<string> {
    const plan = await this.plans.plan({
      ...{ ...campaign, datedAt: new Date(0), petitionCount: '0', petitionCountedAt: new Date(0) },
    });
    return listDigest(digestsOf(campaign.mode, plan));
  }

  /** Letters of an approved campaign that would not leave now as they were approved, and why; none before the approval. */
  async changes(campaign: WholeCampaign): Promise<Change[]> {
    const standing = await standingApproval(this.database.manager, campaign.id);
    if (campaign.state !== 'approved' || !standing?.lawmakerIds) return [];
    const approved = new Map(standing.lawmakerIds.map((each, at) => [each, standing.letterDigests?.[at]]));
    const plan = await this.plans.plan(campaign);
    const changes = changesSince(approved, campaign.mode, plan);
    const rows = await this.database.query<{ id: string; name: string }[]>(
      `SELECT id, name FROM lawmakers WHERE id = ANY ($1)`,
      [changes.map(({ lawmakerId }) => lawmakerId)],
    );
    const names = new Map(rows.map(({ id, name }) => [id, name]));
    return changes.map((change) => ({ ...change, name: names.get(change.lawmakerId) ?? '' }));
  }

  /** Asks colleagues to look. @throws Problem invalid where the letter is not complete */
  async ask(id: string, actor: Actor): Promise<void> {
    const seen = await this.campaigns.find(id);
    const plan = await this.plans.plan(seen);
    const faults = completeness(seen, plan.filter(({ letter }) => letter).length, await this.plans.datedAt(seen));
    await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, id);
      requireMove(campaign, 'in_review');
      if (approvalHash(campaign) !== approvalHash(seen)) throw changedMeanwhile();
      if (faults.length > 0) throw problems.invalid(faults);
      await tx.query(
        `INSERT INTO approvals (campaign_id, id, sha256, asked_by, asked_by_name) VALUES ($1, $2, $3, $4, $5)`,
        [id, uuidv7(), Buffer.from(approvalHash(campaign), 'hex'), ownerOf(actor), actor.name],
      );
      await moveTo(tx, id, 'in_review');
      await this.audit.record(tx, {
        actor,
        action: 'letter-campaign.approval-asked',
        subject: id,
        detail: { sha256: approvalHash(campaign) },
      });
    });
  }

  /**
   * Says yes to what was shown. The author, everybody whose words stand in it and whoever asked cannot, whatever their
   * roles. From here on the letters' date, the count they quote and the list of lawmakers are fixed.
   * @param shown the hashes on the page that the approver read: of the letter, and of the list of who gets what
   * @throws Problem conflict when the letter is no longer what was shown, invalid when the list is not
   */
  async approve(id: string, shown: { sha256: string; listSha256: string }, actor: Actor): Promise<void> {
    const seen = await this.campaigns.find(id);
    const count = seen.petitionSlug ? await this.plans.count(seen) : null;
    const fixed = {
      datedAt: await this.plans.datedAt(seen),
      petitionCount: count && String(count.count),
      petitionCountedAt: count && count.countedAt,
    };
    // Written as they will be, with the date and the count that this approval fixes.
    const plan = await this.plans.plan({ ...seen, ...fixed });
    const letters = digestsOf(seen.mode, plan);
    const lawmakerIds = letters.map(({ lawmakerId }) => lawmakerId);
    const digests = letters.map(({ digest }) => digest);
    const listSha256 = await this.listSha256(seen);
    await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, id);
      requireMove(campaign, 'approved');
      const request = await standingApproval(tx, id);
      const current = approvalHash(campaign);
      if (
        !request ||
        [shown.sha256, request.sha256.toString('hex'), approvalHash(seen)].some((hash) => hash !== current)
      ) {
        throw changedMeanwhile();
      }
      if (authors(campaign, request).has(ownerOf(actor))) {
        throw problems.refusal('needs-second-person');
      }
      if (shown.listSha256 !== listSha256) throw problems.invalid([listChanged]);
      await tx.query(
        `UPDATE approvals SET approved_by = $3, approved_by_name = $4, approved_at = now(), lawmaker_ids = $5,
           letter_digests = $6
         WHERE campaign_id = $1 AND id = $2`,
        [id, request.id, ownerOf(actor), actor.name, lawmakerIds, digests],
      );
      await tx.query(
        `UPDATE letter_campaigns SET state = 'approved', state_at = now(), petition_count = $2, petition_counted_at = $3,
           dated_at = $4, approved_hours = $5
         WHERE id = $1`,
        [...[id, fixed.petitionCount, fixed.petitionCountedAt, fixed.datedAt], JSON.stringify(campaign.officeHours)],
      );
      await this.audit.record(tx, {
        actor,
        action: 'letter-campaign.approved',
        subject: id,
        detail: { sha256: current, lawmakers: lawmakerIds.length },
      });
    });
  }

  /** Back to the desk: by the organiser who thinks again, or by the approver with a reason. */
  async takeBack(id: string, reason: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, id);
      requireMove(campaign, 'draft');
      await voidApproval(tx, id, actor.name, reason || 'taken back');
      await tx.query(
        `UPDATE letter_campaigns SET state = 'draft', state_at = now(), dated_at = NULL, petition_count = NULL,
           petition_counted_at = NULL
         WHERE id = $1`,
        [id],
      );
      await this.audit.record(tx, { actor, action: 'letter-campaign.approval-taken-back', subject: id });
    });
  }
}

/** Everybody whose hands were on the letter. */
export function authors(campaign: WholeCampaign, request: Approval | null): Set<string> {
  const added = campaign.attachments.map(({ addedBy }) => addedBy);
  const written = [...campaign.texts, ...campaign.variants, ...campaign.postscripts];
  const ids = [...campaign.authors, request?.askedBy, ...written.map(({ editedBy }) => editedBy), ...added];
  return new Set(ids.filter((id): id is string => typeof id === 'string'));
}

/** @throws Problem wrong-state */
export function requireMove(campaign: { state: CampaignState }, to: CampaignState): void {
  if (!mayBecome(campaign.state, to)) throw problems.refusal('letter-state', { state: campaign.state });
}

export async function moveTo(tx: EntityManager, id: string, state: CampaignState): Promise<void> {
  await tx.query(`UPDATE letter_campaigns SET state = $2, state_at = now() WHERE id = $1`, [id, state]);
}

const listChanged: FieldError = {
  field: 'listSha256',
  code: 'list-changed',
  message: 'Who gets a letter, where or in which words has changed since this page was shown. Look at the list again.',
};

const changedMeanwhile = () => problems.refusal('changed-meanwhile');

function completeness(campaign: WholeCampaign, recipients: number, earliest: Date): FieldError[] {
  const faults: FieldError[] = [...campaign.texts, ...campaign.variants].flatMap((text) =>
    textFaults(text, campaign.petitionId !== null),
  );
  if (!campaign.texts.some(({ locale }) => locale === campaign.defaultLocale)) {
    faults.push({
      field: 'texts',
      code: 'no-default-text',
      message: 'The letter has no words in its default language.',
    });
  }
  if (recipients === 0) {
    faults.push({ field: 'audience', code: 'no-recipients', message: 'No lawmaker would get this letter.' });
  }
  if (campaign.mode === 'supporters') {
    if (!campaign.petitionId) {
      faults.push({
        field: 'petition',
        code: 'supporters-need-petition',
        message: 'Supporters write as signers of a petition: choose one.',
      });
    }
    if (campaign.attachments.length > 0 || campaign.postscripts.length > 0) {
      faults.push({
        field: 'attachments',
        code: 'not-of-supporters',
        message:
          'Letters of supporters carry no attachments and no postscripts: take them away before you ask for approval.',
      });
    }
    if (!campaign.notAfter) {
      faults.push({
        field: 'notAfter',
        code: 'supporters-need-end',
        message: 'Letters of supporters need a deadline: until then they are taken.',
      });
    }
  }
  if (campaign.notAfter && campaign.notAfter <= earliest) {
    faults.push({ field: 'notAfter', code: 'deadline-past', message: 'The deadline has passed.' });
  }
  return faults;
}
