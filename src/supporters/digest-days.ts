import { beginOf, type Calendar, dayOf, isOpen, nextOpening } from '../mail/calendar.js';

/**
 * A digest leaves in the office hours of a day and speaks for everybody who wrote before that day began, on the clock of
 * the calendar. So its content does not depend on who makes it, or when within the day.
 */
export interface DigestDay {
  /** `YYYY-MM-DD`. */
  day: string;
  /** Whoever wrote before this, milliseconds since 1970, is in it. */
  before: number;
}

/** The day whose digests can be made now; null while the office is closed. */
export function digestDay(calendar: Calendar, at: number): DigestDay | null {
  if (!isOpen(calendar, at)) return null;
  const { day } = dayOf(calendar.timeZone, at);
  return { day, before: beginOf(calendar.timeZone, day) };
}

/** When the digest that speaks for what is written now can leave; null: the deadline comes first. */
export function nextDigest(calendar: Calendar, at: number): number | null {
  return nextOpening(calendar, dayOf(calendar.timeZone, at).ends)?.from ?? null;
}
