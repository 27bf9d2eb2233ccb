import { aligned, type Aligned, alignmentOf, type AlignmentMode } from '../src/mail/alignment.js';

test.each<[string, string, AlignmentMode, Aligned]>([
  ['org.example', 'org.example', 'strict', 'yes'],
  ['org.example', 'returns.org.example', 'strict', 'no'],
  ['org.example', 'returns.org.example', 'relaxed', 'yes'],
  ['news.org.example', 'org.example', 'relaxed', 'yes'],
  ['org.example', 'notorg.example', 'relaxed', 'no'],
  ['org.example', 'mailer.test', 'relaxed', 'no'],
  // One organisation, or two of one country.
  ['a.org.example', 'b.org.example', 'relaxed', 'unsure'],
  ['rivers.co.uk', 'mailer.co.uk', 'relaxed', 'unsure'],
])('%s and %s, %s: %s', (from, domain, mode, answer) => expect(aligned(from, domain, mode)).toBe(answer));

const ours = { from: 'org.example', dkim: 'org.example', sender: 'returns.org.example' };
test.each([
  ['both', ours, {}, 'good'],
  ['strict for SPF', ours, { aspf: 's' }, 'weak'],
  ['strict, under the domain itself', { ...ours, sender: 'org.example' }, { aspf: 'S', adkim: 's' }, 'good'],
  ['strict for DKIM alone, which is ours', ours, { adkim: 's' }, 'good'],
  ['returns elsewhere', { ...ours, sender: 'mailer.test' }, {}, 'weak'],
  ['not signed here', { ...ours, dkim: null }, {}, 'weak'],
  ['not signed, returns elsewhere', { ...ours, dkim: null, sender: 'mailer.test' }, {}, 'wrong'],
  ['not signed, strict for SPF', { ...ours, dkim: null }, { aspf: 's' }, 'wrong'],
  ['perhaps of one organisation', { from: 'a.co.uk', dkim: 'a.co.uk', sender: 'b.co.uk' }, {}, 'unknown'],
  ['no answer', ours, null, 'unknown'],
])('%s', (_, domains, policy, verdict) => {
  const finding = alignmentOf(domains, policy && new Map(Object.entries(policy)));
  expect(finding).toMatchObject({ about: 'alignment', verdict, record: null });
});
