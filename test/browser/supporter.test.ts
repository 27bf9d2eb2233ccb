import type { Browser, Locator, Page } from 'playwright-core';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { urlReader, verify } from '../../verifier/countersign-verify.mjs';
import { startSite, type Site, until } from './support/site.js';

/** What somebody else finds with her code in the public log, whose files follow the count by a moment. */
async function recount({ url }: Site, slug: string, code: string) {
  const look = async () => (await verify(urlReader(`${url}/log/${slug}/`), { code })).code;
  return until(look, (found) => found !== undefined && found.length > 0);
}

withChromium('a supporter without JavaScript', () => {
  let site: Site;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(async () => {
    page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
  });
  afterEach(() => page.context().close());

  const heading = () => page.locator('h1').innerText();

  /** The number on the page, once it is this one. */
  const count = (expected: string) =>
    until(
      async () => {
        await page.goto(`${site.url}/en/p/1988-investigation`);
        return page.locator('.count strong').innerText();
      },
      (text) => text === expected,
    );

  /** Opens the newest mail in the built-in inbox, checks how it looks from outside, and follows its first link. */
  async function followMail(mails: number) {
    const rows = await until(
      async () => {
        await page.goto(`${site.url}/dev/inbox`);
        return page.locator('tbody tr').count();
      },
      (found) => found === mails,
    );
    expect(rows).toBe(mails);
    await page.locator('tbody tr a').first().click();
    const subject = await heading();
    expect(subject).toBe('Please confirm your request');
    await page.locator('.mail-preview a').first().click();
  }

  async function fill() {
    await page.getByLabel('Full name').fill('Sara Mohammadi');
    await page.getByLabel('E-mail', { exact: true }).fill('sara@example.org');
    await page.getByLabel('Country').selectOption('SE');
    await page.getByLabel(/I sign this petition/).check();
  }

  test('signs after correcting her errors, confirms, is counted, and takes her name back', async () => {
    await page.goto(`${site.url}/en`);
    await page.getByRole('link', { name: /formal international investigation/ }).click();
    await page.getByLabel('Full name').fill('Sara Mohammadi');
    await page.getByLabel('E-mail', { exact: true }).fill('sara@');
    await page.waitForTimeout(2100);
    await page.getByRole('button', { name: 'Sign', exact: true }).click();

    const summary = page.getByRole('alert');
    expect(await summary.locator('li').allInnerTexts()).toEqual([
      'E-mail: Please give an e-mail address like name@example.org',
      'Country: Please fill this in',
      'Your agreement: Please tick this box if you want to sign',
    ]);
    expect(await page.getByLabel('Full name').inputValue()).toBe('Sara Mohammadi');
    const email = page.getByLabel('E-mail', { exact: true });
    expect(await email.getAttribute('aria-invalid')).toBe('true');
    expect(await email.getAttribute('aria-describedby')).toContain('email-error');
    await summary.getByRole('link', { name: /^Country/ }).click();
    expect(new URL(page.url()).hash).toBe('#country');

    await fill();
    await page.waitForTimeout(2100);
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    expect(new URL(page.url()).pathname).toBe('/en/p/1988-investigation/look-in-your-mailbox');
    expect(await heading()).toBe('Now look in your mailbox');
    expect(await count('0')).toBe('0');

    await followMail(1);
    expect(await heading()).toBe('Confirm your signature');
    expect(await page.locator('main').innerText()).toContain('Sara Mohammadi, Sweden');
    await page.getByRole('button', { name: 'Confirm my signature' }).click();
    expect(await heading()).toBe('Thank you. Your signature is confirmed.');
    const code = await page.locator('.code').innerText();
    expect(await page.locator('main').innerText()).toContain('This code was made by the server');
    await page.getByLabel('Why do you sign?').fill('برای آنان که فراموش نشده‌اند.');
    await page.getByRole('button', { name: 'Keep my words' }).click();
    expect(await page.getByRole('status').innerText()).toContain('Your words are kept');
    expect(await page.locator('.code').count()).toBe(0);
    expect(await count('1')).toBe('1');
    expect(await recount(site, '1988-investigation', code)).toEqual([{ index: 1, withdrawnForReason: null }]);

    await page.getByRole('link', { name: 'Take your name back' }).click();
    await page.getByLabel('E-mail you signed with').fill('sara@example.org');
    await page.getByRole('button', { name: 'Send me the link' }).click();
    expect(await heading()).toBe('Now look in your mailbox');
    await followMail(2);
    await page.getByRole('button', { name: 'Take my name back' }).click();
    expect(await heading()).toBe('Your name is off the petition');
    expect(await count('0')).toBe('0');
  });

  const petition = '/en/p/1988-investigation';
  const press = (name: string, within: Locator | Page = page) =>
    within.getByRole('button', { name, exact: true }).click();

  /** Follows the link of the newest mail to an address, once there are so many. */
  async function followMailTo(email: string, mails: number) {
    const sent = async () => {
      const answer = await page.request.get(`${site.url}/dev/inbox.json`);
      return ((await answer.json()) as { to: string; links: string[] }[]).filter(({ to }) => to === email);
    };
    const found = await until(sent, ({ length }) => length === mails);
    await page.goto(found[0]!.links[0]!);
  }

  /** Signs and confirms. @returns her code */
  async function signed(email: string): Promise<string> {
    await page.goto(`${site.url}${petition}`);
    await fill();
    await page.getByLabel('E-mail', { exact: true }).fill(email);
    await page.getByLabel(/Send me news/).check();
    await page.waitForTimeout(2100);
    await press('Sign');
    await followMailTo(email, 1);
    await press('Confirm my signature');
    return page.locator('.code').innerText();
  }

  test('takes her name back with the code that she was shown, once', async () => {
    const code = await signed('sara.code@example.org');
    expect(await count('1')).toBe('1');
    await page.goto(`${site.url}${petition}/withdraw`);
    const byCode = page.locator('section', { hasText: 'With your code' });
    await byCode.getByLabel('Your code').fill(code.replaceAll('-', '').toLowerCase());
    await press('Take my name back', byCode);
    expect(await heading()).toBe('Your name is off the petition');
    expect(await count('0')).toBe('0');
    await page.goto(`${site.url}${petition}/withdraw`);
    await byCode.getByLabel('Your code').fill(code);
    await press('Take my name back', byCode);
    // Twice is once.
    expect(await heading()).toBe('Your name is off the petition');
    expect(await count('0')).toBe('0');
  });

  test('has who she is erased through her mailbox, and stays counted', async () => {
    const email = 'sara.erases@example.org';
    const code = await signed(email);
    expect(await count('1')).toBe('1');
    await page.goto(`${site.url}${petition}/withdraw`);
    await page.getByLabel('E-mail you signed with').fill(email);
    await press('Send me the link');
    await followMailTo(email, 2);
    await press('Erase who I am');
    expect(await heading()).toBe('Your data is erased');
    expect(await count('1')).toBe('1');
    expect(await recount(site, '1988-investigation', code)).toMatchObject([{ withdrawnForReason: null }]);
  });

  test('takes an agreement back, has herself erased and takes her name back, all in her data', async () => {
    const email = 'sara.looks@example.org';
    const before = await (await fetch(`${site.url}/api/v1/petitions/1988-investigation/count.json`)).json();
    const counted = (more: number) => String((before as { count: number }).count + more);
    await signed(email);
    expect(await count(counted(1))).toBe(counted(1));
    await page.goto(`${site.url}/en/my-data`);
    await page.getByLabel('E-mail you signed with').fill(email);
    await press('Send me the link');
    await followMailTo(email, 2);
    const held = page.locator('main');
    expect(await held.innerText()).toContain('Sara Mohammadi');
    await press('Take this back');
    expect(await page.getByRole('status').innerText()).toBe('Taken back. Your signature stays.');
    expect(await page.getByRole('button', { name: 'Take this back' }).count()).toBe(0);
    await press('Erase who I am');
    expect(await page.getByRole('status').innerText()).toContain('Nobody can tell any more');
    expect(await held.innerText()).not.toContain('Sara Mohammadi');
    await press('Take my name back');
    expect(await page.getByRole('status').innerText()).toContain('Your details are erased');
    expect(await count(counted(0))).toBe(counted(0));
    await followMailTo(email, 2);
    expect(await held.innerText()).toContain('We hold no signature of this address.');
  });

  test('signs in Persian, from right to left', async () => {
    await page.goto(`${site.url}/fa/p/magnitsky-sanctions`);
    expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
    const form = page.locator('.petition-side');
    await form.getByLabel('نام و نام خانوادگی').fill('امید رضایی');
    await form.getByLabel('رایانامه', { exact: true }).fill('omid@example.org');
    await form.getByLabel('کشور').selectOption('DE');
    await form.getByLabel(/این دادخواست را امضا می‌کنم/).check();
    await page.waitForTimeout(2100);
    await form.getByRole('button', { name: 'امضا می‌کنم' }).click();
    expect(await heading()).toBe('حالا صندوق رایانامهٔ خود را ببینید');
    const link = await until(
      async () => {
        const answer = await page.request.get(`${site.url}/dev/inbox.json`);
        const mails = (await answer.json()) as { to: string; subject: string; text: string; links: string[] }[];
        return mails.find((mail) => mail.to === 'omid@example.org');
      },
      (mail) => mail !== undefined,
    );
    expect(link!.subject).toBe('لطفاً درخواست خود را تأیید کنید');
    expect(link!.text.slice(0, 150)).not.toContain('۱۳۶۷');
    await page.goto(link!.links[0]!);
    await page.getByRole('button', { name: 'امضایم را تأیید می‌کنم' }).click();
    expect(await heading()).toBe('سپاس. امضای شما تأیید شد.');
    await page.getByRole('button', { name: 'نامم را پس می‌گیرم' }).click();
    expect(await heading()).toBe('نام شما از دادخواست برداشته شد');
  });
});

