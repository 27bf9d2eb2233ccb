import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('an organiser and an approver, without JavaScript', () => {
  let site: Site;
  let browser: Browser;
  let olga: Page;
  let amir: Page;
  /** Address of the letter campaign, once there is one. */
  let campaign: string;

  async function signedIn(who: keyof typeof cast): Promise<Page> {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
    await signIn(page, site, cast[who]);
    return page;
  }

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    for (const person of [cast.olga, cast.amir]) await site.get(Staff).add(person, 'system', password);
    browser = await launch();
    olga = await signedIn('olga');
    amir = await signedIn('amir');
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();
  const mails = async () =>
    (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { to: string; subject: string; text: string }[];

  /** The page and its Persian twin, through the eyes of everybody. */
  async function lookAt(page: Page, path: string, name: string, parts?: Record<string, string>) {
    const session: Awaited<ReturnType<BrowserContext['storageState']>> = await page.context().storageState();
    for (const locale of ['en', 'fa']) {
      const url = `${campaign.replace('/en/', `/${locale}/`)}${path}`;
      expect(await look(browser, url, `console-${name}-${locale}`, { session, parts })).toEqual(fine());
    }
  }

  test('Olga writes a letter, learns what is wrong with it, and asks for approval', async () => {
    await olga.getByRole('link', { name: 'Letters', exact: true }).click();
    await olga.getByRole('link', { name: 'New letter' }).click();
    await olga.getByLabel('Title').fill('Ask for an investigation');
    await olga.getByLabel('Petition', { exact: true }).selectOption('1988-investigation');
    await olga.getByLabel('Who writes', { exact: true }).fill('Olga Lindqvist');
    await olga.getByLabel('Organisation', { exact: true }).fill('Justice for 1988');
    await olga.getByLabel('Answers go to', { exact: true }).fill('olga@example.org');
    await olga.locator('input[name=legislatures]').first().check();
    await press(olga, 'Count and show choices');
    expect(await olga.getByRole('status').innerText()).toMatch(/The rules find \d+ lawmakers/);
    // At any hour, so that the letters go now.
    for (const day of ['Saturday', 'Sunday']) await olga.getByLabel(day).check();
    await olga.getByLabel('Letters leave from').fill('00:00');
    await olga.getByLabel('until', { exact: true }).fill('00:00');
    await press(olga, 'Save');
    campaign = olga.url().split('?')[0]!;

    await olga.locator('select#language').selectOption('en');
    await press(olga, 'Write');
    await olga.getByLabel('Subject').fill('An international investigation, {{ lawmaker.nickname }}');
    await olga.locator('textarea[name=body]').fill('{{ salutation }}\n\nPlease support it.\n\nOlga Lindqvist');
    await press(olga, 'Save');
    expect(await olga.locator('.field .error').innerText()).toContain('there is no placeholder “lawmaker.nickname”');
    await olga.getByLabel('Subject').fill('An international investigation of 1988');
    await press(olga, 'Save');

    await olga.getByRole('link', { name: 'Who gets what' }).click();
    const rows = await olga.locator('tbody tr').allInnerTexts();
    expect(rows.length).toBeGreaterThan(20);
    await olga
      .getByRole('link', { name: /^Preview: / })
      .first()
      .click();
    expect(await olga.locator('.mail-preview').innerText()).toMatch(/^Dear /);
    await press(olga, 'Send a test to me');
    const [test] = await until(mails, (found) => found.length === 1);
    expect(test).toMatchObject({ to: 'olga@example.org' });
    await lookAt(olga, '', 'campaign-draft');
    await lookAt(olga, '/settings', 'campaign-settings');
    await lookAt(olga, '/text?language=en', 'campaign-text');
    await lookAt(olga, '/audience', 'campaign-audience');

    await olga.goto(campaign);
    await press(olga, 'Ask for approval');
    expect(await olga.getByRole('status').innerText()).toContain('A colleague can approve it now');
    expect(await olga.getByRole('button', { name: /^Approve/ }).count()).toBe(0);
  });

  test('Amir approves and dispatches it, and both see what became of each letter', async () => {
    await amir.goto(campaign);
    await lookAt(amir, '', 'campaign-review', { approval: '.card:has(form[action$="/approval"])' });
    await amir.getByLabel(/I have read the letter/).check();
    await press(amir, /^Approve \d+ letters/);
    const point = `SELECT id FROM contact_points WHERE channel = 'email' ORDER BY id LIMIT 1`;
    const address = (sql: string) =>
      site.database.query(`UPDATE contact_points SET value = ${sql} WHERE id = (${point})`);
    await address(`'changed.' || value`);
    await amir.goto(campaign);
    await amir.getByText('Which, and why').click();
    expect(await amir.locator('#changes li').innerText()).toContain('is not the one that was approved');
    await lookAt(amir, '', 'campaign-changed');
    await address(`substr(value, 9)`);
    await amir.goto(campaign);
    await press(amir, /^Dispatch \d+ letters/);
    expect(await amir.locator('.notice[role=status]').innerText()).toContain('on their way');

    const accepted = async () => {
      await olga.goto(`${campaign}/letters?status=accepted`);
      return olga.locator('tbody tr').count();
    };
    const sent = await until(accepted, (letters) => letters > 5, 60);
    expect(sent).toBeGreaterThan(5);
    await olga.locator('tbody a').first().click();
    expect(await olga.locator('main').innerText()).toMatch(/Accepted[\s\S]*Answer of the server/);
    const letter = olga.url().slice(campaign.length);
    const letters = (await mails()).filter(({ subject }) => subject === 'An international investigation of 1988');
    const recipients = letters.map(({ to }) => to);
    expect(new Set(recipients).size).toBe(recipients.length);

    await olga.getByText('Record an answer').click();
    await olga.getByLabel('Answered on').fill('2026-01-15');
    await olga.getByLabel('What she or he said').fill('I will ask about it in the committee.');
    await press(olga, 'Save the answer');
    await amir.goto(olga.url());
    await press(amir, 'Show it in public');
    await amir.goto(`${campaign}/report`);
    await amir.getByRole('link', { name: 'The page for the public' }).click();
    expect(await amir.locator('main').innerText()).toContain('I will ask about it in the committee.');
    expect(await look(browser, amir.url(), 'petition-answers-en')).toEqual(fine());
    expect(await look(browser, amir.url().replace('/en/', '/fa/'), 'petition-answers-fa')).toEqual(fine());
    await lookAt(olga, '', 'campaign-sent', { progress: '.card:has([data-part=bar])' });
    await lookAt(olga, '/letters', 'campaign-letters');
    await lookAt(olga, letter, 'campaign-letter');
    await lookAt(olga, '/report', 'campaign-report');
    await olga.goto(`${campaign}/letters?status=task`);
    await olga.locator('tbody a').first().click();
    await olga.getByLabel('Note').fill('The form gave the number 4711.');
    await press(olga, 'Mark as done');
    await olga.goto(`${campaign}/letters?status=done`);
    expect(await olga.locator('tbody tr').count()).toBe(1);
    await lookAt(olga, '/calls', 'campaign-calls');
    await lookAt(olga, '/print', 'campaign-print');
    await olga.goto(`${campaign}/letters?status=task&channel=phone`);
    await olga.locator('tbody a').first().click();
    await lookAt(olga, olga.url().slice(campaign.length), 'campaign-call');
    await olga.getByLabel('What came of the call').selectOption({ label: 'Nobody answered: to be called again' });
    await press(olga, 'Note the call');
    await olga.goto(`${campaign}/letters?status=task&channel=phone`);
    await olga.locator('tbody a').first().click();
    expect(await olga.textContent('main')).toContain('Called in vain');
  });
});
