import { z } from 'zod';
import { switchNames } from './switch.entity.js';

const slug = z.string().min(1).max(80);

export const SwitchOrder = z
  .object({
    petition: slug.nullable().default(null).describe('slug; null: all petitions'),
    off: z.boolean(),
    reason: z.string().trim().max(500, 'too-long').default(''),
  })
  .refine(({ off, reason }) => !off || reason !== '', { path: ['reason'], message: 'required' });
export type SwitchOrder = z.infer<typeof SwitchOrder>;

export const SwitchNameParam = z.enum(switchNames);

export const SwitchView = z.object({
  name: z.enum(switchNames),
  petition: z.string().nullable().describe('slug; null: all petitions'),
  reason: z.string(),
  by: z.string(),
  offSince: z.iso.datetime(),
});
export type SwitchView = z.infer<typeof SwitchView>;

export const SwitchList = z.object({ off: z.array(SwitchView) });