withChromium('a supporter with JavaScript', () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('makes her code in her own browser, and only there', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    const person = { name: 'Sara Mohammadi', email: 'sara@example.org', country: 'SE', locale: 'en' };
    const asked = await page.request.post(`${site.url}/api/v1/petitions/1988-investigation/signatures`, {
      data: { ...person, consents: { sign: true } },
    });
    expect(asked.status()).toBe(202);
    const mails = await until(
      async () => (await (await page.request.get(`${site.url}/dev/inbox.json`)).json()) as { links: string[] }[],
      (found) => found.length === 1,
    );
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
    await page.goto(mails[0]!.links[0]!);
    await page.locator('input[name="codeHash"]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Confirm my signature' }).click();
    await page.locator('.code').waitFor();
    const code = await page.locator('.code').innerText();
    expect(code).toMatch(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/);
    expect(await page.locator('main').innerText()).not.toContain('made by the server');
    const thankYou = page.url();
    await page.goto(mails[0]!.links[0]!);
    await page.locator('input[name="codeHash"]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Confirm my signature' }).click();
    expect(await page.locator('.code').count()).toBe(0);
    await page.goto(thankYou);
    expect(await page.locator('.code').innerText()).toBe(code);
    await until(
      async () => (await page.request.get(`${site.url}/log/1988-investigation/tile/entries/000.p/2`)).status(),
      (status) => status === 200,
    );
    expect(await recount(site, '1988-investigation', code)).toEqual([{ index: 1, withdrawnForReason: null }]);
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.filter((request) => request.includes(code.replaceAll('-', '')) || request.includes(code))).toEqual([]);
    await page.close();
  });

  test.each(['en', 'fa'])('%s: the page with her code can be used by everybody', async (locale) => {
    const email = `sara-${locale}@example.org`;
    const person = { name: 'Sara Mohammadi', email, country: 'SE', locale, consents: { sign: true } };
    await fetch(`${site.url}/api/v1/petitions/1988-investigation/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(person),
    });
    const mail = await until(
      async () => {
        const answer = await fetch(`${site.url}/dev/inbox.json`);
        return ((await answer.json()) as { to: string; links: string[] }[]).find(({ to }) => to === email);
      },
      (found) => found !== undefined,
    );
    const act = async (page: Page) => {
      await page.locator('input[name="codeHash"]').waitFor({ state: 'attached' });
      await page.locator('main form .button').first().click();
      await page.locator('.code').waitFor();
    };
    const parts = { code: '.card:has(.code)' };
    expect(await look(browser, mail!.links[0]!, `confirmed-code-${locale}`, { act, parts })).toEqual(fine());
  });
});
