import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { readMail } from '../mail/read-mail.js';
import { Dkim } from '../mail/dkim.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { sha256 } from './digest.js';
import { LetterAttachments } from './letter-attachments.service.js';
import { LetterCampaigns, type WholeCampaign } from './letter-campaigns.service.js';
import { mayHoldLinks, wordsFor } from './letter-eyes.js';
import { letterId, renderLetter } from './letter-mail.js';
import { askedBy } from './variant-rules.js';
import { LetterPlans, type PlannedLetter } from './letter-plans.service.js';

export interface LetterPreview {
  lawmakerId: string;
  lawmakerName: string;
  channel: string | null;
  contact: string | null;
  locale: string | null;
  /** Which wording she gets, and the rules that all hold for her; null: the text of her language. */
  variant: { id: string; name: string; because: { rule: string; values: string[] }[] } | null;
  postscript: string | null;
  excluded: string | null;
  subject: string | null;
  /** What a reader sees of the bytes, or what a person copies for a channel without bytes. */
  text: string | null;
  headers: { name: string; value: string }[];
  sha256: string | null;
  /** As they are in the bytes; for a channel without bytes what lies in the envelope. Sizes in bytes. */
  attachments: { name: string; type: string; size: number }[];
  /** Of the whole mail, in bytes. */
  size: number | null;
  /** False until the approval has fixed date and count. */
  final: boolean;
}

/** Shows a lawmaker's letter as it will leave: what is shown is read back from the very bytes. */
@Injectable()
export class LetterPreviews {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly attachments: LetterAttachments,
    private readonly dkim: Dkim,
  ) {}

  /** @param actor a viewer reads it without the working link to object */
  async show(id: string, lawmakerId: string, actor: Actor): Promise<LetterPreview> {
    const campaign = await this.campaigns.find(id);
    const planned = await this.planned(campaign, lawmakerId);
    const { member, letter, excluded } = planned;
    const variant = letter && campaign.variants.find(({ id: variantId }) => variantId === letter.variantId);
    const raw = await this.render(campaign, planned);
    const shown = raw && (await readMail(raw));
    return {
      lawmakerId,
      lawmakerName: member.name,
      channel: member.contactPoint?.channel ?? null,
      contact: member.contactPoint?.value ?? null,
      locale: letter?.locale ?? null,
      variant: variant ? { id: variant.id, name: variant.name, because: askedBy(variant.rules) } : null,
      postscript: campaign.postscripts.find((each) => each.lawmakerId === lawmakerId)?.text ?? null,
      excluded,
      subject: shown?.subject ?? letter?.subject ?? null,
      text: wordsFor(actor, shown?.text ?? letter?.text ?? null),
      headers: shown?.headers ?? [],
      sha256: raw && sha256(raw).toString('hex'),
      attachments: shown?.attachments ?? campaign.attachments.map(({ name, type, size }) => ({ name, type, size })),
      size: raw?.length ?? null,
      final: campaign.datedAt !== null,
    };
  }

  /** The bytes themselves. @throws Problem forbidden to a viewer, not-found where this lawmaker gets no mail */
  async raw(id: string, lawmakerId: string, actor: Actor): Promise<Buffer> {
    if (!mayHoldLinks(actor)) throw problems.refusal('bytes-hold-link');
    const campaign = await this.campaigns.find(id);
    const raw = await this.render(campaign, await this.planned(campaign, lawmakerId));
    if (!raw) throw problems.refusal('no-letter-there');
    return raw;
  }

  private async planned(campaign: WholeCampaign, lawmakerId: string): Promise<PlannedLetter> {
    const members = await this.plans.members(campaign);
    const [planned] = await this.plans.plan(
      campaign,
      members.filter((member) => member.lawmakerId === lawmakerId),
    );
    if (!planned) throw problems.refusal('no-letter-there');
    return planned;
  }

  private async render(campaign: WholeCampaign, { member, letter }: PlannedLetter): Promise<Buffer | null> {
    if (!letter || member.contactPoint?.channel !== 'email') return null;
    const datedAt = await this.plans.datedAt(campaign);
    const tail = await this.attachments.tail(campaign);
    const mail = await renderLetter({
      ...campaign,
      id: letterId(campaign.id, member.lawmakerId, datedAt),
      datedAt,
      mailFrom: this.settings.MAIL_FROM,
      to: { name: member.name, address: member.contactPoint.value },
      letter,
      tail,
    });
    const head = await this.dkim.sign(mail, tail);
    return tail ? Buffer.concat([head, tail.bytes]) : head;
  }
}
