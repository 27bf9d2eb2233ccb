import { addressDigest, letterDigest } from './digest.js';
import type { PlannedLetter } from './letter-plans.service.js';

/** A letter of a plan, by what a second person vouches for. */
export interface PlannedDigest {
  lawmakerId: string;
  name: string;
  digest: string;
}

/** Of everybody who gets a letter. What supporters write is not known before: there the address alone is vouched for. */
export const digestsOf = (mode: string, plan: PlannedLetter[]): PlannedDigest[] =>
  plan.flatMap(({ member: { lawmakerId, name, contactPoint }, letter }) => {
    if (!letter || !contactPoint) return [];
    const to = { name, contact: contactPoint.value };
    return [{ lawmakerId, name, digest: mode === 'supporters' ? addressDigest(to) : letterDigest(to, letter) }];
  });

/** Somebody who would get no letter now, or another one than was approved. */
export interface Change {
  lawmakerId: string;
  name: string;
  /** A code of why: one that excludes, `changed-since-approval`, `not-approved` or `no-longer-listed`. */
  reason: string;
}

/**
 * What a dispatch at this moment would leave out of what was approved, or find besides. In the order of the plan, then those
 * who are not in it any more.
 * @param approved digests by lawmaker
 */
export function changesSince(
  approved: ReadonlyMap<string, string | undefined>,
  mode: string,
  plan: PlannedLetter[],
): Omit<Change, 'name'>[] {
  const now = new Map(digestsOf(mode, plan).map(({ lawmakerId, digest }) => [lawmakerId, digest]));
  const changed = plan.flatMap(({ member: { lawmakerId }, excluded }) => {
    const digest = now.get(lawmakerId);
    if (!approved.has(lawmakerId)) return digest === undefined ? [] : [{ lawmakerId, reason: 'not-approved' }];
    if (digest === undefined) return [{ lawmakerId, reason: excluded ?? 'no-longer-listed' }];
    return digest === approved.get(lawmakerId) ? [] : [{ lawmakerId, reason: 'changed-since-approval' }];
  });
  const planned = new Set(plan.map(({ member }) => member.lawmakerId));
  const gone = [...approved.keys()].filter((lawmakerId) => !planned.has(lawmakerId));
  return [...changed, ...gone.map((lawmakerId) => ({ lawmakerId, reason: 'no-longer-listed' }))];
}
