import fc from 'fast-check';
import {
  alwaysOpen,
  type Calendar,
  dayOf,
  goal,
  isOpen,
  isTimeZone,
  nextOpening,
  openMillis,
} from '../src/mail/calendar.js';

const office = (more: Partial<Calendar> = {}): Calendar => ({
  ...alwaysOpen,
  timeZone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  hours: [{ from: '09:00', to: '17:00' }],
  ...more,
});
const at = (text: string) => Date.parse(text);
const hours = (calendar: Calendar, from: string, until: string) =>
  openMillis(calendar, at(from), at(until)) / 3_600_000;
const opening = (calendar: Calendar, from: string) => {
  const next = nextOpening(calendar, at(from));
  return next && [new Date(next.from).toISOString(), new Date(next.until).toISOString()];
};
const nights = { days: [1, 2, 3, 4, 5, 6, 7], hours: [{ from: '22:00', to: '06:00' }] };

test.each([
  // The clock is put forward on 29 March 2026 in Berlin, on 8 March in New York; back on 25 October and 1 November.
  ['Berlin, Friday in winter', office(), '2026-03-27T07:00Z', '2026-03-27T08:00:00.000Z', '2026-03-27T16:00:00.000Z'],
  ['Berlin, Monday in summer', office(), '2026-03-27T16:00Z', '2026-03-30T07:00:00.000Z', '2026-03-30T15:00:00.000Z'],
  ['Berlin, back to winter', office(), '2026-10-23T15:00Z', '2026-10-26T08:00:00.000Z', '2026-10-26T16:00:00.000Z'],
  ['New York, forward', office({ timeZone: 'America/New_York' }), '2026-03-07T00:00Z', '2026-03-09T13:00:00.000Z', '2026-03-09T21:00:00.000Z'],
  ['New York, back', office({ timeZone: 'America/New_York' }), '2026-10-31T00:00Z', '2026-11-02T14:00:00.000Z', '2026-11-02T22:00:00.000Z'],
  ['Tehran, half an hour beside the others, Saturday to Wednesday', office({ timeZone: 'Asia/Tehran', days: [6, 7, 1, 2, 3] }), '2026-11-26T12:00Z', '2026-11-28T05:30:00.000Z', '2026-11-28T13:30:00.000Z'],
  ['open now: from now on', office(), '2026-11-23T10:15Z', '2026-11-23T10:15:00.000Z', '2026-11-23T16:00:00.000Z'],
  ['at closing time it is closed', office(), '2026-11-23T16:00Z', '2026-11-24T08:00:00.000Z', '2026-11-24T16:00:00.000Z'],
  ['past midnight', office(nights), '2026-11-23T12:00Z', '2026-11-23T21:00:00.000Z', '2026-11-24T05:00:00.000Z'],
  ['after midnight of a night that began yesterday', office(nights), '2026-11-24T02:00Z', '2026-11-24T02:00:00.000Z', '2026-11-24T05:00:00.000Z'],
  ['the night of Friday runs into Saturday', office({ ...nights, days: [5] }), '2026-11-28T03:00Z', '2026-11-28T03:00:00.000Z', '2026-11-28T05:00:00.000Z'],
  ['holiday', office({ holidays: ['2026-12-25'] }), '2026-12-24T16:00Z', '2026-12-28T08:00:00.000Z', '2026-12-28T16:00:00.000Z'],
  ['hours that do not exist are moved on', office({ days: [7], hours: [{ from: '02:30', to: '05:00' }] }), '2026-03-28T12:00Z', '2026-03-29T01:30:00.000Z', '2026-03-29T03:00:00.000Z'],
  ['not before', office({ notBefore: new Date('2026-11-25T10:00Z') }), '2026-11-23T10:00Z', '2026-11-25T10:00:00.000Z', '2026-11-25T16:00:00.000Z'],
  ['not after', office({ notAfter: new Date('2026-11-23T12:00Z') }), '2026-11-23T10:00Z', '2026-11-23T10:00:00.000Z', '2026-11-23T12:00:00.000Z'],
  ['hours that touch are one', office({ hours: [{ from: '13:00', to: '17:00' }, { from: '09:00', to: '13:00' }] }), '2026-11-23T00:00Z', '2026-11-23T08:00:00.000Z', '2026-11-23T16:00:00.000Z'],
])('%s', (_, calendar, from, open, close) => expect(opening(calendar, from)).toEqual([open, close])); // prettier-ignore

