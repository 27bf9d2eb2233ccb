import type { Page } from 'playwright-core';
import type { Site } from './site.js';

/** Of everybody whom the tests in Chromium put on the staff. */
export const password = 'correct-horse-battery';

/** Through the page, as people do; returns when the console is there. */
export async function signIn(page: Page, { url }: Site, { email }: { email: string }, locale = 'en'): Promise<void> {
  await page.goto(`${url}/${locale}/console`);
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill(password);
  await page.locator('main form button').click();
  await page.locator('.rail').waitFor();
}
