import type { Page } from 'playwright-core';
import { nobody, ObjectionLinks } from '../../../src/lawmakers/objection-links.service.js';
import { type Site, until } from './site.js';

export const slug = '1988-investigation';

export type Links = Record<
  'confirm' | 'thanks' | 'withdraw' | 'objection' | 'objected' | 'objectionTest' | 'data',
  string
>;

export interface SupporterPage {
  name: string;
  /** Behind the language. */
  path: (links: Links) => string;
  status?: number;
  act?: (page: Page) => Promise<void>;
  parts?: Record<string, string>;
}

const withErrors = async (page: Page) => {
  await page.locator('#email').fill('sara@');
  await page.locator('.petition-side .button.wide').click();
  await page.locator('#errors').waitFor();
  await page.waitForLoadState();
};
const withTypo = async (page: Page) => {
  await page.locator('#name').fill('Sara Mohammadi');
  // What a browser without script sends.
  await page.evaluate(`document.querySelector('#email').value = 'sara@gmial.com'`);
  await page.locator('#country').selectOption('SE');
  await page.locator('#consentSign').check();
  await page.waitForTimeout(2100);
  await page.locator('.petition-side .button.wide').click();
  await page.locator('#useMeant').waitFor();
  await page.waitForLoadState();
};
const wrongCode = async (page: Page) => {
  await page.locator('#code').fill('ABC');
  await page.locator('section .button-danger').click();
  await page.locator('#errors').waitFor();
};

/** Every page that needs neither a sign-in nor a letter campaign. */
export const supporterPages: SupporterPage[] = [
  { name: 'home', path: () => '' },
  { name: 'petition', path: () => `/p/${slug}`, parts: { form: '.petition-side' } },
  { name: 'petition-errors', path: () => `/p/${slug}`, act: withErrors, status: 422 },
  { name: 'petition-typo', path: () => `/p/${slug}`, act: withTypo, status: 422 },
  { name: 'petition-sanctions', path: () => '/p/magnitsky-sanctions' },
  { name: 'look-in-mailbox', path: () => `/p/${slug}/look-in-your-mailbox` },
  { name: 'confirm', path: ({ confirm }) => confirm },
  { name: 'confirmed', path: ({ thanks }) => thanks },
  { name: 'withdraw', path: () => `/p/${slug}/withdraw` },
  { name: 'withdraw-asked', path: () => `/p/${slug}/withdraw-asked` },
  { name: 'withdraw-confirm', path: ({ withdraw }) => withdraw },
  { name: 'withdraw-errors', path: () => `/p/${slug}/withdraw`, act: wrongCode, status: 422 },
  { name: 'erased', path: () => `/p/${slug}/erased` },
  { name: 'my-data-ask', path: () => '/my-data' },
  { name: 'my-data-asked', path: () => '/my-data/asked' },
  { name: 'my-data', path: ({ data }) => data },
  { name: 'withdrawn', path: () => `/p/${slug}/withdrawn` },
  { name: 'objection', path: ({ objection }) => objection },
  { name: 'objection-done', path: ({ objected }) => objected },
  { name: 'objection-test', path: ({ objectionTest }) => objectionTest },
  { name: 'news-none', path: () => `/p/${slug}/updates` },
  { name: 'paper-sheet', path: () => `/p/${slug}/paper` },
  { name: 'method', path: () => '/method' },
  { name: 'privacy', path: () => '/privacy' },
  { name: 'accessibility', path: () => '/accessibility' },
  { name: 'embed', path: () => `/embed/${slug}` },
  { name: 'problem', path: () => '/p/nothing-here', status: 404 },
  { name: 'problem-link', path: () => '/confirm/abc', status: 410 },
];

/** Signs, confirms, asks to withdraw and for her data, and objects, so that each of those pages has its address. */
export async function linksOf(site: Site): Promise<Links> {
  const send = (path: string, body: object) =>
    fetch(`${site.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const mails = async () =>
    (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { to: string; links: string[] }[];
  const newest = async (count: number) => (await until(mails, (found) => found.length === count))[0]!.links[0]!;
  const pathOf = (link: string) => new URL(link).pathname.replace(/^\/\w+/, '');

  for (const person of [
    { name: 'Sara Mohammadi', email: 'sara@example.org' },
    { name: 'Jean-Baptiste Oumar', email: 'jean@example.org' },
  ])
    await send(`petitions/${slug}/signatures`, { ...person, country: 'SE', locale: 'en', consents: { sign: true } });
  const [jean, sara] = await until(mails, (found) => found.length === 2);
  const confirm = pathOf(jean!.links[0]!);
  const confirmed = pathOf(sara!.links[0]!);
  await fetch(`${site.url}/api/v1/confirmations/${confirmed.split('/').pop()}`, { method: 'PUT' });
  await send(`petitions/${slug}/withdrawals`, { email: sara!.to, locale: 'en' });
  const withdraw = pathOf(await newest(3));
  await send('my-data', { email: sara!.to, locale: 'en' });
  const data = pathOf(await newest(4));
  const [lawmaker, other] = await site.database.query(`SELECT id FROM lawmakers ORDER BY name LIMIT 2`);
  const objectionOf = (id: string) => pathOf(site.get(ObjectionLinks).url(id, 'en'));
  const objected = objectionOf(other.id);
  await fetch(`${site.url}/en${objected}`, { method: 'POST' });
  return {
    ...{ confirm, thanks: `${confirmed}/thank-you`, withdraw, data },
    ...{ objection: objectionOf(lawmaker.id), objected, objectionTest: objectionOf(nobody) },
  };
}
