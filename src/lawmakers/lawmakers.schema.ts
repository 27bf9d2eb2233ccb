import { z } from 'zod';
import { countryCodes } from '../site/languages.js';
import { importFormats } from './importers/import-sources.js';
import { channels } from './importers/import-record.js';

export const LegislatureSlug = z.string().regex(/^[a-z][a-z0-9-]{0,58}[a-z0-9]$/, 'lawmakers-slug');
const line = z.string().trim().min(1).max(200);
/** Why somebody did something, in a line or a few. */
const reason = z
  .string()
  .trim()
  .min(1, 'required')
  .max(500, 'too-long')
  .refine((text) => !/[^\P{Cc}\n\r\t]/u.test(text), 'invalid');
const names = z.array(line).max(500).default([]);

/** Fields of an upload, from a form, a query or the command line: empty means not given. */
const given = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const ticked = z.preprocess(
  (value) => ['on', 'true', '1', 'yes', true].includes(value as string | boolean),
  z.boolean(),
);

export const ImportRequest = z.object({
  format: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.enum(['auto', ...importFormats]).default('auto'),
  ),
  legislature: given(LegislatureSlug),
  name: given(line),
  country: given(
    z
      .string()
      .toUpperCase()
      .refine((code) => countryCodes.has(code) || /^X[A-Z]$/.test(code), 'not-a-country'),
  ),
  /** `name=Full name,email=E-mail`: fields of the column map and headers of the file. */
  map: given(z.string().max(4000)),
  /** The file lists only some members: whoever is not in it stays. */
  partial: ticked,
});
export type ImportRequest = z.infer<typeof ImportRequest>;

export const Audience = z.object({
  legislatures: z.array(LegislatureSlug).max(100).default([]),
  chambers: names,
  parties: names,
  areas: names,
  /** Committees and groups by their name or their code in the source. */
  committees: names,
  groups: names,
  roles: names,
  countries: names,
  locales: names,
  /** In order of preference. */
  channels: z.array(z.enum(channels)).min(1).max(4).default(['email', 'form', 'post', 'phone']),
  /** Only who can be reached by one of these, whichever way the letter then takes. */
  having: z.array(z.enum(channels)).max(4).default([]),
  include: z.array(z.uuid()).max(5000).default([]),
  exclude: z
    .array(z.object({ lawmakerId: z.uuid(), reason: z.string().trim().max(500).default('') }))
    .max(5000)
    .default([]),
});
export type Audience = z.infer<typeof Audience>;

export const LawmakerFilter = z.object({
  legislature: given(LegislatureSlug),
  chamber: given(line),
  party: given(line),
  area: given(line),
  channel: given(z.enum(channels)),
  /** `present` members only, those who have `left`, with a standing `objection`, or with a contact point `marked` as failing. */
  status: given(z.enum(['present', 'left', 'objection', 'marked'])),
  q: given(line),
  after: given(z.string().max(400)),
});
export type LawmakerFilter = z.infer<typeof LawmakerFilter>;

export const NewObjection = z.object({ note: reason });
export type NewObjection = z.infer<typeof NewObjection>;

/** Why letters may go to a lawmaker again who had objected. */
export const ObjectionLifting = z.object({ reason });
export type ObjectionLifting = z.infer<typeof ObjectionLifting>;

export const NewContactPoint = z.object({
  channel: z.enum(channels),
  value: z.string().trim().min(1, 'required').max(2000),
  label: given(line),
});
export type NewContactPoint = z.infer<typeof NewContactPoint>;

export const NewPersonDecision = z
  .object({
    first: z.uuid(),
    second: z.uuid(),
    decision: z.enum(['same', 'different']),
    /** Which of the two records stands for the person, where they are the same. */
    keep: z.uuid().optional(),
  })
  .refine(({ first, second }) => first !== second, { path: ['second'], error: 'invalid' })
  .refine(({ first, second, decision, keep }) => decision === 'different' || keep === first || keep === second, {
    path: ['keep'],
    error: 'required',
  });
export type NewPersonDecision = z.infer<typeof NewPersonDecision>;

export const ImportRowFilter = z.object({
  change: given(z.enum(['new', 'changed', 'gone'])),
  after: z.coerce.number().int().min(-1).max(1_000_000).default(-1),
});
export type ImportRowFilter = z.infer<typeof ImportRowFilter>;

export const ImportsQuery = z.object({ before: z.uuid().optional().describe('id of the last one seen') });
export type ImportsQuery = z.infer<typeof ImportsQuery>;
