import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../src/config/root.js';
import { Pages } from '../src/site/pages.service.js';
import { locales } from '../src/site/languages.js';
import { markdownToHtml } from '../src/site/markdown.js';
import { startApp, type TestApp } from './support/app.js';
import { invalidHtml } from './support/valid-html.js';

const mails = readdirSync(join(projectRoot, 'templates/mails'))
  .filter((name) => name.endsWith('.html.liquid'))
  .map((name) => name.replace('.html.liquid', ''));
const nasty = `Peace & "quiet" <b>now</b>'s`;
const link = 'https://sign.test/en/x?a=1&b="2"';

/** What any of the mails speaks of, each with signs that HTML gives a meaning. */
const all = {
  ...{ link, petitionLink: link, withdrawLink: link, webLink: link, stop: link, dataLink: link, publicUrl: link },
  ...{ petition: { title: nasty }, lawmaker: nasty, title: nasty, from: nasty, wording: nasty, linkHours: 48 },
  letters: [
    { to: nasty, text: `Dear ${nasty}\n\nPlease act.` },
    { to: nasty, text: nasty },
  ],
  ...{ textLocale: 'fa', textDir: 'rtl', bodyHtml: markdownToHtml(`## ${nasty}\n\n- one\n- [two](${link})`, 'fa') },
};

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

test.each(mails.flatMap((mail) => locales.map((locale) => [mail, locale] as const)))(
  'the HTML of the mail %s in %s follows the standard',
  async (mail, locale) => {
    for (const digest of [false, true]) {
      const { html, text } = await app.get(Pages).renderMail(mail, locale, { ...all, digest }, nasty);
      expect(await invalidHtml(html)).toEqual([]);
      expect(html).toContain(`<html lang="${locale}" dir="${['fa', 'ar'].includes(locale) ? 'rtl' : 'ltr'}">`);
      expect(html).not.toContain('<b>now');
      expect(text).not.toContain('&amp;');
    }
  },
);
