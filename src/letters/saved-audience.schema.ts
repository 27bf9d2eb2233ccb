import { z } from 'zod';
import { Audience } from '../lawmakers/lawmakers.schema.js';
import { line } from './letters.schema.js';

export const NewSavedAudience = z.object({ name: line(200), rules: Audience });
export type NewSavedAudience = z.infer<typeof NewSavedAudience>;

/** Only what is given changes. Rules are copied to every letter that follows and may still change; its approval is void. */
export const SavedAudienceChange = NewSavedAudience.partial().extend({
  version: z.coerce.number().int().optional().describe('the one that was read'),
});
export type SavedAudienceChange = z.infer<typeof SavedAudienceChange>;

export const AudienceName = z.object({ name: line(200) });
export type AudienceName = z.infer<typeof AudienceName>;

/** Which saved audience a letter follows; null: none any more, it keeps its present rules. */
export const FollowedAudience = z.object({
  audienceId: z.preprocess((value) => (value === '' ? null : value), z.uuid('invalid').nullable()),
});
export type FollowedAudience = z.infer<typeof FollowedAudience>;

export const SavedAudienceView = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.number().int(),
  rules: Audience,
  editedAt: z.iso.datetime(),
  /** The letters that follow it. */
  letters: z.array(z.object({ id: z.uuid(), title: z.string(), state: z.string() })),
});
export type SavedAudienceView = z.infer<typeof SavedAudienceView>;
