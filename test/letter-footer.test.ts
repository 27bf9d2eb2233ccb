import { type FooterFacts, letterFooter } from '../src/letters/footer.js';

const facts = (count: number): FooterFacts => ({
  ...{ senderName: 'Olga Lind', organisation: 'River Friends', replyTo: 'olga@river.example', legislature: null },
  ...{
    petition: { title: 'Wetlands', count, countedAt: new Date('2026-11-27'), url: 'https://sign.test' },
    objectionUrl: null,
  },
});

test.each([
  ['en', '1 confirmed signature on', '2 confirmed signatures on'],
  ['fr', '1 signature confirmée le', '2 signatures confirmées le'],
  ['de', '1 bestätigte Unterschrift.', '2 bestätigte Unterschriften.'],
  ['es', '1 firma confirmada el', '2 firmas confirmadas el'],
  ['it', '1 firma confermata il', '2 firme confermate il'],
])('one signature is one in %s', (locale, one, two) => {
  expect(letterFooter(locale, facts(1))).toContain(one);
  expect(letterFooter(locale, facts(2))).toContain(two);
});

test('nobody is told that nobody has signed', () => {
  expect(letterFooter('en', facts(0))).not.toMatch(/0 confirmed/);
});
