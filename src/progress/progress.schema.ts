import { z } from 'zod';
import { workKinds } from './long-work.entity.js';
import type { Work } from './long-works.service.js';

export const WorkView = z.object({
  id: z.uuid(),
  kind: z.enum(workKinds),
  subject: z.string().describe('slug or id of what it is about'),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  step: z.string().nullable(),
  done: z.number(),
  total: z.number().nullable().describe('null while nobody knows'),
  result: z.record(z.string(), z.unknown()).nullable(),
  failure: z.string().nullable(),
  seenBy: z.string().nullable().describe('who has looked at what failed'),
  by: z.string(),
  at: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type WorkView = z.infer<typeof WorkView>;

export const workView = ({
  detail: _detail,
  failureWords: _words,
  madeBy,
  createdAt,
  endedAt,
  ...work
}: Work): WorkView => ({
  ...work,
  by: madeBy,
  at: createdAt.toISOString(),
  endedAt: endedAt?.toISOString() ?? null,
});

/** 202 of a route that begins a work. */
export const WorkBegun = z.object({ id: z.uuid() });
