import { Approvals } from '../src/letters/approvals.service.js';
import { BundledLetters } from '../src/letters/bundled-letters.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { LetterPlans } from '../src/letters/letter-plans.service.js';
import { seed } from '../src/seed.js';
import { locales } from '../src/site/languages.js';
import { startApp, type TestApp } from './support/app.js';
import { person } from './support/letters.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
  await seed(app.nest);
});
afterAll(() => app.close());

const bundled = async () => (await app.get(LetterCampaigns).list())[0]!;

it('comes once, as a draft, and stays as staff left it', async () => {
  const campaign = await bundled();
  expect(campaign).toMatchObject({ state: 'draft', petitionSlug: '1988-investigation' });
  expect(campaign.texts.map(({ locale }) => locale).toSorted()).toEqual([...locales].toSorted());
  const olga = person('Olga', 'organiser');
  await app.get(LetterCampaigns).change(campaign.id, { title: 'Ours now' }, olga);
  expect(await app.get(BundledLetters).seedLetterCampaign()).toBe(false);
  expect(await app.get(LetterCampaigns).list()).toHaveLength(1);
  expect((await bundled()).title).toBe('Ours now');
});

it('reads well for everybody in the demo parliament, and can be submitted as it is', async () => {
  const plan = await app.get(LetterPlans).plan(await bundled());
  const written = plan.filter(({ letter }) => letter);
  expect(written.length).toBeGreaterThan(25);
  expect(new Set(written.map(({ letter }) => letter!.locale))).toEqual(new Set(['en', 'fa', 'fr']));
  for (const { letter } of written) expect(letter!.text).not.toMatch(/\{[{%]|undefined|null|,,| {2}\S/);
  await app.get(Approvals).ask((await bundled()).id, person('Olga', 'organiser'));
});

it.each([
  [
    'en',
    ['Amnesty International', 'about 2,800', '5,000 or more', '30,000', 'not of a court', 'parties to this matter'],
  ],
  ['fr', ['Amnesty International', '2 800', '5 000 ou plus', '30 000', 'et non d’un tribunal', 'parties dans cette']],
  ['ar', ['منظمة العفو الدولية', '2,800', '5,000 أو أكثر', '30,000', 'لا حكم محكمة', 'طرفان في هذه المسألة']],
  [
    'de',
    ['Amnesty International', 'etwa 2.800', '5.000 oder mehr', '30.000', 'nicht die eines Gerichts', 'Partei sind'],
  ],
  [
    'es',
    ['Amnistía Internacional', 'unos 2800', '5000 o más', '30\u00a0000', 'no de un tribunal', 'parte en este asunto'],
  ],
  ['it', ['Amnesty International', 'circa 2.800', '5.000 o più', '30.000', 'non di un tribunale', 'parti in causa']],
  ['fa', ['عفو بین‌الملل', '۲٬۸۰۰', '۵٬۰۰۰', '۳۰٬۰۰۰', 'نه حکم دادگاه', 'طرف این موضوع']],
])('names whom each claim comes from, in %s', async (locale, claims) => {
  const { body } = (await bundled()).texts.find((text) => text.locale === locale)!;
  for (const claim of claims) expect(body).toContain(claim);
});
