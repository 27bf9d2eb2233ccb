import type { Browser, Locator, Page } from 'playwright-core';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { startSite, type Site, until } from './support/site.js';
import { password } from './support/sign-in.js';

/** Runs inside the page: whether the element has the focus, and whether that can be seen. */
function focusOn(element: Focusable): [boolean, boolean] {
  const inside = globalThis as unknown as Inside;
  if (inside.document.activeElement !== element) return [false, true];
  const { outlineStyle, outlineWidth } = inside.getComputedStyle(element);
  const { width, height } = element.getBoundingClientRect();
  return [true, outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && width > 0 && height > 0];
}
interface Focusable {
  getBoundingClientRect(): { width: number; height: number };
}
interface Inside {
  document: { activeElement: unknown };
  getComputedStyle(element: Focusable): { outlineStyle: string; outlineWidth: string };
}

/** Somebody with a keyboard alone: every step is a key, and what has the focus has to be seen. */
class Keyboard {
  constructor(readonly page: Page) {}

  /** Tab by Tab, as far as a page is long. @throws Error if the element cannot be reached, or the focus cannot be seen */
  async to(target: Locator): Promise<void> {
    await target.waitFor();
    const wanted = (await target.elementHandle())!;
    for (let step = 0; step < 400; step++) {
      const [there, seen] = await wanted.evaluate(focusOn);
      if (there && !seen) throw new Error(`${target.toString()} has the focus, and nobody can see it`);
      if (there) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${target.toString()} cannot be reached by the Tab key`);
  }

  async write(label: string, text: string): Promise<void> {
    await this.to(this.page.getByLabel(label, { exact: true }));
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }

  /** Chooses by the first letters, as a list does. */
  async choose(target: Locator, text: string): Promise<void> {
    await this.to(target);
    await this.page.keyboard.type(text);
  }

  async press(target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.to(target);
    await this.page.keyboard.press(key);
  }

  /** Presses what leads to another page, and waits until that is there. */
  private async go(target: Locator): Promise<void> {
    await this.to(target);
    const loaded = this.page.waitForEvent('load');
    await this.page.keyboard.press('Enter');
    await loaded;
  }

  button = (name: string | RegExp) => this.go(this.page.getByRole('button', { name }).first());
  link = (name: string | RegExp) => this.go(this.page.getByRole('link', { name }).first());
  tick = (label: string | RegExp) => this.press(this.page.getByLabel(label), 'Space');
}

withChromium('an organiser with a keyboard alone', () => {
  let site: Site;
  let browser: Browser;

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    for (const person of [cast.olga, cast.amir]) await site.get(Staff).add(person, 'system', password);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function signedIn(who: 'olga' | 'amir'): Promise<Keyboard> {
    const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${site.url}/en/console`);
    const keyboard = new Keyboard(page);
    await keyboard.write('E-mail', cast[who].email);
    await keyboard.write('Password', password);
    await page.keyboard.press('Enter');
    await page.locator('.rail').waitFor();
    return keyboard;
  }

  test('the first Tab offers to skip what every page begins with', async () => {
    const { page } = await signedIn('olga');
    await page.goto(`${site.url}/en/console/letters`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement.closest('main') !== null`)).toBe(true);
  });

  test('from the sign-in to letters that were sent', async () => {
    const olga = await signedIn('olga');
    const { page } = olga;
    await olga.link(/^Letters$/);
    await olga.link('New letter');
    await olga.write('Title', 'By keyboard');
    await olga.choose(page.getByLabel('Petition', { exact: true }), '1988');
    await olga.write('Who writes', 'Olga Lindqvist');
    await olga.write('Organisation', 'Justice for 1988');
    await olga.write('Answers go to', 'olga@example.org');
    await olga.press(page.locator('input[name=legislatures]').first(), 'Space');
    for (const day of ['Saturday', 'Sunday']) await olga.tick(day);
    // The clock of this browser has twelve hours. All day: the test is not to depend on when it runs.
    await olga.write('Letters leave from', '12:00AM');
    await olga.write('until', '12:00AM');
    for (const name of ['hoursFrom', 'hoursTo']) {
      expect(await page.locator(`input[name=${name}]`).inputValue()).toBe('00:00');
    }
    await olga.button('Save');
    const campaign = page.url().split('?')[0]!;

    await olga.choose(page.locator('select#language'), 'English');
    await olga.button('Write');
    await olga.write('Subject', 'A letter typed on keys');
    await olga.to(page.locator('textarea[name=body]'));
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('{{ salutation }}\n\nPlease support it.\n\nOlga Lindqvist');
    await olga.button('Save');
    await olga.link('Who gets what');
    await olga.link(/^Preview: /);
    expect(await page.locator('.mail-preview').innerText()).toMatch(/^Dear /);
    await page.goto(campaign);
    await olga.button('Ask for approval');
    expect(await page.getByRole('status').innerText()).toContain('A colleague can approve it now');

    const amir = await signedIn('amir');
    await amir.page.goto(campaign);
    await amir.tick(/I have read the letter/);
    await amir.button(/^Approve \d+ letters/);
    await amir.button(/^Dispatch \d+ letters/);
    expect(await amir.page.locator('.notice').first().innerText()).toContain('on their way');

    const sent = await until(
      async () => {
        await page.goto(`${campaign}/letters?status=accepted`);
        return page.locator('tbody tr').count();
      },
      (letters) => letters > 5,
      60,
    );
    expect(sent).toBeGreaterThan(5);
    await olga.press(page.locator('tbody a').first());
    await olga.press(page.getByText('Record an answer'));
    await olga.write('What she or he said', 'I will ask about it in the committee.');
    expect(await page.getByLabel('What she or he said').inputValue()).toBe('I will ask about it in the committee.');
    await page.goto(campaign);
    await olga.link('Report');
    expect(await page.locator('main').innerText()).toContain('Accepted');
  });
});
