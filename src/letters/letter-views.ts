import type { Approval } from './approval.entity.js';
import type { WholeCampaign } from './letter-campaigns.service.js';
import type { PlannedLetter } from './letter-plans.service.js';
import type { LetterRow } from './letter-report.service.js';
import type { LetterCampaignView } from './letters.schema.js';

const iso = (date: Date | null) => date?.toISOString() ?? null;

/** A campaign as the API and the pages show it. */
export function campaignView(campaign: WholeCampaign): LetterCampaignView {
  const { id, title, mode, state, version, defaultLocale, senderName, organisation, replyTo, audience } = campaign;
  return {
    id,
    title,
    mode,
    digest: campaign.digest,
    supporterPerDay: campaign.supporterPerDay,
    supporterTotal: campaign.supporterTotal,
    petition: campaign.petitionSlug,
    state,
    version,
    defaultLocale,
    senderName,
    organisation,
    replyTo,
    forwardReplies: campaign.forwardReplies,
    audience,
    audienceId: campaign.audienceId,
    notBefore: iso(campaign.notBefore),
    notAfter: iso(campaign.notAfter),
    pace: campaign.pace,
    datedAt: iso(campaign.datedAt),
    planned: campaign.plannedAt !== null,
    texts: campaign.texts.map(({ locale, subject, body }) => ({ locale, subject, body })),
    variants: campaign.variants.map((variant) => ({
      ...{ id: variant.id, name: variant.name, locale: variant.locale, rules: variant.rules },
      ...{ subject: variant.subject, body: variant.body },
    })),
    attachments: campaign.attachments.map(({ sha256, ...file }) => ({
      ...{ id: file.id, name: file.name, type: file.type, size: file.size },
      sha256: sha256.toString('hex'),
    })),
    postscripts: campaign.postscripts.map(({ lawmakerId, text }) => ({ lawmakerId, text })),
  };
}

export interface ApprovalView {
  /** Of what is written now. */
  sha256: string;
  askedBy: string | null;
  askedAt: string | null;
  approvedBy: string | null;
  approvedAt: string | null;
  lawmakers: number | null;
}

export function approvalView({ sha256, standing }: { sha256: string; standing: Approval | null }): ApprovalView {
  return {
    sha256,
    askedBy: standing?.askedByName ?? null,
    askedAt: iso(standing?.askedAt ?? null),
    approvedBy: standing?.approvedByName ?? null,
    approvedAt: iso(standing?.approvedAt ?? null),
    lawmakers: standing?.lawmakerIds?.length ?? null,
  };
}

/** A line of the dry run. */
export function dryRunView({ member, letter, excluded }: PlannedLetter) {
  return {
    lawmakerId: member.lawmakerId,
    name: member.name,
    legislature: member.legislature,
    chamber: member.chamber,
    party: member.party,
    area: member.area,
    channel: excluded ? null : (member.contactPoint?.channel ?? null),
    contact: excluded ? null : (member.contactPoint?.value ?? null),
    locale: letter?.locale ?? null,
    variantId: letter?.variantId ?? null,
    subject: letter?.subject ?? null,
    excluded,
    excludedNote: member.excludedNote,
  };
}

export interface AudienceCounts {
  lawmakers: number;
  included: number;
  excluded: number;
  byChannel: { name: string; n: number }[];
  byLocale: { name: string; n: number }[];
  /** By id; null are those who get the text of their language. A variant that nobody gets is there with 0. */
  byVariant: { id: string | null; n: number }[];
  /** Postscripts for lawmakers who get no letter. */
  postscriptsUnused: number;
  byReason: { name: string; n: number }[];
}

/** How many get the letter, through which channel, in which language, and why the others do not. */
export function audienceCounts(
  plan: PlannedLetter[],
  { variants, postscripts }: Pick<WholeCampaign, 'variants' | 'postscripts'>,
): AudienceCounts {
  const included = plan.filter(({ excluded }) => excluded === null);
  const writtenTo = new Set(included.map(({ member }) => member.lawmakerId));
  return {
    lawmakers: plan.length,
    included: included.length,
    excluded: plan.length - included.length,
    byChannel: ranked(included.map(({ member }) => member.contactPoint!.channel)),
    byLocale: ranked(included.map(({ letter }) => letter!.locale)),
    byVariant: [...variants.map(({ id }) => id), null].map((id) => ({
      id,
      n: included.filter(({ letter }) => letter!.variantId === id).length,
    })),
    postscriptsUnused: postscripts.filter(({ lawmakerId }) => !writtenTo.has(lawmakerId)).length,
    byReason: ranked(plan.flatMap(({ excluded }) => (excluded === null ? [] : [excluded]))),
  };
}

/** How often each name occurs, most often first. */
export function ranked(names: string[]): { name: string; n: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, n]) => ({ name, n })).sort((a, b) => b.n - a.n || (a.name < b.name ? -1 : 1));
}

export const letterView = (row: LetterRow) => ({
  ...row,
  statusAt: iso(row.statusAt),
  returnedAt: iso(row.returnedAt),
});
