import { assert, property, string } from 'fast-check';
import { approvalHash } from '../src/letters/approval-hash.js';
import { campaignStates, campaignTransitions, isEditable, mayBecome } from '../src/letters/campaign-states.js';

const variant = { id: '1', locale: 'en', rules: {}, subject: 's', body: 'b' };
const other = { ...variant, id: '2', body: 'c' };
const file = { id: '1', name: 'a.pdf', type: 'application/pdf', sha256: Buffer.alloc(32) };
const content = {
  title: 'Investigation',
  mode: 'organisation',
  digest: false,
  supporterPerDay: 10,
  supporterTotal: 10,
  forwardReplies: false,
  petitionId: null,
  defaultLocale: 'en',
  senderName: 'Olga',
  organisation: 'Org',
  replyTo: 'olga@org.example',
  audience: { countries: ['XX'], parties: ['A', 'B'] },
  notBefore: null,
  notAfter: null,
  pace: { timeZone: 'UTC', spread: false },
  officeHours: {},
  variants: [variant, other],
  attachments: [file],
  postscripts: [{ lawmakerId: 'a', text: 'See you.' }],
  texts: [
    { locale: 'fa', subject: 'س', body: 'م' },
    { locale: 'en', subject: 's', body: 'b' },
  ],
};

describe('campaign states', () => {
  it('go only where the table says, and never out of an end', () => {
    expect(mayBecome('draft', 'in_review')).toBe(true);
    expect(mayBecome('draft', 'approved')).toBe(false);
    expect(mayBecome('in_review', 'dispatching')).toBe(false);
    for (const state of campaignStates) {
      expect(mayBecome('cancelled', state)).toBe(false);
      expect(mayBecome('finished', state)).toBe(false);
      for (const next of campaignTransitions[state]) expect(campaignStates).toContain(next);
    }
  });

  it('let nobody reach dispatching but through approval', () => {
    const sources = campaignStates.filter((state) => mayBecome(state, 'dispatching'));
    expect(sources).toEqual(['approved', 'paused']);
    expect(campaignStates.filter((state) => mayBecome(state, 'paused'))).toEqual(['dispatching']);
  });

  it('allow editing before dispatch only', () => {
    expect(campaignStates.filter(isEditable)).toEqual(['draft', 'in_review', 'approved']);
  });
});

describe('the approval hash', () => {
  it('does not depend on the order of keys, texts or on what the database adds', () => {
    const turned = {
      ...content,
      texts: content.texts.toReversed(),
      audience: { parties: ['A', 'B'], countries: ['XX'] },
    };
    expect(approvalHash(turned)).toBe(approvalHash(content));
    const row = { ...content, id: 'x', state: 'approved', version: 7 };
    expect(approvalHash(row)).toBe(approvalHash(content));
  });

  it.each([
    ['title', { title: 'Other' }],
    ['petition', { petitionId: '0190b2f2-0000-7000-8000-000000000000' }],
    ['default language', { defaultLocale: 'fa' }],
    ['sender', { senderName: 'Ola' }],
    ['organisation', { organisation: 'Orgs' }],
    ['reply address', { replyTo: 'other@org.example' }],
    ['audience', { audience: { countries: ['XX'], parties: ['A'] } }],
    ['start', { notBefore: new Date('2026-12-01T00:00:00Z') }],
    ['deadline', { notAfter: new Date('2026-12-01T00:00:00Z') }],
    ['pace', { pace: { timeZone: 'UTC', spread: true } }],
    ['office hours of a legislature', { officeHours: { testland: { timeZone: 'UTC' } } }],
    ['a subject', { texts: [content.texts[0]!, { ...content.texts[1]!, subject: 'S' }] }],
    ['a body', { texts: [content.texts[0]!, { ...content.texts[1]!, body: 'b ' }] }],
    ['a variant', { variants: [{ ...variant, body: 'other' }, other] }],
    ['rules of a variant', { variants: [{ ...variant, rules: { parties: ['Reds'] } }, other] }],
    ['id of a variant', { variants: [{ ...variant, id: '3' }, other] }],
    ['order of the variants', { variants: [other, variant] }],
    ['fewer variants', { variants: [variant] }],
    ['an attachment', { attachments: [{ ...file, sha256: Buffer.alloc(32, 1) }] }],
    ['name of an attachment', { attachments: [{ ...file, name: 'b.pdf' }] }],
    ['fewer attachments', { attachments: [] }],
    ['a postscript', { postscripts: [{ lawmakerId: 'a', text: 'Thank you.' }] }],
    ['whose postscript it is', { postscripts: [{ lawmakerId: 'b', text: 'See you.' }] }],
    ['fewer languages', { texts: [content.texts[1]!] }],
  ])('changes with the %s', (_, change) => {
    expect(approvalHash({ ...content, ...change })).not.toBe(approvalHash(content));
  });

  it.each([{ digest: true }, { supporterPerDay: 3 }, { supporterTotal: 11 }])(
    'changes with %j of supporters',
    (change) => {
      const theirs = { ...content, mode: 'supporters' };
      expect(approvalHash({ ...theirs, ...change })).not.toBe(approvalHash(theirs));
    },
  );

  it('cannot be tricked by moving characters from one field to the next', () => {
    assert(
      property(string(), string(), string(), string(), (subject, body, otherSubject, otherBody) => {
        const hash = (s: string, b: string) =>
          approvalHash({ ...content, texts: [{ locale: 'en', subject: s, body: b }] });
        expect(hash(subject, body) === hash(otherSubject, otherBody)).toBe(
          subject === otherSubject && body === otherBody,
        );
      }),
    );
  });
});
