import { alwaysOpen, type Calendar } from '../src/mail/calendar.js';
import type { Limit, LimitScope } from '../src/mail/ledger.js';
import { type Demand, estimatePace } from '../src/mail/pace-estimate.js';
import { planPace } from '../src/mail/pace-plan.js';

const none = { perHour: null, perDay: null, gapSeconds: null, total: null };
const office: Calendar = {
  ...alwaysOpen,
  timeZone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  hours: [{ from: '09:00', to: '17:00' }],
};
const monday = Date.parse('2026-11-23T00:00Z');
const demand = (scope: LimitScope, letters: number, more: Partial<Demand>): Demand => ({
  ...{ scope, streams: ['a'], letters, groups: 1, ...none },
  ...{ hourUsed: 0, day: '', dayUsed: 0, used: 0, readyAt: null, ...more },
});
const estimate = (letters: number, demands: Demand[], calendar: Calendar = office, spread = false, relays = 1) =>
  estimatePace([{ stream: 'a', letters, calendar, spread }], demands, monday, relays);
const crowd = (n: number) => Array.from({ length: n }, (_, i) => `m${i}@parliament.example`);
const planned = (recipients: string[], limits: Partial<Limit>[], calendar = office, spread = false) =>
  planPace(
    [{ calendar, spread, recipients }],
    limits.map((one) => ({ scope: 'campaign', key: '', concurrent: null, ...none, ...one })),
    monday,
    { campaignId: 'c', sender: 'olga@org.example', relays: [{ name: 'relay', weight: 1 }] },
  );

test.each<[string, LimitScope, Partial<Limit>, Partial<Calendar>]>([
  ['a campaign by the day', 'campaign', { perDay: 130 }, { holidays: ['2026-11-26'] }],
  ['a domain by the hour', 'domain', { perHour: 60 }, {}],
  ['a gap', 'sender', { gapSeconds: 45 }, {}],
  ['an hour and a day', 'relay', { perHour: 25, perDay: 110 }, {}],
  ['a deadline', 'domain', { perHour: 20 }, { notAfter: new Date('2026-11-25T12:00Z') }],
  ['a number for ever', 'sender', { total: 300, perHour: 100 }, {}],
  ['hours past midnight, in a zone of half hours', 'campaign', { perDay: 90 },
    { timeZone: 'Asia/Kolkata', hours: [{ from: '22:00', to: '02:00' }] }],
])('%s: the estimate is what the plan says', (_, scope, limit, more) => {
  const calendar = { ...office, ...more };
  const { last, leftOver } = planned(crowd(700), [{ scope, ...limit }], calendar);
  expect(estimate(700, [demand(scope, 700, limit)], calendar)).toEqual({ last, leftOver });
}); // prettier-ignore

test('the slowest of several limits decides, and mailboxes count by their number', () => {
  const recipients = [...crowd(400), ...Array<string>(9).fill('one@a.example')];
  const exact = planned(recipients, [
    { scope: 'mailbox', perDay: 2 },
    { scope: 'domain', perHour: 100 },
  ]);
  const demands = [
    demand('mailbox', 1, { perDay: 2, groups: 400 }),
    demand('mailbox', 9, { perDay: 2 }),
    demand('domain', 400, { perHour: 100 }),
    demand('domain', 9, { perHour: 100 }),
  ];
  expect(estimate(409, demands)).toEqual({ last: exact.last, leftOver: 0 });
  const soon = { ...office, notAfter: new Date('2026-11-24T20:00Z') };
  expect(estimate(409, [demand('mailbox', 9, { perDay: 2, groups: 30 })], soon)!.leftOver).toBe(30 * 5);
});

test('what was taken already is not there any more', () => {
  const used = { perHour: 60, hourUsed: 60, perDay: 100, dayUsed: 60, day: '2026-11-23' };
  const at = Date.parse('2026-11-23T09:30Z');
  const now = estimatePace(
    [{ stream: 'a', letters: 50, calendar: office, spread: false }],
    [demand('domain', 50, used)],
    at,
    1,
  );
  expect(now).toEqual({ last: '2026-11-24T08:00:00.000Z', leftOver: 0 });
});

test('several relays give together; one without a limit takes everything', () => {
  const two = [demand('relay', 700, { perHour: 30, groups: 2 })];
  expect(estimate(700, two, office, false, 2)!.last).toBe(planned(crowd(700), [{ scope: 'relay', perHour: 60 }]).last);
  expect(estimate(700, two, office, false, 3)).toEqual({ last: null, leftOver: 0 });
});

test('spread over the open time, the last leaves when the plan says', () => {
  const until = { ...office, notAfter: new Date('2026-11-27T16:00Z') };
  expect(estimate(700, [], until, true)!.last).toBe(planned(crowd(700), [], until, true).last);
});

test('no time where nothing tells it: no limit, or none within years', () => {
  expect(estimate(30_000, [])).toEqual({ last: null, leftOver: 0 });
  expect(estimate(30_000, [demand('campaign', 30_000, { perDay: 1 })])).toBeNull();
  expect(estimate(30_000, [], { ...office, notAfter: new Date(monday) })).toEqual({ last: null, leftOver: 30_000 });
});

test('streams that share a limit leave while one of them is open', () => {
  const evening = { ...office, hours: [{ from: '17:00', to: '19:00' }] };
  const streams = [
    { stream: 'a', letters: 500, calendar: office, spread: false },
    { stream: 'b', letters: 500, calendar: evening, spread: false },
  ];
  const both = estimatePace(streams, [demand('campaign', 1000, { perHour: 100, streams: ['a', 'b'] })], monday, 1);
  expect(both!.last).toBe('2026-11-23T17:00:00.000Z');
});

test('what began to wait while it was asked changes nothing', () => {
  const known = demand('domain', 100, { perHour: 10 });
  const late = demand('mailbox', 5, { streams: ['b'], perDay: 1 });
  expect(estimate(100, [known, late])).toEqual(estimate(100, [known]));
});
