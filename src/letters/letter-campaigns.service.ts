import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Audience } from '../lawmakers/lawmakers.schema.js';
import { isPublic } from '../petitions/petition-states.js';
import { Petition } from '../petitions/petition.entity.js';
import { canonicalJson } from '../site/canonical-json.js';
import { translate } from '../site/languages.js';
import { type FieldError, problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { approvalHash } from './approval-hash.js';
import { Approval } from './approval.entity.js';
import { isEditable } from './campaign-states.js';
import { LetterAttachment } from './letter-attachment.entity.js';
import { LetterCampaign } from './letter-campaign.entity.js';
import { templateFaults, type TemplateFault } from './letter-engine.js';
import { LetterPostscript } from './letter-postscript.entity.js';
import { LetterText } from './letter-text.entity.js';
import { LetterVariant } from './letter-variant.entity.js';
import { type LetterCampaignChange, type LetterWords, type NewLetterCampaign, utc } from './letters.schema.js';
import type { OfficeHours } from './pace.schema.js';
import { petitionPlaceholders, placeholders } from './placeholders.js';

/** A campaign with its words, in the order of their languages, and the slug of its petition. */
export interface WholeCampaign extends LetterCampaign {
  texts: LetterText[];
  /** In the order in which they are tried. */
  variants: LetterVariant[];
  postscripts: LetterPostscript[];
  /** Without their content. */
  attachments: LetterAttachment[];
  petitionSlug: string | null;
  /** Of the legislatures written to, those that have hours of their own, by slug: they count instead of the campaign's. */
  officeHours: Record<string, OfficeHours>;
}

/** What is wrong in a template, with the place, beside the field it was written in. */
export interface TemplateError extends FieldError, Omit<TemplateFault, 'code'> {}

/** What changes a letter, and voids its approval. */
export type LetterEdit =
  | 'changed'
  | 'audience-changed'
  | 'variants-ordered'
  | `attachment-${'added' | 'removed'}`
  | `${'text' | 'postscript' | 'variant'}-${'written' | 'removed'}`;

/** Writes campaigns and their words. Every change takes the campaign's row first, so none can slip past an approval. */
@Injectable()
export class LetterCampaigns {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** Newest first. */
  async list(): Promise<WholeCampaign[]> {
    const campaigns = await this.database.manager.find(LetterCampaign, { order: { createdAt: 'DESC', id: 'DESC' } });
    return Promise.all(campaigns.map((campaign) => whole(this.database.manager, campaign)));
  }

  /** Those that were submitted and that nobody has approved or given back; the oldest first. */
  waitingForApproval(): Promise<{ id: string; title: string }[]> {
    return this.database.query(
      `SELECT id, title FROM letter_campaigns WHERE state = 'in_review' ORDER BY state_at, id LIMIT 50`,
    );
  }

  /** @throws Problem not-found */
  async find(id: string): Promise<WholeCampaign> {
    const campaign = await this.database.manager.findOneBy(LetterCampaign, { id });
    if (!campaign) throw problems.notFound('There is no letter campaign with this id.');
    return whole(this.database.manager, campaign);
  }

  /** @returns the new campaign's id */
  async create(fields: NewLetterCampaign, actor: Actor): Promise<string> {
    const id = uuidv7();
    if (fields.mode === 'supporters' && fields.pace.spread) throw problems.invalid([noSpread]);
    if (fields.mode !== 'supporters' && fields.digest) throw problems.invalid([noDigest]);
    await this.database.transaction(async (tx) => {
      const { petition, notBefore, notAfter, ...rest } = fields;
      await tx.insert(LetterCampaign, {
        ...rest,
        id,
        petitionId: await petitionId(tx, petition),
        notBefore: notBefore ? utc(notBefore) : null,
        notAfter: notAfter ? utc(notAfter) : null,
        authors: [ownerOf(actor)].filter((owner) => owner !== null),
      });
      await this.audit.record(tx, { actor, action: 'letter-campaign.created', subject: id });
    });
    return id;
  }

  async change(id: string, change: LetterCampaignChange, actor: Actor): Promise<void> {
    await this.edit(id, change.version, actor, 'changed', async (tx, campaign) => {
      const { version: _, petition, notBefore, notAfter, ...rest } = change;
      const fields = {
        ...rest,
        // Rules of its own end that it follows a saved audience.
        ...(change.audience && !sameRules(change.audience, campaign.audience) && { audienceId: null }),
        ...(petition !== undefined && { petitionId: await petitionId(tx, petition) }),
        ...(notBefore !== undefined && { notBefore: notBefore ? utc(notBefore) : null }),
        ...(notAfter !== undefined && { notAfter: notAfter ? utc(notAfter) : null }),
      };
      const [pace, end] = [
        change.pace ?? campaign.pace,
        fields.notAfter === undefined ? campaign.notAfter : fields.notAfter,
      ];
      const mode = change.mode ?? campaign.mode;
      if (pace.spread && mode === 'supporters') throw problems.invalid([noSpread]);
      if ((change.digest ?? campaign.digest) && mode !== 'supporters') throw problems.invalid([noDigest]);
      if (pace.spread && !end) {
        throw problems.invalid([
          { field: 'notAfter', code: 'spread-needs-end', message: 'To be spread, letters need a deadline.' },
        ]);
      }
      if (Object.keys(fields).length > 0) await tx.update(LetterCampaign, { id }, fields);
      if (petition === null)
        refuseFaults(
          [...campaign.texts, ...campaign.variants].flatMap((text) => textFaults(text, false)),
          'petition',
        );
    });
  }

  /** Writes the words of one language, new or again. @throws Problem invalid, with the line of every fault */
  async writeText(id: string, locale: string, words: LetterWords, actor: Actor): Promise<void> {
    await this.edit(id, undefined, actor, 'text-written', async (tx, campaign) => {
      refuseFaults(textFaults(words, campaign.petitionId !== null));
      await tx.upsert(
        LetterText,
        { campaignId: id, locale, ...words, editedBy: ownerOf(actor), editedAt: () => 'now()' },
        ['campaignId', 'locale'],
      );
    });
  }

  async removeText(id: string, locale: string, actor: Actor): Promise<void> {
    await this.edit(id, undefined, actor, 'text-removed', async (tx) => {
      const { affected } = await tx.delete(LetterText, { campaignId: id, locale });
      if (!affected) throw problems.notFound('The letter has no words in this language.');
    });
  }

  /**
   * One change to what an approval vouches for: an open request or a given approval is void with it, in the same
   * transaction. What changes nothing voids nothing.
   */
  async edit(
    id: string,
    version: number | undefined,
    actor: Actor,
    action: LetterEdit,
    work: (tx: EntityManager, campaign: WholeCampaign) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction((tx) => this.editWithin(tx, id, version, actor, action, work));
  }

  /** The same in the caller's transaction. */
  async editWithin(
    tx: EntityManager,
    id: string,
    version: number | undefined,
    actor: Actor,
    action: LetterEdit,
    work: (tx: EntityManager, campaign: WholeCampaign) => Promise<void>,
  ): Promise<void> {
    const before = await lockCampaign(tx, id);
    if (!isEditable(before.state)) throw problems.refusal('letter-state', { state: before.state });
    if (version !== undefined && version !== before.version) {
      throw problems.refusal('changed-meanwhile');
    }
    await work(tx, before);
    const after = await whole(tx, await tx.findOneByOrFail(LetterCampaign, { id }));
    if (approvalHash(before) === approvalHash(after)) return;
    await fallBack(tx, id, actor, action);
    await this.audit.record(tx, { actor, action: `letter-campaign.${action}`, subject: id });
  }
}

/** Whether two audiences ask the same; of the rules only that of channels knows an order. */
function sameRules(one: Audience, other: Audience): boolean {
  const plain = (audience: Audience) =>
    canonicalJson(
      Object.fromEntries(
        Object.entries(Audience.parse(audience)).map(([rule, values]) => [
          rule,
          rule === 'channels' ? values : values.map(canonicalJson).sort(),
        ]),
      ),
    );
  return plain(one) === plain(other);
}

/** Takes the campaign's row until the transaction ends; every verb begins here. @throws Problem not-found */
export async function lockCampaign(tx: EntityManager, id: string): Promise<WholeCampaign> {
  const campaign = await tx.findOne(LetterCampaign, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!campaign) throw problems.notFound('There is no letter campaign with this id.');
  return whole(tx, campaign);
}

/** Ends an open request or a given approval. */
export async function voidApproval(
  tx: EntityManager,
  campaignId: string,
  byName: string,
  reason: string,
): Promise<void> {
  await tx.query(
    `UPDATE approvals SET voided_at = now(), voided_by_name = $2, void_reason = $3
     WHERE campaign_id = $1 AND voided_at IS NULL`,
    [campaignId, byName, reason],
  );
}

/** Something that an approval vouches for has changed: the letter is a draft again, and whoever changed it its author. */
export async function fallBack(tx: EntityManager, id: string, actor: Actor, reason: string): Promise<void> {
  await tx.query(
    `UPDATE letter_campaigns SET version = version + 1, state = 'draft', dated_at = NULL, approved_hours = NULL,
       authors = CASE WHEN $2::uuid IS NULL OR $2 = ANY (authors) THEN authors ELSE authors || $2::uuid END,
       petition_count = NULL, petition_counted_at = NULL,
       state_at = CASE WHEN state = 'draft' THEN state_at ELSE now() END
     WHERE id = $1`,
    [id, ownerOf(actor)],
  );
  await voidApproval(tx, id, actor.name, reason);
}

/** The open request or standing approval. */
export function standingApproval(manager: EntityManager, campaignId: string): Promise<Approval | null> {
  return manager
    .createQueryBuilder(Approval, 'approval')
    .where('approval.campaign_id = :campaignId AND approval.voided_at IS NULL', { campaignId })
    .getOne();
}

/** Faults of both templates; `ofPetition`: whether there is a petition to speak of. */
export function textFaults(words: LetterWords, ofPetition: boolean): TemplateError[] {
  const known = ofPetition ? [...placeholders, ...petitionPlaceholders] : [...placeholders];
  const inField = (field: 'subject' | 'body') =>
    templateFaults(words[field], known).map((fault) => ({ ...fault, field, message: describe(fault) }));
  return [...inField('subject'), ...inField('body')];
}

function describe({ code, line, column, name }: TemplateFault): string {
  if (line === null) return translate('en', `error.${code}`);
  return translate('en', 'letters.fault-at', {
    line,
    column,
    what: translate('en', `letters.fault.${code}`, { name }),
  });
}

export function refuseFaults(faults: TemplateError[], field?: string): void {
  if (faults.length > 0) throw problems.invalid(faults.map((fault) => ({ ...fault, field: field ?? fault.field })));
}

async function whole(manager: EntityManager, campaign: LetterCampaign): Promise<WholeCampaign> {
  const texts = await manager.find(LetterText, { where: { campaignId: campaign.id }, order: { locale: 'ASC' } });
  const variants = await manager.find(LetterVariant, {
    where: { campaignId: campaign.id },
    order: { position: 'ASC', id: 'ASC' },
  });
  const postscripts = await manager.find(LetterPostscript, {
    where: { campaignId: campaign.id },
    order: { lawmakerId: 'ASC' },
  });
  const attachments = await manager.find(LetterAttachment, {
    where: { campaignId: campaign.id },
    order: { id: 'ASC' },
  });
  const petition = campaign.petitionId ? await manager.findOneBy(Petition, { id: campaign.petitionId }) : null;
  const [{ hours: officeHours }] = await manager.query(
    `SELECT coalesce(jsonb_object_agg(slug, calendar), '{}') AS hours FROM legislatures
     WHERE calendar IS NOT NULL
       AND (slug = ANY ($1) OR id IN (SELECT legislature_id FROM lawmakers WHERE id = ANY ($2)))`,
    [campaign.audience.legislatures, campaign.audience.include],
  );
  return Object.assign(campaign, {
    texts,
    variants,
    postscripts,
    attachments,
    petitionSlug: petition?.slug ?? null,
    officeHours: isEditable(campaign.state) ? officeHours : (campaign.approvedHours ?? officeHours),
  });
}

/** Nobody knows how many will write: there is nothing to spread. */
const noSpread: FieldError = {
  field: 'spread',
  code: 'spread-of-supporters',
  message: 'Letters of supporters leave as they come: they cannot be spread until the deadline.',
};

const noDigest: FieldError = {
  field: 'digest',
  code: 'digest-of-supporters',
  message: 'Only letters of supporters go together in one mail a day.',
};

async function petitionId(tx: EntityManager, slug: string | null): Promise<string | null> {
  if (!slug) return null;
  const petition = await tx.findOneBy(Petition, { slug });
  if (!petition || !isPublic(petition.state)) {
    throw problems.invalid([
      { field: 'petition', code: 'unknown-petition', message: 'There is no published petition of this name.' },
    ]);
  }
  return petition.id;
}
