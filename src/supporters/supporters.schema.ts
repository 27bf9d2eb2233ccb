import { z } from 'zod';

export const SupporterFigures = z.object({
  letters: z.number().int().describe('one for each supporter and lawmaker, also where many go together in one mail'),
  supporters: z.number().int().describe('who wrote them, without those who were erased or withdrew since'),
  withOwnWords: z.number().int().describe('supporters who added words of their own'),
  compared: z.number().int().describe('of these, the newest, at most 2,000: their words were compared'),
  alike: z.number().int().describe('of those compared: words that read nearly like those of another supporter'),
  unapproved: z
    .number()
    .int()
    .describe(
      'lawmakers who came after the approval, or whose name or address is another since: they wait for the next one',
    ),
  digests: z
    .object({
      letters: z.number().int().describe('mails that speak for all who wrote to one lawmaker'),
      supporters: z.number().int().describe('for how many they speak, each as often as she wrote'),
      reached: z.number().int().describe('of the mails: taken by a server and not come back'),
      supportersReached: z.number().int(),
      waiting: z.number().int().describe('letters that wait for the next mail'),
      failed: z.number().int().describe('letters that no mail brings; their supporters are told'),
    })
    .nullable()
    .describe('null where each letter is a mail of its own'),
});
export type SupporterFigures = z.infer<typeof SupporterFigures>;
