import { z } from 'zod';
import { type AudienceMember, outsideOf } from '../lawmakers/audience.js';
import { channels } from '../lawmakers/importers/import-record.js';
import { Audience } from '../lawmakers/lawmakers.schema.js';

/**
 * Who gets a variant, in the words of an audience. A rule that names nothing asks nothing; of those that name something
 * all must hold. `channels`: those by which the letter goes, such as a script for calls.
 */
export const VariantRules = Audience.omit({ include: true, exclude: true, locales: true, having: true }).extend({
  channels: z.array(z.enum(channels)).max(4).default([]),
});
export type VariantRules = z.infer<typeof VariantRules>;

/** In the order in which pages list them. */
export const variantRuleNames = [
  'countries',
  'legislatures',
  'chambers',
  'parties',
  'committees',
  'groups',
  'areas',
  'roles',
  'channels',
] as const satisfies (keyof VariantRules)[];

export function fitsVariant(rules: VariantRules, member: AudienceMember): boolean {
  const { legislatures, channels: by, ...others } = rules;
  const legislature = member.legislatureSlug ?? member.legislature;
  if (legislatures.length > 0 && !legislatures.includes(legislature)) return false;
  if (by.length > 0 && !by.some((channel) => channel === member.contactPoint?.channel)) return false;
  return outsideOf({ ...others, locales: [] }, member) === null;
}

/** The rules of a variant that ask something, with what they ask for: why a lawmaker gets it. */
export const askedBy = (rules: VariantRules): { rule: string; values: string[] }[] =>
  variantRuleNames.flatMap((rule) => (rules[rule].length > 0 ? [{ rule, values: [...rules[rule]] }] : []));
