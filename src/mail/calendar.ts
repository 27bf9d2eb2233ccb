import { Temporal } from 'temporal-polyfill';

/** When letters may leave: all words are those of the clock on the wall in `timeZone`. */
export interface Calendar {
  /** IANA name, such as `Europe/Berlin`. */
  timeZone: string;
  /** 1 is Monday, 7 is Sunday. */
  days: number[];
  /** `HH:MM` to `HH:MM`; one that ends before it begins goes on past midnight, and belongs to the day it begins on. */
  hours: { from: string; to: string }[];
  /** `YYYY-MM-DD`: days on which no hours begin. */
  holidays: string[];
  notBefore: Date | null;
  notAfter: Date | null;
}

/** Milliseconds since 1970, the end not included. */
export interface Opening {
  from: number;
  until: number;
}

/** A calendar that has not opened for this long is taken for one that never does. */
const horizonDays = 800;
const longest = 31 * 86_400_000;

/** Every hour of every day: what a campaign without a calendar keeps. */
export const alwaysOpen: Calendar = {
  timeZone: 'UTC',
  days: [1, 2, 3, 4, 5, 6, 7],
  hours: [{ from: '00:00', to: '00:00' }],
  holidays: [],
  notBefore: null,
  notAfter: null,
};

/**
 * The times at which the calendar is open, from the one that contains or follows `from`, without end unless there is a
 * deadline; one that is longer than a month comes in pieces. Where the clock is put forward, hours that do not exist
 * are moved on by as much; where it is put back, the first of two equal times is meant.
 */
export function* openings(calendar: Calendar, from: number): Generator<Opening> {
  const start = Math.max(from, calendar.notBefore?.getTime() ?? -Infinity);
  const end = calendar.notAfter?.getTime() ?? Infinity;
  let pending: Opening | undefined;
  for (const next of rawOpenings(calendar, start)) {
    if (next.from >= end) break;
    if (pending && next.from <= pending.until && pending.until - pending.from < longest) {
      pending.until = Math.max(pending.until, next.until);
      continue;
    }
    if (pending && pending.until > start) yield cut(pending, start, end);
    pending = {
      from: Math.max(next.from, pending?.until ?? next.from),
      until: Math.max(next.until, pending?.until ?? 0),
    };
  }
  if (pending && pending.until > start && pending.from < end) yield cut(pending, start, end);
}

/** Day by day, not merged, beginning with the day before. */
function* rawOpenings({ timeZone, days, hours, holidays }: Calendar, start: number): Generator<Opening> {
  const shut = new Set(holidays);
  const sorted = hours.toSorted((a, b) => (a.from < b.from ? -1 : 1));
  // Hours that began the evening before may still be running.
  let day = Temporal.Instant.fromEpochMilliseconds(start)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .subtract({ days: 1 });
  for (let without = 0; without < horizonDays; without += 1, day = day.add({ days: 1 })) {
    if (!days.includes(day.dayOfWeek) || shut.has(day.toString())) continue;
    for (const { from, to } of sorted) {
      const opening = {
        from: instant(day, from, timeZone),
        until: instant(to > from ? day : day.add({ days: 1 }), to, timeZone),
      };
      if (opening.until <= opening.from) continue;
      without = 0;
      yield opening;
    }
  }
}

const instant = (day: Temporal.PlainDate, time: string, timeZone: string) =>
  day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;

const cut = ({ from, until }: Opening, start: number, end: number): Opening => ({
  from: Math.max(from, start),
  until: Math.min(until, end),
});

/** Whether a letter may leave at this instant. */
export function isOpen(calendar: Calendar, at: number): boolean {
  const opening = nextOpening(calendar, at);
  return opening !== null && opening.from <= at;
}

/** What is open now, from now on, or opens next; null if that never happens. */
export function nextOpening(calendar: Calendar, at: number): Opening | null {
  return openings(calendar, at).next().value ?? null;
}

/** Milliseconds the calendar is open between two instants. */
export function openMillis(calendar: Calendar, from: number, until: number): number {
  let sum = 0;
  for (const opening of openings(calendar, from)) {
    if (opening.from >= until) break;
    sum += Math.min(opening.until, until) - opening.from;
  }
  return sum;
}

/** How many of `total` letters should have left after `elapsed` of `duration`: what was missed is made up for. */
export function goal(total: number, elapsed: number, duration: number): number {
  if (elapsed <= 0) return 0;
  return elapsed >= duration ? total : Math.min(Math.floor((total * elapsed) / duration) + 1, total);
}

/** The day on the wall at this instant, and when the next one begins. */
export function dayOf(timeZone: string, at: number): { day: string; ends: number } {
  const date = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  return { day: date.toString(), ends: date.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds };
}

/** When a day, as `dayOf` names it, begins on the wall. */
export const beginOf = (timeZone: string, day: string): number =>
  Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds;

/** Whether the runtime knows this IANA name. */
export function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