test('a calendar that never opens says so, and does not look for ever', () => {
  expect(nextOpening(office({ days: [] }), 0)).toBeNull();
  expect(nextOpening(office({ notAfter: new Date('2026-11-23T07:00Z') }), at('2026-11-23T00:00Z'))).toBeNull();
  expect(nextOpening(office({ notAfter: new Date('2020-01-01') }), at('2026-11-23T10:00Z'))).toBeNull();
});

test('a night is an hour shorter or longer when the clock changes', () => {
  expect(hours(office(nights), '2026-03-28T12:00Z', '2026-03-29T12:00Z')).toBe(7);
  expect(hours(office(nights), '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toBe(9);
  expect(hours(office(nights), '2026-11-24T12:00Z', '2026-11-25T12:00Z')).toBe(8);
});

test('counts open time over weeks, holidays and a deadline', () => {
  expect(hours(office(), '2026-11-23T00:00Z', '2026-11-30T00:00Z')).toBe(40);
  expect(hours(office({ holidays: ['2026-11-24', '2026-11-28'] }), '2026-11-23T00:00Z', '2026-11-30T00:00Z')).toBe(32);
  expect(hours(office({ notAfter: new Date('2026-11-24T12:00Z') }), '2026-11-23T00:00Z', '2027-11-30T00:00Z')).toBe(12);
  expect(hours(alwaysOpen, '2026-11-23T00:00Z', '2026-11-30T00:00Z')).toBe(168);
});

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Tehran', 'Australia/Lord_Howe', 'UTC'];
const instants = fc.integer({ min: at('2025-01-01'), max: at('2027-12-31') });

test('is open when the clock on the wall says so, in every zone', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, fc.constantFrom(false, true), (timeZone, when, night) => {
      const calendar = office({ timeZone, ...(night && nights) });
      const parts = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
      const said = Object.fromEntries(parts.formatToParts(when).map(({ type, value }) => [type, value]));
      const time = `${said.hour}:${said.minute}`;
      const expected = night ? time >= '22:00' || time < '06:00' : !/Sat|Sun/.test(said.weekday!) && time >= '09:00' && time < '17:00';
      expect(isOpen(calendar, when)).toBe(expected);
    }),
    { numRuns: 400 },
  );
}); // prettier-ignore

test('open time adds up, and never exceeds the time', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, fc.array(fc.nat(20 * 86_400_000), { minLength: 2, maxLength: 2 }), (timeZone, from, [one, two]) => {
      const calendar = office({ timeZone });
      const [middle, end] = [from + one!, from + one! + two!];
      expect(openMillis(calendar, from, middle) + openMillis(calendar, middle, end)).toBe(openMillis(calendar, from, end));
      expect(openMillis(calendar, from, end)).toBeLessThanOrEqual(end - from);
    }),
    { numRuns: 100 },
  );
}); // prettier-ignore

test('the goal grows with open time, begins with the first letter, ends with all', () => {
  expect(goal(10, 0, 100)).toBe(0);
  expect(goal(10, 1, 100)).toBe(1);
  expect(goal(10, 50, 100)).toBe(6);
  expect(goal(10, 100, 100)).toBe(10);
  expect(goal(0, 50, 100)).toBe(0);
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (total, a, b) =>
      goal(total, Math.min(a, b), 1000) <= goal(total, Math.max(a, b), 1000) && goal(total, a, 1000) <= total,
    ),
  );
}); // prettier-ignore

test('a day ends at midnight of its zone, also when it has 23 hours', () => {
  expect(dayOf('Europe/Berlin', at('2026-03-28T23:30Z'))).toEqual({ day: '2026-03-29', ends: at('2026-03-29T22:00Z') });
  expect(['Europe/Berlin', 'Asia/Tehran', 'UTC'].every(isTimeZone)).toBe(true);
  expect(['Europe/Atlantis', '', '+02:00'].some(isTimeZone)).toBe(false);
});
