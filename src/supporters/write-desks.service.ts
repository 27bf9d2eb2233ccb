import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AudienceMember } from '../lawmakers/audience.js';
import { addressDigest, sha256 } from '../letters/digest.js';
import { LetterCampaigns, standingApproval, type WholeCampaign } from '../letters/letter-campaigns.service.js';
import { LetterPlans, type PlannedLetter } from '../letters/letter-plans.service.js';
import { oneLine } from '../letters/placeholders.js';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { Signatures } from '../signatures/signatures.service.js';
import { problems } from '../site/problem.js';
import { lawmakersOf } from './own-lawmakers.js';
import type { OwnLetter } from './write.schema.js';

/** Letters of one supporter in one campaign. */
export const mostLetters = 10;
/** Letters to carry by hand that one page shows: a parliament without areas may have hundreds. */
const mostByHand = 20;
/** Milliseconds for which the list of lawmakers is kept; whoever objects is left out at once all the same. */
const listFreshFor = 30_000;

/** Who writes with a link, and what she may write. */
export interface Desk {
  campaign: WholeCampaign;
  petitionId: string;
  signatureId: string;
  name: string;
  email: string;
  /** Lawmakers she has written to already. */
  written: Set<string>;
}

/** One letter as it will be read. */
export interface OwnText {
  lawmaker: AudienceMember;
  subject: string;
  text: string;
  locale: string;
  variantId: string | null;
}

/** Where a supporter sits down to write: which campaign is open, who her lawmakers are, what they would read. */
@Injectable()
export class WriteDesks {
  private readonly lists = new Map<string, { members: Promise<AudienceMember[]>; until: number }>();

  constructor(
    private readonly database: DataSource,
    private readonly signatures: Signatures,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    extras: PetitionExtras,
  ) {
    extras.register('write', async (petitionId) => (await this.openId(petitionId)) !== null);
  }

  /** @throws Problem gone where the link or the signature is gone; wrong-state where nobody may write now */
  async open(token: string): Promise<Desk> {
    const { petitionId, signatureId, signer } = await this.signatures.writer(token);
    const id = await this.openId(petitionId);
    if (!id) throw problems.wrongState('Supporters of this petition can write no letters at the moment.');
    const rows: { lawmaker_id: string }[] = await this.database.query(
      `SELECT lawmaker_id FROM letters JOIN supporter_letters s USING (campaign_id, id)
       WHERE campaign_id = $1 AND s.petition_id = $2 AND s.signature_id = $3`,
      [id, petitionId, signatureId],
    );
    return {
      campaign: await this.campaigns.find(id),
      ...{ petitionId, signatureId, name: oneLine(signer.name) ?? '', email: signer.email },
      written: new Set(rows.map(({ lawmaker_id }) => lawmaker_id)),
    };
  }

  /** @throws Problem not-found where no letter is open to supporters of this petition */
  async requireOpen(petitionId: string): Promise<void> {
    if (!(await this.openId(petitionId))) throw problems.notFound();
  }

  /** Everybody in the audience; the same list for half a minute. */
  members(campaign: WholeCampaign): Promise<AudienceMember[]> {
    const known = this.lists.get(campaign.id);
    if (known && known.until > Date.now()) return known.members;
    const members = this.approved(campaign);
    this.lists.set(campaign.id, { members, until: Date.now() + listFreshFor });
    members.catch(() => this.lists.delete(campaign.id));
    return members;
  }

  /** Without those whose name or address is not the one that a second person has seen. */
  private async approved(campaign: WholeCampaign): Promise<AudienceMember[]> {
    const approval = await standingApproval(this.database.manager, campaign.id);
    const digests = new Map(approval?.lawmakerIds?.map((id, at) => [id, approval.letterDigests?.[at]]));
    const members = await this.plans.members(campaign);
    return members.filter(
      ({ lawmakerId, name, contactPoint }) =>
        !contactPoint || digests.get(lawmakerId) === addressDigest({ name, contact: contactPoint.value }),
    );
  }

  /** The letters as they would leave now: only to lawmakers of the area, with an e-mail address, not written to yet. */
  async texts(desk: Desk, { area, lawmakers, words }: OwnLetter): Promise<OwnText[]> {
    const chosen = lawmakersOf(await this.members(desk.campaign), area).filter(
      ({ lawmakerId, contactPoint }) =>
        lawmakers.includes(lawmakerId) && contactPoint?.channel === 'email' && !desk.written.has(lawmakerId),
    );
    const left = mostLetters - desk.written.size;
    if (chosen.length > left) {
      throw problems.invalid([
        { field: 'lawmakers', code: 'too-many-letters', message: `You can write ${left} more letters.` },
      ]);
    }
    const planned = await this.plans.plan(desk.campaign, chosen, {
      ...{ name: desk.name, email: desk.email, ownWords: words },
    });
    return planned.flatMap(asText);
  }

  /** Letters of the area that she must carry herself: to copy, with the place where they go. */
  async byHand(desk: Desk, area: string): Promise<(OwnText & { contact: string; channel: string })[]> {
    const others = lawmakersOf(await this.members(desk.campaign), area)
      .filter(({ contactPoint }) => contactPoint && contactPoint.channel !== 'email')
      .slice(0, mostByHand);
    const planned = await this.plans.plan(desk.campaign, others, {
      ...{ name: desk.name, email: desk.email, ownWords: '' },
    });
    return planned.flatMap(asText).map((text) => ({
      ...text,
      // What stands below the words is about letters that we hand on.
      text: text.text.slice(0, text.text.lastIndexOf('\n\n-- \n')),
      contact: text.lawmaker.contactPoint!.value,
      channel: text.lawmaker.contactPoint!.channel,
    }));
  }

  private async openId(petitionId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }[]>(
      `SELECT id FROM letter_campaigns WHERE petition_id = $1 AND mode = 'supporters' AND state = 'dispatching'
         AND coalesce(not_before <= now(), true) AND not_after > now()`,
      [petitionId],
    );
    return row?.id ?? null;
  }
}

/** What she says yes to: every text with its addressee, to the letter. */
export const digestOf = (texts: OwnText[]): string =>
  sha256(
    JSON.stringify(texts.map(({ lawmaker, subject, text }) => [lawmaker.contactPoint!.value, subject, text])),
  ).toString('hex');

const asText = ({ member, letter }: PlannedLetter): OwnText[] =>
  letter
    ? [
        {
          lawmaker: member,
          subject: letter.subject,
          text: letter.text,
          locale: letter.locale,
          variantId: letter.variantId,
        },
      ]
    : [];
