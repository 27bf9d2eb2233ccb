import type { Channel } from './importers/import-record.js';
import type { Audience } from './lawmakers.schema.js';

/** Why a lawmaker gets no letter. Message key `lawmakers.excluded.<code>`. */
export const exclusions = [
  'objection',
  'same-person',
  'left',
  'excluded-by-hand',
  'other-country',
  'other-chamber',
  'other-party',
  'other-area',
  'other-committee',
  'other-group',
  'other-role',
  'other-language',
  'without-channel',
  'not-sitting',
  'no-contact-point-for-channel',
  'objection-at-address',
  'address-shared',
] as const;
export type Exclusion = (typeof exclusions)[number];

export interface AudienceMember {
  lawmakerId: string;
  name: string;
  honorific: string | null;
  familyName: string | null;
  role: string | null;
  gender: string | null;
  locale: string | null;
  party: string | null;
  chamber: string | null;
  area: string | null;
  /** The wider area around it, such as the state of a district. */
  region: string | null;
  legislature: string;
  /** Where `legislature` has been replaced by its name. */
  legislatureSlug?: string;
  country: string;
  /** Names and codes of what she belongs to today. */
  committees: string[];
  groups: string[];
  contactPoint: { id: string; channel: Channel; value: string } | null;
  excluded: Exclusion | null;
  /** What the organiser wrote when she excluded this lawmaker by hand. */
  excludedNote: string | null;
}

/** What the database knows of a candidate; `contactPoints` are the usable ones, best first within a channel. */
export interface Candidate extends Omit<AudienceMember, 'contactPoint' | 'excluded' | 'excludedNote'> {
  left: boolean;
  /** Records joined to this one: whoever named one of them by hand means her. */
  records: string[];
  sitting: boolean;
  objected: boolean;
  contactPoints: { id: string; channel: Channel; value: string; normalForm: string; objected: boolean }[];
}

/**
 * Chooses for each candidate a contact point, or the reason why there is none. An objection beats everything; whoever is
 * named by hand passes all rules but objection, having left, and having no address. One mailbox gets one letter: the
 * second lawmaker at an address is reached through another contact point, or not.
 */
export function chooseMembers(candidates: Candidate[], audience: Audience): AudienceMember[] {
  const included = new Set(audience.include);
  const excluded = new Map(audience.exclude.map(({ lawmakerId, reason }) => [lawmakerId, reason]));
  const taken = new Set<string>();
  return candidates.map(({ left, records, sitting, objected, contactPoints, ...member }) => {
    const ids = [member.lawmakerId, ...records];
    const byHand = ids.some((id) => included.has(id));
    const leftOut = ids.find((id) => excluded.has(id));
    const out = (reason: Exclusion): AudienceMember => ({
      ...member,
      contactPoint: null,
      excluded: reason,
      excludedNote: reason === 'excluded-by-hand' ? excluded.get(leftOut!) || null : null,
    });
    if (objected) return out('objection');
    if (left) return out('left');
    if (leftOut) return out('excluded-by-hand');
    const outside = byHand ? null : outsideOf(audience, member);
    if (outside) return out(outside);
    const reachable = (channel: Channel) => contactPoints.some((point) => point.channel === channel);
    if (!byHand && audience.having.length > 0 && !audience.having.some(reachable)) return out('without-channel');
    if (!sitting && !byHand) return out('not-sitting');
    const usable = audience.channels.flatMap((channel) => contactPoints.filter((point) => point.channel === channel));
    if (usable.length === 0) return out('no-contact-point-for-channel');
    const allowed = usable.filter((point) => byHand || !point.objected);
    if (allowed.length === 0) return out('objection-at-address');
    const chosen = allowed.find((point) => byHand || point.channel !== 'email' || !taken.has(point.normalForm));
    if (!chosen) return out('address-shared');
    if (chosen.channel === 'email') taken.add(chosen.normalForm);
    const { id, channel, value } = chosen;
    return { ...member, contactPoint: { id, channel, value }, excluded: null, excludedNote: null };
  });
}

/** The first rule that leaves her outside; a rule that names nothing asks nothing. */
export function outsideOf(
  audience: Omit<Audience, 'legislatures' | 'channels' | 'having' | 'include' | 'exclude'>,
  member: Omit<AudienceMember, 'contactPoint' | 'excluded' | 'excludedNote'>,
) {
  const asks = (wanted: string[], ...held: (string | null)[]) =>
    wanted.length > 0 && !wanted.some((one) => held.some((value) => value?.toLowerCase() === one.toLowerCase()));
  if (asks(audience.countries, member.country)) return 'other-country' as const;
  if (asks(audience.chambers, member.chamber)) return 'other-chamber' as const;
  if (asks(audience.parties, member.party)) return 'other-party' as const;
  if (asks(audience.areas, member.area, member.region)) return 'other-area' as const;
  if (asks(audience.committees, ...member.committees)) return 'other-committee' as const;
  if (asks(audience.groups, ...member.groups)) return 'other-group' as const;
  if (asks(audience.roles, member.role)) return 'other-role' as const;
  if (asks(audience.locales, member.locale, member.locale?.split('-')[0] ?? null)) return 'other-language' as const;
  return null;
}
