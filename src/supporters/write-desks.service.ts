import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AudienceMember } from '../lawmakers/audience.js';
import { addressDigest, sha256 } from '../letters/digest.js';
import { LetterCampaigns, standingApproval, type WholeCampaign } from '../letters/letter-campaigns.service.js';
import { calendarOf } from '../letters/letter-paces.service.js';
import { type StopOf, stopsOf } from '../letters/letter-stops.js';
import { LetterPlans, type PlannedLetter } from '../letters/letter-plans.service.js';
import { oneLine } from '../letters/placeholders.js';
import { frameOf, type Voice, writeDigest } from '../letters/supporter-digest.js';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { Signatures } from '../signatures/signatures.service.js';
import { defaultLocale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { nextDigest } from './digest-days.js';
import { leftOf, type LettersLeft, refuseTooMany, writtenSql } from './letters-left.js';
import { type Area, areasOf, lawmakersOf } from './own-lawmakers.js';
import type { OwnLetter } from './write.schema.js';

/** Letters to carry by hand that one page shows: a parliament without areas may have hundreds. */
const mostByHand = 20;
/** Milliseconds for which the list of lawmakers is kept; whoever objects is left out at once all the same. */
const listFreshFor = 30_000;

/** Who writes with a link, and what she may write. */
export interface Desk extends LettersLeft {
  campaign: WholeCampaign;
  petitionId: string;
  signatureId: string;
  name: string;
  email: string;
  /** Lawmakers she has written to already. */
  written: Set<string>;
  stopOf: StopOf;
}

/** One letter as it will be read. */
export interface OwnText {
  lawmaker: AudienceMember;
  subject: string;
  text: string;
  locale: string;
  variantId: string | null;
}

export interface OfferedLawmaker {
  id: string;
  name: string;
  role: string | null;
  party: string | null;
  area: string | null;
  legislature: string;
  written: boolean;
  /** No mail goes there any more: it is too late for one before the deadline, or they were cancelled. */
  closed: boolean;
}

/** Where she may write, and to whom of the area that she chose. */
export interface Offer {
  areas: Area[];
  area: Area | null;
  lawmakers: OfferedLawmaker[];
  byHand: (OwnText & { contact: string; channel: string })[];
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
    extras.register('write', async (petitionIds) =>
      (await this.openFor(petitionIds)).map(({ petition_id }) => petition_id),
    );
  }

  /** @throws Problem gone where the link or the signature is gone; wrong-state where nobody may write now */
  async open(token: string): Promise<Desk> {
    const { petitionId, signatureId, signer } = await this.signatures.writer(token);
    const id = await this.openId(petitionId);
    if (!id) throw problems.refusal('no-letters-now');
    const campaign = await this.campaigns.find(id);
    const rows = await this.database.query<{ lawmaker_id: string; today: boolean }[]>(writtenSql, [
      id,
      petitionId,
      signatureId,
    ]);
    return {
      campaign,
      ...{ petitionId, signatureId, name: oneLine(signer.name) ?? '', email: signer.email },
      written: new Set(rows.map(({ lawmaker_id }) => lawmaker_id)),
      stopOf: await stopsOf(this.database.manager, id),
      ...leftOf(campaign, rows),
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
    const members = this.approved(campaign).then((list) => list.approved);
    this.lists.set(campaign.id, { members, until: Date.now() + listFreshFor });
    members.catch(() => this.lists.delete(campaign.id));
    return members;
  }

  /**
   * The audience as it is now, without those whose name or address is not the one that a second person has seen.
   * @returns unseen: those of them; they get letters after the next approval
   */
  async approved(campaign: WholeCampaign): Promise<{ approved: AudienceMember[]; unseen: AudienceMember[] }> {
    const approval = await standingApproval(this.database.manager, campaign.id);
    const digests = new Map(approval?.lawmakerIds?.map((id, at) => [id, approval.letterDigests?.[at]]));
    const members = await this.plans.members(campaign);
    const isSeen = ({ lawmakerId, name, contactPoint }: AudienceMember) =>
      !contactPoint || digests.get(lawmakerId) === addressDigest({ name, contact: contactPoint.value });
    return { approved: members.filter(isSeen), unseen: members.filter((member) => !isSeen(member)) };
  }

  async offer(desk: Desk, key: unknown, locale: string): Promise<Offer> {
    const members = await this.members(desk.campaign);
    const areas = areasOf(members, locale);
    const area = areas.find((each) => each.key === key) ?? null;
    const own = area ? lawmakersOf(members, area.key) : [];
    return {
      ...{ areas, area },
      lawmakers: own
        .filter(({ contactPoint }) => contactPoint?.channel === 'email')
        .map((member) => ({
          ...{ id: member.lawmakerId, name: member.name, role: member.role, party: member.party },
          ...{ area: member.area, legislature: member.legislature },
          written: desk.written.has(member.lawmakerId),
          closed: isClosed(desk.campaign, member) || stopFor(desk, member) === 'cancel',
        })),
      byHand: area ? await this.byHand(desk, area.key) : [],
    };
  }

  /**
   * The letters as they would leave now: only to lawmakers of the area, with an e-mail address, not written to yet. In a
   * campaign of digests the mail as it would be if nobody else wrote, without the link that is the office's alone.
   * @throws Problem invalid: too many, words without a yes, or letters to one of them were cancelled
   */
  async texts(desk: Desk, wanted: OwnLetter): Promise<OwnText[]> {
    const { campaign } = desk;
    const members = await this.members(campaign);
    const chosen = lawmakersOf(members, wanted.area).filter(
      (member) =>
        wanted.lawmakers.includes(member.lawmakerId) &&
        member.contactPoint?.channel === 'email' &&
        !desk.written.has(member.lawmakerId) &&
        !isClosed(campaign, member),
    );
    if (chosen.some((member) => stopFor(desk, member) === 'cancel')) throw noMoreLetters();
    refuseTooMany(desk, chosen.length);
    if (!campaign.digest) {
      const by = { name: desk.name, email: desk.email, ownWords: wanted.words };
      return (await this.plans.plan(campaign, chosen, by)).flatMap(asText);
    }
    if (wanted.words && !wanted.passWords) {
      throw problems.invalid([
        { field: 'passWords', code: 'words-not-passed', message: 'Say that your words may be passed on, or add none.' },
      ]);
    }
    const voice = voiceOf(desk, wanted, await this.areaName(desk, wanted.area));
    const planned = await this.plans.plan(campaign, chosen, { at: new Date(), forOffice: false });
    return planned.flatMap(asText).map((own) => ({
      ...own,
      ...writeDigest(
        frameOf(own, campaign.organisation),
        voice.words ? [{ ...voice, alike: 0 }] : [],
        voice.words ? [] : [voice],
      ),
    }));
  }

  /** How an area is called; null: there is none of this key. */
  async areaName({ campaign }: Desk, key: string): Promise<string | null> {
    const areas = areasOf(await this.members(campaign), defaultLocale);
    return areas.find((area) => area.key === key)?.name ?? null;
  }

  /** Letters of the area that she must carry herself: to copy, with the place where they go. */
  private async byHand(desk: Desk, area: string): Promise<Offer['byHand']> {
    const others = lawmakersOf(await this.members(desk.campaign), area)
      .filter((member) => member.contactPoint && member.contactPoint.channel !== 'email')
      // Nothing waits until a pause is over here: what she does not carry she leaves.
      .filter((member) => stopFor(desk, member) === null)
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
    return (await this.openFor([petitionId]))[0]?.id ?? null;
  }

  /** Letters that are open to supporters of these petitions: of each the oldest, so that it stays the same. */
  private openFor(petitionIds: string[]): Promise<{ id: string; petition_id: string }[]> {
    return this.database.query(
      `SELECT DISTINCT ON (petition_id) id, petition_id FROM letter_campaigns
       WHERE petition_id = ANY ($1) AND mode = 'supporters' AND state = 'dispatching'
         AND coalesce(not_before <= now(), true) AND not_after > now()
       ORDER BY petition_id, id`,
      [petitionIds],
    );
  }
}

/** What she passes on, by what she agreed to. */
export const voiceOf = (desk: Desk, wanted: OwnLetter, area: string | null): Voice => ({
  words: wanted.passWords ? wanted.words : '',
  name: wanted.passName ? desk.name : null,
  area: wanted.passArea ? area : null,
});

const isClosed = (campaign: WholeCampaign, member: AudienceMember) =>
  campaign.digest && nextDigest(calendarOf(campaign, member.legislatureSlug ?? ''), Date.now()) === null;

const stopFor = ({ stopOf }: Pick<Desk, 'stopOf'>, { lawmakerId, legislatureSlug }: AudienceMember) =>
  stopOf({ stream: legislatureSlug ?? '', lawmakerId });

/** Whoever runs the campaign has cancelled the letters to one whom she chose. */
export const noMoreLetters = () =>
  problems.invalid([
    { field: 'lawmakers', code: 'letters-cancelled', message: 'No more letters are sent to one of these lawmakers.' },
  ]);

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
