import { z } from 'zod';
import { line } from '../petitions/petition-words.schema.js';

const webAddress = z.url({ protocol: /^https$/, error: 'not-a-web-address' }).max(500, 'too-long');

const details = {
  url: webAddress,
  privacyUrl: webAddress.describe('where it says what it does with names and addresses'),
  recipient: z
    .string('required')
    .trim()
    .regex(/^age1[02-9ac-hj-np-z]{58}$/, 'not-an-age-recipient')
    .describe('age recipient (age1...): everything exported for it is encrypted to this'),
};

export const NewOrganisation = z.object({ name: line(100).describe('signers read it; it never changes'), ...details });
export type NewOrganisation = z.infer<typeof NewOrganisation>;

export const OrganisationChange = z.object(details).partial();
export type OrganisationChange = z.infer<typeof OrganisationChange>;

export const NewOrganisationPerson = z.object({ staffId: z.uuid('required') });
export type NewOrganisationPerson = z.infer<typeof NewOrganisationPerson>;

export const OrganisationRecord = z.object({
  id: z.uuid(),
  name: z.string(),
  url: z.string(),
  privacyUrl: z.string(),
  recipient: z.string(),
  addedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  agreed: z.number().int().describe('signers who agreed to news of this organisation'),
  people: z.array(z.object({ staffId: z.uuid(), name: z.string() })).describe('who acts for it'),
});
export type OrganisationRecord = z.infer<typeof OrganisationRecord>;

export const OrganisationRecords = z.object({ organisations: z.array(OrganisationRecord) });
