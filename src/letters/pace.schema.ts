import { z } from 'zod';
import { isTimeZone } from '../mail/calendar.js';
import { partVerbs } from './campaign-states.js';

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'not-a-clock-time');
const count = z.preprocess(
  (value) => (value === '' || value === undefined ? null : value),
  z.coerce
    .number({ error: 'not-a-number' })
    .int('not-a-number')
    .min(1, 'not-a-number')
    .max(1_000_000, 'not-a-number')
    .nullable(),
);

const officeHours = {
  /** IANA name; days, hours and holidays are those of the clock there. */
  timeZone: z.string().max(60, 'not-a-time-zone').refine(isTimeZone, 'not-a-time-zone').default('UTC'),
  /** 1 is Monday, 7 is Sunday. */
  days: z.array(z.coerce.number().int().min(1).max(7)).min(1, 'required').max(7).default([1, 2, 3, 4, 5, 6, 7]),
  /** Hours that end before they begin go on past midnight; 00:00 to 00:00 is the whole day. */
  hours: z
    .array(z.object({ from: time, to: time }))
    .min(1, 'required')
    .max(6)
    .default([{ from: '00:00', to: '00:00' }]),
  holidays: z.array(z.iso.date('not-a-day')).max(400).default([]),
};

export const OfficeHours = z.object(officeHours);
export type OfficeHours = z.infer<typeof OfficeHours>;

/** How fast the letters of a campaign leave; where a legislature has office hours of its own, those count. */
export const Pace = z.object({
  ...officeHours,
  /** Letters of the campaign in an hour, in a day; null: no limit of its own. */
  perHour: count.default(null),
  perDay: count.default(null),
  /** Evenly over the open hours until `notAfter`. */
  spread: z.preprocess((value) => value === true || value === 'on', z.boolean()).default(false),
});
export type Pace = z.infer<typeof Pace>;

/** Some letters of a campaign: those to one legislature, by its slug, or those to one lawmaker. */
export const LetterPart = z
  .object({ legislature: z.string().max(60).optional(), lawmakerId: z.uuid('invalid').optional() })
  .refine((part) => (part.legislature === undefined) !== (part.lawmakerId === undefined), {
    path: ['legislature'],
    error: 'required',
  });
export type LetterPart = z.infer<typeof LetterPart>;

export const PartStop = z.object({ verb: z.enum(partVerbs), part: LetterPart });
export type PartStop = z.infer<typeof PartStop>;

/** The form's buttons. Whoever cancels ticks that she means it: nothing brings those letters back. */
const stopForm = { verb: PartStop.shape.verb, sure: z.literal('on', 'required').optional() };
const isSure = ({ verb, sure }: { verb: string; sure?: 'on' | undefined }) => verb !== 'cancel' || sure === 'on';
const unsure = { path: ['sure'], error: 'required' };
export const LetterStop = z.object(stopForm).refine(isSure, unsure);
export type LetterStop = z.infer<typeof LetterStop>;
export const LegislatureStop = z.object({ ...stopForm, legislature: z.string().max(60) }).refine(isSure, unsure);
export type LegislatureStop = z.infer<typeof LegislatureStop>;
