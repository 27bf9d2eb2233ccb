import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../../src/config/root.js';
import { PetitionNotes } from '../../src/petitions/petition-notes.service.js';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('a petition from draft to archive, without JavaScript', () => {
  let site: Site;
  let browser: Browser;
  let olga: Page;
  let amir: Page;

  async function signedIn(who: keyof typeof cast): Promise<Page> {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    page.setDefaultTimeout(20_000);
    await signIn(page, site, cast[who]);
    return page;
  }
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click();
  const console = (path: string) => `${site.url}/en/console/petitions${path}`;

  async function lookAt(path: string, name: string, page?: Page, status = 200) {
    const session = await page?.context().storageState();
    for (const locale of ['en', 'fa']) {
      expect(await look(browser, `${site.url}/${locale}${path}`, `${name}-${locale}`, { session })).toEqual(
        fine(status),
      );
    }
  }

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    for (const person of [cast.olga, cast.amir]) await site.get(Staff).add(person, 'system', password);
    browser = await launch();
    [olga, amir] = [await signedIn('olga'), await signedIn('amir')];
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('Olga writes it, looks at the preview, and submits it', async () => {
    await olga.goto(console(''));
    await olga.getByRole('link', { name: 'New petition' }).click();
    await olga.getByLabel('Title', { exact: true }).fill('Reopen the library on Mill Street');
    await olga.getByLabel('Addressee').fill('the Town Council');
    await olga.getByLabel('Ask', { exact: true }).fill('Reopen the library, six days a week.');
    await olga.getByLabel('Why it matters').fill('## Closed in spring\n\nThe nearest one is 40 km away [1].');
    await press(olga, 'Add a source');
    await olga.getByLabel('Title of the source').fill('Minutes of the council');
    await olga.getByLabel('Web address').fill('https://town.example/minutes');
    await press(olga, 'Add a person');
    await olga.locator('#persons-0-name').fill('Nora Example');
    await olga.locator('#persons-0-status').fill('mayor');
    await press(olga, 'Add an event');
    await press(olga, 'Add an event');
    await olga.locator('#timeline-1-date').fill('May 2026');
    await olga.locator('#timeline-1-text').fill('The council decides.');
    await olga.getByLabel('Name in the address').fill('library');
    await olga.getByLabel('Started by').fill('Readers of Mill Street');
    await press(olga, 'Preview');
    expect(await olga.locator('#preview .words h2').innerText()).toBe('Closed in spring');
    await press(olga, 'Save as draft');
    expect(await olga.locator('#errors').innerText()).toContain('Persons named 1, Checked on');
    await olga.locator('#persons-0-asOf').fill('2026-10-01');
    await olga.locator('#persons-0-source').fill('the town’s own page');
    await olga.locator('#persons-0-state').selectOption('already-listed');
    await press(olga, 'Save as draft');
    await olga.locator('a[href$="/texts/fa"]').click();
    for (const [label, words] of [
      ['Title', 'کتابخانهٔ خیابان میل را باز کنید'],
      ['Addressee', 'شورای شهر'],
      ['Ask', 'کتابخانه را شش روز در هفته باز کنید.'],
      ['Why it matters', 'نزدیک‌ترین کتابخانه ۴۰ کیلومتر دور است.'],
    ]) {
      await olga.getByLabel(label!, { exact: true }).fill(words!);
    }
    await press(olga, 'Save');
    await olga.goto(console('/library/texts/en'));
    await olga.getByLabel('Ask', { exact: true }).fill('Reopen the library, seven days a week.');
    await press(olga, 'Save');
    await olga.goto(console('/library'));
    await olga.getByRole('link', { name: 'Picture', exact: true }).click();
    await olga.getByLabel('What it shows (English)').fill('An empty street in spring light');
    await olga.getByLabel('Whose picture it is').fill('Readers of Mill Street');
    await olga.getByLabel('File', { exact: true }).setInputFiles(join(projectRoot, 'test/fixtures/pictures/wide.jpg'));
    await press(olga, 'Save');
    expect(
      await olga
        .getByRole('img', { name: 'An empty street' })
        .evaluate((image) => 'naturalWidth' in image && image.naturalWidth),
    ).toBe(960);
    await lookAt('/console/petitions/library/picture', 'console-petition-picture', olga);
    await lookAt('/console/petitions/new', 'console-petition-new', olga);
    await lookAt('/console/petitions/library/texts/en', 'console-petition-text', olga);
    await lookAt('/console/petitions/library/settings', 'console-petition-settings', olga);
    await lookAt('/console/petitions/library', 'console-petition-draft', olga);
    await lookAt('/console/petitions/library/texts/fa?beside=en', 'console-petition-translation', olga);
    await lookAt('/console/petitions/library/translations', 'console-petition-translations', olga);
    await lookAt('/console/petitions', 'console-petitions', olga);
    await olga.goto(console('/library'));
    await press(olga, 'Submit for review');
    await lookAt('/console/petitions/museum/settings', 'console-problem', olga, 404);
  });

  test('Amir reads and opens it, and Olga amends it', async () => {
    await amir.goto(`${site.url}/en/console`);
    await amir.getByRole('link', { name: 'A petition waits to be reviewed' }).click();
    await lookAt('/console/petitions/library/review', 'console-petition-review', amir);
    for (const box of await amir.locator('input[name=standards]').all()) await box.check();
    await press(amir, 'Open for signatures');

    await olga.goto(console('/library/texts/en'));
    await olga.getByLabel('Title', { exact: true }).fill('Reopen the library on Mill Street now');
    await olga.getByLabel('Why it matters').fill('## Closed in spring\n\nThe nearest library is an hour away [1].');
    await olga.getByLabel('Reason').fill('The council has met, and waits for no report any more.');
    await press(olga, 'Publish the amendment');
    const logged = async () =>
      (await (await fetch(`${site.url}/api/v1/petitions/library/texts`)).json()) as { texts: { logEntry: number }[] };
    const { texts } = await until(logged, (found) => found.texts.every(({ logEntry }) => logEntry !== null));
    expect(texts.map(({ logEntry }) => logEntry).toSorted()).toEqual([0, 0, 1]);
    await lookAt('/console/petitions/library/texts/en/versions', 'console-petition-versions', olga);
    await lookAt('/p/library', 'petition-amended');
    const note = { type: 'audit-plan', text: 'On 1 May 59 entries are drawn by lot.' } as const;
    await site.get(PetitionNotes).publish('library', note, 'system');
    await lookAt('/p/library/history', 'petition-history');
    await lookAt('/p/library/versions/1', 'petition-version');
  });

  test('Olga says that she checked the facts, and Amir answers somebody who asks', async () => {
    await olga.goto(`${site.url}/en/console`);
    await lookAt('/console', 'console-overview-needs', olga);
    await olga.getByRole('listitem').filter({ hasText: 'Mill Street now' }).getByRole('link').first().click();
    await lookAt('/console/petitions/library', 'console-petition-facts', olga);
    await press(olga, 'I have checked the facts today');
    expect(await olga.getByText('that was seen at the last check').isVisible()).toBe(true);
    await lookAt('/console/signatures', 'console-signatures', amir);
    const act = async (page: Page) => {
      await page.locator('input[name=email]').fill('sara@example.org');
      await page.locator('main form button').first().click();
      await page.locator('.notice').waitFor();
    };
    const session = await amir.context().storageState();
    const found = await look(browser, `${site.url}/fa/console/signatures`, 'console-signatures-found-fa', {
      session,
      act,
    });
    expect(found).toEqual(fine());
  });

  test('where scripts run, the preview follows what is typed, and nothing breaks the policy', async () => {
    const context = await browser.newContext({ storageState: await olga.context().storageState() });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(console('/library/texts/en'));
    await page
      .getByLabel('Why it matters')
      .fill('Typed *just now* [1] <img src=x onerror=alert(1)> ![x](https://tracker.example/)');
    await page.locator('#preview em').filter({ hasText: 'just now' }).waitFor();
    expect(await page.locator('#preview img').count()).toBe(0);
    expect(await page.locator('#preview').innerText()).toContain('<img src=x');
    // Enter in a field shows the preview; it publishes nothing.
    await page.getByLabel('Title', { exact: true }).press('Enter');
    await page.waitForURL(/texts\/en$/);
    expect(await page.locator('#preview em').innerText()).toBe('just now');
    await page.getByRole('button', { name: 'Add an event' }).click();
    await page.locator('#timeline-0-date').waitFor();
    expect(await page.getByLabel('Why it matters').inputValue()).toContain('Typed *just now*');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('Amir closes and archives it', async () => {
    await amir.goto(console('/library'));
    await press(amir, 'Close');
    await lookAt('/console/petitions/library', 'console-petition-closed', amir);
    await amir.getByLabel('I know that this cannot be undone').check();
    await press(amir, 'Archive for ever');
    const page = async () => (await fetch(`${site.url}/en/p/library`)).text();
    expect(await until(page, (html) => html.includes('sealed by entry'))).toContain(
      'Final count: 0, sealed by entry 3',
    );
    await lookAt('/p/library', 'petition-archived');
  });
});
