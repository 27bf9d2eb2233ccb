import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { Browser, Page } from 'playwright-core';
import { Coalitions } from '../../src/coalitions/coalitions.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { UpdatesRunner } from '../../src/updates/updates.runner.js';
import { cast } from '../support/cast.js';
import { person } from '../support/letters.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

const slug = '1988-investigation';

withChromium('updates, organisations and paper, without JavaScript', () => {
  let site: Site;
  let browser: Browser;
  const pages: Partial<Record<keyof typeof cast, Page>> = {};

  async function signedIn(who: keyof typeof cast): Promise<Page> {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
    await signIn(page, site, cast[who]);
    return page;
  }
  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();
  const console = (path: string) => `${site.url}/en/console/petitions/${slug}${path}`;
  const mails = async () =>
    (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { subject: string; links: string[] }[];

  async function lookAt(path: string, name: string, page?: Page) {
    const choices = path.includes('/updates') ? 'select' : undefined;
    const session = await page?.context().storageState();
    for (const locale of ['en', 'fa']) {
      expect(await look(browser, `${site.url}/${locale}${path}`, `${name}-${locale}`, { session, choices })).toEqual(
        fine(),
      );
    }
  }

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    for (const each of [cast.olga, cast.amir, cast.ada]) await site.get(Staff).add(each, 'system', password);
    browser = await launch();
    for (const who of ['olga', 'amir', 'ada'] as const) pages[who] = await signedIn(who);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('Ada adds an organisation, and the form asks for an agreement of its own', async () => {
    const ada = pages.ada!;
    await ada.goto(console('/organisations'));
    await ada.getByLabel('Name', { exact: true }).fill('Lawyers for Khavaran');
    await ada.getByLabel('Web address').fill('https://lawyers.example');
    await ada.getByLabel('Privacy notice').fill('https://lawyers.example/privacy');
    await ada.getByLabel('Reader’s public key (age)').fill(await identityToRecipient(await generateIdentity()));
    await press(ada, 'Add');
    await ada.getByRole('link', { name: 'Lawyers for Khavaran' }).click();
    const one = new URL(ada.url()).pathname.replace('/en', '');
    expect(one).toMatch(/organisations\/[0-9a-f-]{36}$/);
    await lookAt(one, 'organisation', ada);
    await lookAt(`/console/petitions/${slug}/organisations`, 'organisations', ada);
    const recipient = await identityToRecipient(await generateIdentity());
    await site.get(Coalitions).add(
      slug,
      {
        name: 'کانون خانواده‌ها',
        url: 'https://families.example',
        privacyUrl: 'https://families.example/p',
        recipient,
      },
      person('Ada', 'admin'),
    );
    await new Promise((done) => setTimeout(done, 1100));
    await lookAt(`/p/${slug}`, 'petition-coalition');
    await lookAt('/privacy', 'privacy-coalition');
  });

  test('Sara agrees with one, Olga writes to her, Amir approves, and one press ends it', async () => {
    const sara = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await sara.goto(`${site.url}/en/p/${slug}`);
    await sara.getByLabel('Full name').fill('Sara Ahmadi');
    await sara.getByLabel('E-mail').fill('sara@example.org');
    await sara.getByLabel('Country').selectOption('SE');
    await sara.getByLabel(/I sign this petition/).check();
    await sara.getByLabel(/Send me news/).check();
    await sara.getByLabel(/Lawyers for Khavaran may send me/).check();
    await new Promise((done) => setTimeout(done, 2500));
    await press(sara, 'Sign');
    const link = await until(
      async () => (await mails()).flatMap(({ links }) => links).find((each) => each.includes('/confirm/')),
      Boolean,
    );
    await sara.goto(link!);
    await sara.locator('main form button').first().click();

    const [olga, amir] = [pages.olga!, pages.amir!];
    await olga.goto(console('/updates'));
    await olga.getByLabel('Title').fill('The committee has answered');
    await olga
      .getByLabel('Text')
      .fill('## What they say\n\nThey will **vote** in May.\n\n- Write to them\n- Come along');
    await press(olga, 'Preview');
    await lookAt(`/console/petitions/${slug}/updates`, 'updates-empty', olga);
    await press(olga, 'Save as draft');
    const update = new URL(olga.url()).pathname.replace('/en', '');
    await olga.getByRole('link', { name: 'Add فارسی' }).click();
    await olga.getByLabel('Title').fill('کمیته پاسخ داد');
    await olga.getByLabel('Text').fill('در ماه مه **رأی** می‌دهند.');
    await lookAt(`${update}/texts/fa`, 'update-text', olga);
    await press(olga, 'Save');
    await lookAt(update, 'update-draft', olga);
    await press(olga, 'Submit for review');
    await amir.goto(`${site.url}/en${update}`);
    await lookAt(update, 'update-review', amir);
    await press(amir, /^Approve, and send to one signer/);
    await site.get(UpdatesRunner).tick();
    const mail = await until(
      async () => (await mails()).find(({ subject }) => subject === 'The committee has answered'),
      Boolean,
    );
    await lookAt(update, 'update-sent', amir);
    await lookAt(`/console/petitions/${slug}/updates`, 'updates', olga);
    await lookAt(`/p/${slug}/updates`, 'news');
    await lookAt(`/p/${slug}/updates/${update.split('/').at(-1)}`, 'news-one');
    const stop = mail!.links.find((each) => each.includes('/unsubscribe/'))!;
    await lookAt(new URL(stop).pathname.replace('/en', ''), 'unsubscribe');
    await sara.goto(stop);
    await press(sara, 'Send me no more news');
    expect(await sara.getByRole('status').innerText()).toContain('Done');
    await sara.goto(`${site.url}/en/my-data`);
    await sara.locator('input[name=email]').fill('sara@example.org');
    await sara.locator('main form button').click();
    const mine = await until(
      async () => (await mails()).flatMap(({ links }) => links).find((each) => each.includes('/my-data/')),
      Boolean,
    );
    await lookAt(new URL(mine!).pathname.replace('/en', ''), 'my-data-coalition');
  });

  test('Olga enters sheets, Amir counts them, and both numbers stand apart', async () => {
    const [olga, amir] = [pages.olga!, pages.amir!];
    await olga.goto(console('/paper'));
    await olga.getByLabel('Return address').fill('River Friends, PO Box 12, until 15 January');
    await press(olga, 'Save');
    await olga.getByLabel('Sheets').fill('1 | 14\n2 | 9');
    await olga.getByLabel('Country').selectOption('SE');
    await olga.getByLabel('Day').fill('2026-11-20');
    await olga.getByLabel('Folder').fill('Cupboard 2, red folder');
    await press(olga, 'Enter, for another to count');
    await lookAt(`/console/petitions/${slug}/paper`, 'paper', olga);
    await amir.goto(console('/paper'));
    await amir.getByRole('table').getByRole('link').first().click();
    const batch = new URL(amir.url()).pathname.replace('/en', '');
    await lookAt(batch, 'paper-count', amir);
    await amir.getByLabel('Signatures on sheet 1').fill('14');
    await amir.getByLabel('Signatures on sheet 2').fill('8');
    await press(amir, 'This is what I counted');
    expect(await amir.getByRole('status').innerText()).toContain('counted differently');
    await lookAt(batch, 'paper-differing', amir);
    for (const page of [amir, olga]) {
      await page.goto(`${site.url}/en${batch}`);
      await page.getByLabel('Signatures on sheet 1').fill('14');
      await page.getByLabel('Signatures on sheet 2').fill('9');
      await press(page, 'This is what I counted');
    }
    await lookAt(batch, 'paper-confirmed', olga);
    await new Promise((done) => setTimeout(done, 1100));
    await lookAt(`/p/${slug}`, 'petition-paper');
    await lookAt(`/p/${slug}/paper`, 'paper-sheet');
    const sheet = await (await browser.newContext()).newPage();
    for (const locale of ['en', 'fa']) {
      await sheet.goto(`${site.url}/${locale}/p/${slug}/paper`);
      const pdf = (await sheet.pdf({ preferCSSPageSize: true })).toString('latin1');
      // One page of A4, whatever the language.
      expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    }
  });
});
