import { z } from 'zod';

export const SupporterFigures = z.object({
  letters: z.number().int(),
  supporters: z.number().int().describe('who wrote them, without those who were erased or withdrew since'),
  withOwnWords: z.number().int().describe('supporters who added words of their own'),
  compared: z.number().int().describe('of these, the newest, at most 2,000: their words were compared'),
  alike: z.number().int().describe('of those compared: words that read nearly like those of another supporter'),
});
export type SupporterFigures = z.infer<typeof SupporterFigures>;
