const early = [5, 7, 8, 25, 75, 120];
const later = 240;
const giveUpAfter = 48 * 60;
const longestHint = 4 * 60;
const longestRest = 60;

/** How many deferrals fit before 48 hours are over: 6 in the first four hours, then one every four. */
export const mostDeferrals = early.length + (giveUpAfter - early.reduce((sum, minutes) => sum + minutes, 0)) / later;

/**
 * Seconds until the next try after the given number of deferrals (1 = the first 4xx), or null when it is time to give up.
 * Up to a tenth is added at random, so that mails deferred together do not come back together; a server that names a
 * longer wait is believed up to four hours.
 */
export function backOff(deferrals: number, reply = '', random = Math.random): number | null {
  if (deferrals > mostDeferrals) return null;
  const minutes = Math.max(early[deferrals - 1] ?? later, hintedMinutes(reply));
  return Math.round(minutes * 60 * (1 + random() / 10));
}

/** "try again in 300 seconds", "greylisted for 5 minutes": what the reply asks for, in minutes, 0 when it names nothing. */
export function hintedMinutes(reply: string): number {
  const match =
    /\b(?:in|for|after|within)\s+(?:another\s+)?(\d{1,5})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b/i.exec(
      reply,
    );
  if (!match) return 0;
  const unit = match[2]!.toLowerCase()[0];
  const minutes = Number(match[1]) * (unit === 's' ? 1 / 60 : unit === 'm' ? 1 : 60);
  return Math.min(minutes, longestHint);
}

/**
 * Seconds a relay is left alone that cannot be reached or does not serve us: 5, 10, 20 ... at most 300. One that names a
 * longer wait is believed up to an hour: all mail waits for it, and what it was short of may be there sooner.
 */
export function relayPause(failures: number, reply = ''): number {
  const asked = Math.min(hintedMinutes(reply), longestRest) * 60;
  return Math.round(Math.max(Math.min(5 * 2 ** Math.max(failures - 1, 0), 300), asked));
}
