import { alwaysOpen, type Calendar } from '../src/mail/calendar.js';
import { keysOf, Ledger, type Limit, type LimitScope } from '../src/mail/ledger.js';
import { planPace, utcDay } from '../src/mail/pace-plan.js';

const limit = (scope: LimitScope, more: Partial<Limit>): Limit => ({
  scope, key: '', perHour: null, perDay: null, gapSeconds: null, concurrent: null, total: null, ...more,
}); // prettier-ignore
const office: Calendar = {
  ...alwaysOpen,
  timeZone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  hours: [{ from: '09:00', to: '17:00' }],
};
const of = { campaignId: 'c', sender: 'olga@org.example', relays: [{ name: 'relay', weight: 1 }] };
const monday = Date.parse('2026-11-23T00:00Z');
const crowd = (n: number) => Array.from({ length: n }, (_, i) => `m${i}@parliament.example`);
const plan = (recipients: string[], limits: Limit[], more: Partial<Calendar> = {}, spread = false) =>
  planPace([{ calendar: { ...office, ...more }, spread, recipients }], limits, monday, of);

test('without limits all leave when the calendar opens', () => {
  expect(plan(crowd(5), [])).toMatchObject({
    days: [{ day: '2026-11-23', letters: 5, most: 1 }],
    first: '2026-11-23T08:00:00.000Z',
    last: '2026-11-23T08:00:00.000Z',
    leftOver: 0,
    binding: null,
  });
});

test('a campaign limit fills day after day, over the week-end and a holiday', () => {
  const made = plan(crowd(50), [limit('campaign', { perDay: 10 })], { holidays: ['2026-11-26'] });
  expect(made.days.map(({ day, letters }) => `${day} ${letters}`)).toEqual(
    ['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-27', '2026-11-30'].map((day) => `${day} 10`),
  );
  expect(made).toMatchObject({ leftOver: 0, binding: { scope: 'campaign', kind: 'per-day', most: 10 } });
});

test('a mailbox gets its few a day, and the others do not wait for it', () => {
  const made = plan(
    [...Array<string>(5).fill('one@a.example'), ...crowd(20)],
    [limit('mailbox', { perDay: 2, gapSeconds: 3600 })],
  );
  expect(made.days).toEqual([
    { day: '2026-11-23', letters: 22, most: 2 },
    { day: '2026-11-24', letters: 2, most: 2 },
    { day: '2026-11-25', letters: 1, most: 1 },
  ]);
});

test('a domain gets its rate by the hour', () => {
  const made = plan(crowd(700), [limit('domain', { perHour: 60 })]);
  expect(made.days.map(({ letters }) => letters)).toEqual([480, 220]);
  expect(made.last).toBe('2026-11-24T11:00:00.000Z');
});

test('a line per mailbox: what is left over first, then who gets most, each day by day', () => {
  const made = plan(
    [...crowd(3), ...Array<string>(3).fill('one@a.example'), ...Array<string>(5).fill('Two@A.example')],
    [limit('mailbox', { perDay: 2 })],
    { notAfter: new Date('2026-11-24T20:00Z') },
  );
  const two = [
    { day: '2026-11-23', letters: 2 },
    { day: '2026-11-24', letters: 2 },
  ];
  expect(made.mailboxes.slice(0, 3)).toEqual([
    { mailbox: 'two@a.example', letters: 4, days: two, leftOver: 1 },
    { mailbox: 'one@a.example', letters: 3, days: [two[0], { day: '2026-11-24', letters: 1 }], leftOver: 0 },
    { mailbox: 'm0@parliament.example', letters: 1, days: [{ day: '2026-11-23', letters: 1 }], leftOver: 0 },
  ]);
  const sum = (pick: (box: (typeof made.mailboxes)[number]) => number) =>
    made.mailboxes.reduce((total, box) => total + pick(box), 0);
  expect(sum(({ letters }) => letters)).toBe(made.days.reduce((total, { letters }) => total + letters, 0));
  expect([sum(({ leftOver }) => leftOver), made.leftOver]).toEqual([1, 1]);
});

test('what a deadline leaves over is counted', () => {
  const made = plan(crowd(50), [limit('campaign', { perDay: 10 })], { notAfter: new Date('2026-11-24T20:00Z') });
  expect(made).toMatchObject({ leftOver: 30, last: '2026-11-24T08:00:00.000Z' });
  expect(plan(crowd(3), [], { notAfter: new Date('2026-11-23T07:00Z') })).toMatchObject({ leftOver: 3, days: [] });
  expect(plan(crowd(3), [limit('relay', { total: 2 })])).toMatchObject({ leftOver: 1 });
});

test('spread fills the open time evenly, through a change of the clock, and leaves nothing over', () => {
  const berlin = { notBefore: new Date('2026-10-23T00:00Z'), notAfter: new Date('2026-10-27T23:00Z') };
  const streams = [{ calendar: { ...office, ...berlin }, spread: true, recipients: crowd(300) }];
  const made = planPace(streams, [], Date.parse('2026-10-22T00:00Z'), of);
  expect(made.days.map(({ day, letters }) => `${day} ${letters}`)).toEqual([
    '2026-10-23 100', '2026-10-26 100', '2026-10-27 100',
  ]); // prettier-ignore
  expect(made.leftOver).toBe(0);
  expect(made.last! <= '2026-10-27T16:00').toBe(true);
});

test('two calendars of one campaign share its limits', () => {
  const night = { ...office, timeZone: 'America/New_York' };
  const streams = [
    { calendar: office, spread: false, recipients: crowd(6) },
    { calendar: night, spread: false, recipients: crowd(6) },
  ];
  const made = planPace(streams, [limit('campaign', { perDay: 8 })], monday, of);
  expect(made.days.map(({ letters }) => letters)).toEqual([8, 4]);
});

test('ten thousand letters are planned, the same each time', () => {
  const made = () => plan(crowd(10_000), [limit('domain', { perHour: 60 }), limit('mailbox', { perDay: 3 })]);
  const one = made();
  expect(one.days.length).toBe(21);
  expect(made()).toEqual(one);
});

test('a row of its own goes before the row for all, and a total of nothing lets nothing through', () => {
  const ledger = new Ledger([limit('mailbox', { perDay: 1 }), limit('mailbox', { key: 'a@b.example', total: 0 })]);
  const now = { at: monday, day: () => utcDay(monday) };
  const keys = (recipient: string) => keysOf({ ...of, recipient, relay: 'relay' });
  expect(ledger.block(keys('A@B.example'), now)).toMatchObject({ kind: 'total', until: Infinity });
  expect(ledger.block(keys('c@b.example'), now)).toBeNull();
  ledger.take(keys('c@b.example'), now);
  expect(ledger.block(keys('C@b.example'), now)).toMatchObject({ scope: 'mailbox', kind: 'per-day', most: 1 });
});
