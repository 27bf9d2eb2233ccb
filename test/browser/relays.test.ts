import type { Browser, BrowserContext } from 'playwright-core';
import { Staff } from '../../src/staff/staff.service.js';
import { cast } from '../support/cast.js';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site } from './support/site.js';
import { password, signIn } from './support/sign-in.js';

withChromium('relays', () => {
  let site: Site;
  let browser: Browser;
  let session: Awaited<ReturnType<BrowserContext['storageState']>>;

  beforeAll(async () => {
    site = await startSite({
      ...{ MAIL_MODE: 'live', MAIL_FROM: 'mail@sign.test', DNS_SERVER: '127.0.0.1:1' },
      // Nobody listens on port 1.
      SMTP_URL: 'smtp://127.0.0.1:1?name=bulk.provider.example&weight=3&lanes=letters smtp://127.0.0.1:1?name=own',
    });
    await site.get(Staff).add(cast.ada, 'system', password);
    await site.database.query(
      `INSERT INTO mail_relays (name, failures, paused_until, last_error, last_error_at)
       VALUES ('bulk.provider.example', 4, now() + interval '40 seconds', '421 4.7.0 Too many connections, try again later', now()),
              ('own', 0, NULL, 'connect ECONNREFUSED 127.0.0.1:1', now() - interval '1 day')`,
    );
    browser = await launch();
    const page = await (await browser.newContext()).newPage();
    await signIn(page, site, cast.ada);
    session = await page.context().storageState();
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test.each(['en', 'fa'])('%s: the desk, the doctor and the overview say how each mail server is', async (locale) => {
    const console = `${site.url}/${locale}/console`;
    expect(await look(browser, `${console}/mail`, `console-mail-relays-${locale}`, { session })).toEqual(fine());
    expect(await look(browser, `${console}/mail/doctor`, `console-doctor-relays-${locale}`, { session })).toEqual(
      fine(),
    );
    expect(await look(browser, console, `console-overview-relays-${locale}`, { session })).toEqual(fine());
  });
});
