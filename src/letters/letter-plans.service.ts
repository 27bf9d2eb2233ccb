import { Inject, Injectable } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { AudienceMember } from '../lawmakers/audience.js';
import { AudienceService } from '../lawmakers/audience.service.js';
import { LegislaturesService } from '../lawmakers/legislatures.service.js';
import { ObjectionLinks } from '../lawmakers/objection-links.service.js';
import { mailbox } from '../mail/compose.js';
import { Petitions } from '../petitions/petitions.service.js';
import { pageLocale } from '../site/languages.js';
import type { WholeCampaign } from './letter-campaigns.service.js';
import { MissingData, TemplateTooLarge } from './letter-engine.js';
import type { LetterText } from './letter-text.entity.js';
import type { LetterVariant } from './letter-variant.entity.js';
import { sampleDigest } from './supporter-digest.js';
import { fitsVariant } from './variant-rules.js';
import { type FactsIn, letterWriter, variantFor, type WrittenLetter } from './write-letter.js';

/** A member of the audience; `postscriptOf`: whose postscript she gets, where it is not her own id that tells. */
export type LetterMember = AudienceMember & { postscriptOf?: string };
type Wording = LetterText | LetterVariant;

/** What a lawmaker would get at this moment, or why nothing. */
export type PlannedLetter = { member: LetterMember } & (
  { letter: WrittenLetter; excluded: null } | { letter: null; excluded: string }
);

/** A supporter who writes in her own name. */
export interface Writer {
  name: string;
  email: string;
  ownWords: string;
}

/** The text of a digest, written by the organisation at a moment; without the office's own link where a supporter reads it. */
export interface DigestOf {
  at: Date;
  forOffice: boolean;
}

/** The letter to show for all: a mail, as long as there is one, because it has everything that a letter may have. */
export const sampleOf = (plan: PlannedLetter[]): PlannedLetter | undefined => {
  const written = plan.filter(({ letter }) => letter);
  return written.find(({ member }) => member.contactPoint?.channel === 'email') ?? written[0];
};

const fitting = (member: LetterMember) => (words: Wording) => !('rules' in words) || fitsVariant(words.rules, member);

/** The words this lawmaker gets, as they are written. */
export const wordingFor = (
  { variants, texts, defaultLocale }: Pick<WholeCampaign, 'variants' | 'texts' | 'defaultLocale'>,
  member: LetterMember,
): Wording | undefined => variantFor<Wording>(member.locale, [...variants, ...texts], defaultLocale, fitting(member));

const isDigest = (by: Writer | DigestOf): by is DigestOf => 'at' in by;

