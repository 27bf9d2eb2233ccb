import { z } from 'zod';
import { line, lines } from '../petitions/petition-words.schema.js';
import { sha256 } from '../petitions/petitions.schema.js';
import { locales } from '../site/languages.js';
import { updateStates } from './update-states.js';

/** What a signer reads in one language. */
export const UpdateWords = z.object({
  title: line(200).describe('also the subject of the mail'),
  body: lines(20_000).describe('Markdown, without pictures'),
});
export type UpdateWords = z.infer<typeof UpdateWords>;

export const NewUpdate = z.object({
  organisation: z
    .preprocess((id) => (id === '' ? null : id), z.uuid('invalid').nullable())
    .default(null)
    .describe('in whose name it goes, to those who agreed with it; null: to all who want news of the petition'),
  texts: z.partialRecord(z.enum(locales), UpdateWords).refine((texts) => Object.keys(texts).length > 0, 'required'),
});
export type NewUpdate = z.infer<typeof NewUpdate>;

export const UpdateApproval = z.object({ sha256: sha256.describe('of the words that were read') });
export type UpdateApproval = z.infer<typeof UpdateApproval>;

export const UpdateRejection = z.object({ reason: lines(2000).describe('for its author') });
export type UpdateRejection = z.infer<typeof UpdateRejection>;

export const UpdateTest = z.object({ locale: z.enum(locales, 'not-a-language') });
export type UpdateTest = z.infer<typeof UpdateTest>;

/** How many, never who. */
export const UpdateFigures = z.object({
  queued: z.number().int().describe('waiting to leave'),
  accepted: z.number().int().describe('taken by the mail server'),
  failed: z.number().int().describe('refused, or not taken in time'),
  leftOut: z.number().int().describe('not sent: the signer had gone or wanted no more news, or the update was stopped'),
  unsubscribed: z.number().int().describe('signers who took back their agreement by the link in this update'),
});
export type UpdateFigures = z.infer<typeof UpdateFigures>;

export const UpdateRecord = z.object({
  id: z.uuid(),
  state: z.enum(updateStates),
  organisation: z.uuid().nullable(),
  texts: z.partialRecord(z.enum(locales), UpdateWords),
  sha256,
  returnReason: z.string().nullable(),
  approvedBy: z.string().nullable(),
  approvedAt: z.iso.datetime().nullable(),
  planned: z.boolean().describe('every mail is queued'),
  audience: z.number().int().nullable().describe('signers who would get it now; null once it is on its way'),
  figures: UpdateFigures,
});
export type UpdateRecord = z.infer<typeof UpdateRecord>;

export const UpdateRecords = z.object({ updates: z.array(UpdateRecord) });

export const PublicUpdates = z.object({
  petition: z.string(),
  updates: z.array(
    z.object({
      ...{ id: z.uuid(), url: z.string(), locale: z.string(), title: z.string(), body: z.string() },
      from: z.string().describe('who writes: an organisation, or who started the petition'),
      publishedAt: z.iso.datetime(),
    }),
  ),
});
export type PublicUpdates = z.infer<typeof PublicUpdates>;
