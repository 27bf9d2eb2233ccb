import { z } from 'zod';
import { locales } from '../site/languages.js';
import { type Right, rights, type Role, roles } from './access.js';

const roleNames = Object.keys(roles) as [Role, ...Role[]];

export const StaffEmail = z
  .string('required')
  .trim()
  .toLowerCase()
  .min(1, 'required')
  .max(200, 'too-long')
  .regex(/^[^\s\p{Cc}<>@,;:"()]+@[^\s\p{Cc}<>@,;:"()]+$/u, 'not-an-address');

export const StaffRole = z.enum(roleNames, 'required');

const PlainName = z
  .string('required')
  .trim()
  .min(1, 'required')
  .max(100, 'too-long')
  .regex(/^[^\p{Cc}]+$/u, 'not-a-name');

export const PasskeyName = PlainName;

export const NewStaffMember = z.object({
  email: StaffEmail,
  name: PlainName,
  role: StaffRole,
});
export type NewStaffMember = z.infer<typeof NewStaffMember>;

export const ChosenLocale = z.object({ locale: z.enum(locales, 'not-a-language') });
export type ChosenLocale = z.infer<typeof ChosenLocale>;

export const RoleChange = z.object({ role: StaffRole });
export type RoleChange = z.infer<typeof RoleChange>;

export const StaffView = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: StaffRole,
  disabled: z.boolean(),
  secondFactor: z.boolean().describe('has an authenticator app or a passkey'),
});
export const RulesView = z.object({
  secondFactor: z.boolean().describe('approvers and admins need a second factor to use the console'),
});
export type RulesView = z.infer<typeof RulesView>;
export const StaffList = z.object({ staff: z.array(StaffView) });
/** `password` is shown this once. */
export const StaffWithPassword = StaffView.extend({ password: z.string() });

const rightNames = rights as unknown as [Right, ...Right[]];

export const NewToken = z.object({
  name: PlainName,
  scopes: z
    .preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(z.enum(rightNames, 'invalid'), 'scopes-needed'),
    )
    .refine((scopes) => scopes.length > 0, 'scopes-needed'),
  days: z.coerce.number('invalid').int('invalid').min(1, 'invalid').max(366, 'invalid').default(90),
});
export type NewToken = z.infer<typeof NewToken>;

export const TokenView = z.object({
  id: z.uuid(),
  name: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.iso.datetime(),
  lastUsedOn: z.string().nullable(),
});
export type TokenView = z.infer<typeof TokenView>;
export const TokenList = z.object({ tokens: z.array(TokenView) });
export const TokenWithSecret = TokenView.extend({ token: z.string().describe('shown this once') });

const Day = z.iso.date('no-day').refine((day) => day > '1999' && day < '2200', 'no-day');
const searched = z
  .string()
  .trim()
  .max(200, 'too-long')
  .regex(/^[^\0]*$/, 'invalid');
const blank = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

/** Which entries: all that are given have to fit. */
export const AuditFilter = z.object({
  who: blank(searched).describe('part of the name of who acted'),
  action: blank(z.string().regex(/^[a-z0-9._-]{0,100}$/, 'invalid')),
  subject: blank(searched).describe('the beginning of a slug or id'),
  from: blank(Day).describe('first day, UTC'),
  until: blank(Day).describe('last day, UTC'),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const AuditQuery = AuditFilter.extend({
  before: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** `check` recomputes the whole chain, which takes as long as the log is. */
export const AuditPageQuery = z.object({ before: AuditQuery.shape.before, check: z.literal('yes').optional() });

export const AuditView = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  hash: z.string(),
});
export const AuditChain = z.object({
  firstBroken: z.string().nullable().describe('id of the first entry that was changed, or null'),
  entries: z.int(),
  lastHash: z.string().describe('keep it elsewhere: if it is ever missing from the log, the end was cut off'),
});

export const AuditList = z.object({ entries: z.array(AuditView), next: z.string().nullable() });