/** Works out, for every lawmaker of an audience, the letter she gets: the dry run, the preview and the dispatch ask here. */
@Injectable()
export class LetterPlans {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly audiences: AudienceService,
    private readonly legislatures: LegislaturesService,
    private readonly petitions: Petitions,
    private readonly objectionLinks: ObjectionLinks,
  ) {}

  /** Everybody in the legislatures of the audience, with their legislature's name. */
  async members(campaign: WholeCampaign): Promise<LetterMember[]> {
    const names = new Map((await this.legislatures.list()).map(({ slug, name }) => [slug, name]));
    const members = await this.audiences.preview(campaign.audience);
    return members.map((member) => ({
      ...member,
      legislatureSlug: member.legislature,
      legislature: names.get(member.legislature) ?? member.legislature,
    }));
  }

  /**
   * @param members those of the audience it is about; all of them if none are named
   * @param by the supporter who writes, or the digest that is to speak for many; without one the organisation does, and a
   *   campaign that sends digests shows a sample
   */
  async plan(campaign: WholeCampaign, members?: LetterMember[], by?: Writer | DigestOf): Promise<PlannedLetter[]> {
    const write = letterWriter<Wording>(
      [...campaign.variants, ...campaign.texts],
      campaign.defaultLocale,
      await this.facts(campaign, by),
    );
    const postscripts = new Map(campaign.postscripts.map(({ lawmakerId, text }) => [lawmakerId, text]));
    const plan: PlannedLetter[] = [];
    for (const member of members ?? (await this.members(campaign))) {
      const postscript = postscripts.get(member.postscriptOf ?? member.lawmakerId);
      const fits = fitting(member);
      const ownWords = by && !isDigest(by) ? by.ownWords : undefined;
      const spoken = campaign.mode === 'organisation' && member.contactPoint?.channel === 'phone';
      plan.push(
        planned(member, (recipient) => {
          const letter = write(recipient, { fits, postscript, ownWords, spoken });
          return campaign.digest && !by ? sampleDigest(letter, campaign.organisation) : letter;
        }),
      );
      // A parliament of thousands must not keep others waiting.
      if (plan.length % 200 === 0) await setImmediate();
    }
    return plan;
  }

  /** The moment letters carry: fixed by the approval, until then the present or the planned start, in whole seconds. */
  async datedAt(campaign: WholeCampaign): Promise<Date> {
    if (campaign.datedAt) return campaign.datedAt;
    const [row] = await this.database.query(
      `SELECT date_trunc('second', greatest(now(), $1::timestamptz)) AS dated_at`,
      [campaign.notBefore],
    );
    return row.dated_at as Date;
  }

  private async facts(campaign: WholeCampaign, by?: Writer | DigestOf): Promise<FactsIn> {
    const { organisation } = campaign;
    const sender =
      by && !isDigest(by)
        ? { senderName: by.name, replyTo: by.email, organisationAddress: campaign.replyTo, datedAt: new Date() }
        : {
            ...{ senderName: campaign.senderName, replyTo: campaign.replyTo },
            datedAt: by ? by.at : await this.datedAt(campaign),
          };
    const linked = !by || !isDigest(by) || by.forOffice;
    const renewals = await this.objectionLinks.renewals();
    const shared = (locale: string) => ({
      ...{ ...sender, organisation },
      objectionUrl: (lawmakerId: string) =>
        linked ? this.objectionLinks.url(lawmakerId, locale, renewals.get(lawmakerId)) : null,
    });
    if (!campaign.petitionSlug) return (locale) => ({ ...shared(locale), petition: null });
    const petition = await this.petitions.find(campaign.petitionSlug);
    const { count, countedAt } = await (by ? this.countNow(campaign) : this.count(campaign));
    return (locale) => ({
      ...shared(locale),
      petition: {
        title: this.petitions.text(petition, locale).title,
        count,
        countedAt,
        url: `${this.settings.PUBLIC_URL}/${pageLocale(locale)}/p/${petition.slug}`,
      },
    });
  }

  /** The count the letters quote: fixed by the approval, until then the present one. */
  async count(campaign: WholeCampaign): Promise<{ count: number; countedAt: Date }> {
    if (campaign.petitionCountedAt) {
      return { count: Number(campaign.petitionCount), countedAt: campaign.petitionCountedAt };
    }
    return this.countNow(campaign);
  }

  private async countNow(campaign: WholeCampaign): Promise<{ count: number; countedAt: Date }> {
    const { count, asOf } = await this.petitions.count(await this.petitions.find(campaign.petitionSlug!));
    return { count, countedAt: new Date(asOf) };
  }
}

function planned(member: LetterMember, write: (recipient: LetterMember) => WrittenLetter): PlannedLetter {
  if (member.excluded) return { member, letter: null, excluded: member.excluded };
  if (!member.contactPoint) return { member, letter: null, excluded: 'no-contact-point-for-channel' };
  if (member.contactPoint.channel === 'email' && !isMailbox(member.contactPoint.value)) {
    return { member, letter: null, excluded: 'bad-address' };
  }
  try {
    return { member, letter: write(member), excluded: null };
  } catch (error) {
    if (error instanceof TemplateTooLarge) return { member, letter: null, excluded: 'too-large' };
    if (!(error instanceof MissingData)) throw error;
    return { member, letter: null, excluded: `missing:${error.placeholder}` };
  }
}

function isMailbox(address: string): boolean {
  try {
    return mailbox(address).address === address;
  } catch {
    return false;
  }
}
