import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { projectRoot } from '../../src/config/root.js';
import { leafHash } from '../../src/countlog/merkle.js';
import { parseVkey } from '../../src/countlog/note.js';
import { vectors } from '../support/count-log.js';
import { parseProof, verifyProof } from '../../src/countlog/proof.js';
import { verifyProof as verifyAlone } from '../../verifier/countersign-verify.mjs';
import { launch, withChromium } from './support/chromium.js';
import { fine, look } from './support/look.js';
import { startSite, type Site, until } from './support/site.js';

const slug = '1988-investigation';
const command = promisify(execFile);

/** Without the marks that keep a value's own direction. */
const plain = (text: string) => text.replace(/[\u2066-\u2069]/g, '');

withChromium('the page that recounts', () => {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Of the signers in the order in which they confirmed: Sara, Jean, and Nima, who took his name back. */
  const codes: string[] = [];
  /** As they got them at once: promises, unless the log was faster. */
  const promises: Buffer[] = [];
  let errors: string[];

  const post = (path: string, method: string, body?: object) =>
    fetch(`${site.url}/api/v1/${path}`, {
      method,
      headers: body && { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
  const count = async () =>
    (await (await fetch(`${site.url}/api/v1/petitions/${slug}/count.json`)).json()) as { count: number; size: number };
  const inLog = (file: string) => join(site.settings.DATA_DIR, 'log', slug, file);

  beforeAll(async () => {
    site = await startSite({ LIMITS: 'off' });
    browser = await launch();
    for (const name of ['Sara', 'Jean', 'Nima']) {
      const person = { name, email: `${name.toLowerCase()}@example.org`, country: 'SE', locale: 'en' };
      await post(`petitions/${slug}/signatures`, 'POST', { ...person, consents: { sign: true } });
      const mails = await until(
        async () => (await (await fetch(`${site.url}/dev/inbox.json`)).json()) as { to: string; links: string[] }[],
        (found) => found[0]?.to === person.email,
      );
      const token = mails[0]!.links[0]!.split('/').pop()!;
      const confirmed = await post(`confirmations/${token}`, 'PUT');
      codes.push(((await confirmed.json()) as { code: string }).code);
      promises.push(Buffer.from(await (await post(`confirmations/${token}/receipt`, 'POST')).arrayBuffer()));
      await until(count, ({ size }) => size === codes.length + 1);
      if (name === 'Nima') await post(`confirmations/${token}`, 'DELETE');
    }
    expect(await until(count, ({ size }) => size === 5)).toMatchObject({ count: 2, size: 5 });
    await until(
      () => readFile(inLog('checkpoint'), 'utf8'),
      (note) => note.includes('\n5\n'),
    );
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  });
  afterEach(() => context.close());

  const open = async (locale = 'en') => {
    await page.goto(`${site.url}/${locale}/p/${slug}/verify`);
    await page.locator('#verify[data-ready]').waitFor();
  };
  const said = async (place: string) => {
    await page.locator('#recount:enabled').waitFor();
    await page.locator(`${place} > *`).first().waitFor();
    return plain(await page.locator(place).innerText());
  };
  const recount = async () => {
    await page.locator('#recount').click();
    return said('#result');
  };
  const find = async (code: string) => {
    await page.locator('#code').fill(code);
    await page.locator('#find button').click();
    return said('#found');
  };
  const compare = async (paper: string, size = '') => {
    await page.locator('#paper').fill(paper);
    await page.locator('#paper-size').fill(size);
    await page.locator('#compare button').click();
    return said('#compared');
  };
  const rootOf = (note: string) => note.split('\n')[2]!;

  test('recounts from the static files and says what was checked and what was not', async () => {
    await open();
    const text = await recount();
    const [, size, root] = (await readFile(inLog('checkpoint'), 'utf8')).split('\n');
    expect(text).toContain('The count is right. 2 confirmed signatures stand in the public log');
    expect(text).toMatch(/Signatures that stand\s+2\s+Signed\s+3\s+Withdrawn\s+1 by signers/);
    expect(text).toContain('1 by signers through their mailboxes');
    expect(text).toContain(`Entries\n${size}`);
    expect(text).toContain(root);
    expect(text).toContain(Buffer.from(root!, 'base64').toString('hex'));
    expect(text).toContain('The checkpoint is signed with the key of this log.');
    expect(text).toContain('The number shown on the petition’s page, 2, is the sum of the first 5 entries.');
    const [checked, unchecked] = text.split('What was not checked');
    expect(checked).toContain('Every entry keeps the rules');
    expect(unchecked).toContain('Whether there is another person behind each address.');
    expect(unchecked).not.toContain('signature under the checkpoint');
    expect(errors).toEqual([]);
  });

  test('holds the log against a key from elsewhere', async () => {
    await open();
    const { vkey } = JSON.parse(await readFile(inLog('log.json'), 'utf8')) as { vkey: string };
    await page.locator('#key').fill(` ${vkey} `);
    const [checked, unchecked] = (await recount()).split('What was not checked');
    expect(checked).toContain('The key of this log is the one that you gave.');
    expect(unchecked).not.toContain('Whether the key is the right one');
    await page.locator('#key').fill('magna carta');
    expect(await page.locator('#result').innerText()).toBe('');
    expect(await recount()).toContain('This is no key of a log');
    // A key that fits itself, of somebody else's log.
    await page.locator('#key').fill(vectors.log_vkey);
    expect(await recount()).toContain('This log is signed with another key');
    expect(errors).toEqual([]);
  });

  test('finds the entry of a code, and no request tells which', async () => {
    const sent: string[] = [];
    await context.route('**', async (route: Route) => {
      const request = route.request();
      sent.push(
        `${request.method()} ${request.url()} ${JSON.stringify(await request.allHeaders())} ${request.postData() ?? ''}`,
      );
      await route.continue();
    });
    await open();
    expect(await recount()).toContain('The count is right');
    const asked = sent.length;
    expect(sent.filter((request) => request.includes('/log/')).length).toBe(3);
    expect(sent.filter((request) => request.includes('tile/entries/000.p/5')).length).toBe(1);
    const typed = codes[0]!.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').match(/.{5}/g)!.join('-');
    expect(await find(typed)).toMatch(/Your signature is counted: it is entry 1, under the checkpoint of 5 entries\./);
    expect(await find(codes[1]!)).toMatch(/it is entry 2,/);
    const persian = codes[1]!.replace(/\d/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)]!);
    expect(await find(persian)).toMatch(/it is entry 2,/);
    expect(await find(codes[2]!)).toMatch(
      /Entry 3 is yours, and it was taken back through your mailbox\. It is not counted\./,
    );
    expect(await find('0'.repeat(20))).toMatch(/^Not found \(yet\)\. None of the 5 entries/);
    expect(await find('U'.repeat(20))).toMatch(/cannot be a code/);
    // Nothing at all was asked of anybody for six codes.
    expect(sent.slice(asked)).toEqual([]);
    expect(sent.join('\n')).not.toContain(codes[0]);
    expect(errors).toEqual([]);
  });

  test('a code that is typed first reads the same files as no code', async () => {
    const read = async (act: () => Promise<unknown>) => {
      const fresh = await browser.newContext();
      const sent: string[] = [];
      page = await fresh.newPage();
      page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
      fresh.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
      await open();
      await act();
      await fresh.close();
      return [...new Set(sent)].sort();
    };
    const without = await read(recount);
    expect(without.filter((request) => request.includes('/log/')).length).toBe(3);
    for (const code of codes) expect(await read(() => find(code))).toEqual(without);
  });

  test('saves a proof of her entry that others accept, made without asking anybody', async () => {
    await open();
    await find(codes[1]!);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the proof' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${slug}-2.tlog-proof`);
    const proof = await readFile(await download.path());
    const { vkey } = JSON.parse(await readFile(inLog('log.json'), 'utf8')) as { vkey: string };
    const { extra } = parseProof(proof);
    expect(verifyProof(proof, leafHash(extra!), parseVkey(vkey))).toMatchObject({ index: 2, size: 5 });
    expect(verifyAlone(proof, vkey, { code: codes[1] })).toMatchObject({ index: 2, size: 5 });
    const served = await fetch(`${site.url}/api/v1/petitions/${slug}/proof?index=2&size=5`);
    expect(Buffer.from(await served.arrayBuffer())).toEqual(proof);
  });

  test('says what became of a receipt', async () => {
    await open();
    const receipt = async (name: string, bytes: Buffer) => {
      await page.locator('#receipt').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: bytes });
      return said('#received');
    };
    expect(await receipt('a.tlog-proof', promises[0]!)).toMatch(
      /(promise was kept: your entry is number 1|entry 1 is in it)[^]* counted\./,
    );
    expect(await receipt('b.tlog-proof', promises[2]!)).toMatch(
      /^Entry 3 is yours, and it was taken back through your mailbox/,
    );
    const served = await fetch(`${site.url}/api/v1/petitions/${slug}/proof?index=2&size=4`);
    const proof = Buffer.from(await served.arrayBuffer());
    expect(await receipt('c.tlog-proof', proof)).toMatch(
      /^The proof is right[^]*entry 2 is in it, under the checkpoint of 4 entries/,
    );
    expect(await receipt('d.txt', Buffer.from('a letter'))).toMatch(/^This is no receipt/);
    const forged = String(promises[0]).replace(/(.)(.{20}\n)$/, (_, one, rest) => (one === 'A' ? 'B' : 'A') + rest);
    expect(await receipt('e.tlog-proof', Buffer.from(forged))).toMatch(/^This receipt is not signed by this log/);
  });

  test('holds a root on paper against the log', async () => {
    await open();
    const note = await readFile(inLog('checkpoint'), 'utf8');
    const earlier = await readFile(inLog('checkpoints/3'), 'utf8');
    expect(await compare(rootOf(note))).toMatch(/^The same\. The first 5 entries/);
    const hex = Buffer.from(rootOf(earlier), 'base64').toString('hex').toUpperCase();
    expect(await compare(hex, '3')).toMatch(/^The same\. The first 3 entries/);
    expect(await compare(rootOf(earlier), '۳')).toMatch(/^The same\. The first 3 entries/);
    expect(await compare(earlier)).toMatch(/^The same\. The first 3 entries[^]*Your checkpoint is signed/);
    expect(await compare(earlier.split('\n\n')[0]!)).toMatch(/^The same\. The first 3 entries(?![^]*is signed)/);
    expect(await compare(rootOf(earlier))).toMatch(/^Not the same\. The first 5 entries/);
    expect(await compare(rootOf(note), '6')).toMatch(/^This log has 5 entries, fewer than the 6/);
    expect(await compare(earlier.replace('\n3\n', '\n4\n'))).toMatch(/^The signature under the checkpoint is wrong/);
    expect(await compare('my root')).toMatch(/^This is no root/);
    expect(await compare(rootOf(note), 'all')).toMatch(/whole number/);
  });

  /** Serves another content for one file. */
  const tamper = (file: string, change: (bytes: Buffer) => Buffer | null) =>
    context.route(`**/${file}`, async (route) => {
      const answer = await route.fetch();
      const body = change(await answer.body());
      await (body ? route.fulfill({ response: answer, body }) : route.fulfill({ status: 404, body: '' }));
    });
  const flipped = (at: number) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[at < 0 ? copy.length + at : at]! ^= 1;
    return copy;
  };
  const bundle = 'tile/entries/000.p/5';
  const genesisEnd = async () => 2 + (await readFile(inLog(bundle))).readUInt16BE(0);

  test('an entry that was edited is found, with the name of its file', async () => {
    const end = await genesisEnd();
    await tamper(bundle, flipped(end + 2 + 40));
    await open();
    expect(await recount()).toMatch(
      /^This log is not right\s+The file tile\/entries\/000\.p\/5 does not hold the entries that were signed/,
    );
    expect(await find(codes[0]!)).toMatch(/only when the recount above has worked/);
  });

  const wrongs: [string, string, (bytes: Buffer) => Buffer | null, RegExp][] = [
    ['a bundle that is cut', bundle, (bytes) => bytes.subarray(0, -1), /tile\/entries\/000\.p\/5 is damaged/],
    ['a bundle that is missing', bundle, () => null, /tile\/entries\/000\.p\/5 is missing/],
    ['a last entry of another kind', bundle, flipped(-10), /000\.p\/5 does not hold the entries that were signed/],
    [
      'a checkpoint of another size',
      'checkpoint',
      (bytes) => Buffer.from(String(bytes).replace('\n5\n', '\n4\n')),
      /signature under the checkpoint is wrong/,
    ],
    [
      'a checkpoint with another root',
      'checkpoint',
      (bytes) => Buffer.from(String(bytes).replace(/\n5\n(.)/, (_, first) => `\n5\n${first === 'A' ? 'B' : 'A'}`)),
      /signature under the checkpoint is wrong/,
    ],
    [
      'a signature with a flipped bit',
      'checkpoint',
      (bytes) =>
        Buffer.from(String(bytes).replace(/(.)(.{20}\n)$/, (_, one, rest) => (one === 'A' ? 'B' : 'A') + rest)),
      /signature under the checkpoint is wrong/,
    ],
    [
      'a checkpoint without a signature',
      'checkpoint',
      (bytes) => Buffer.from(`${String(bytes).split('\n\n')[0]}\n\n`),
      /checkpoint is damaged/,
    ],
    [
      'the key of somebody else',
      'log.json',
      (bytes) => Buffer.from(String(bytes).replaceAll(slug, 'another-one')),
      /does not name a key that fits/,
    ],
    [
      'a number that is not that of the log',
      'count.json',
      (bytes) => Buffer.from(String(bytes).replace('"count":2', '"count":3')),
      /The page shows 3, but the entries of the log give 2\./,
    ],
  ];
  test.each(wrongs)('%s is refused in clear words', async (_, file, change, words) => {
    await tamper(file, change);
    await open();
    const text = await recount();
    expect(text).toMatch(/^This log is not right/);
    expect(text).toMatch(words);
    expect(text).not.toContain('The count is right');
  });

  test('a log that is not published yet is not called wrong, nor one that cannot be read right', async () => {
    await tamper('log.json', () => null);
    await open();
    expect(await recount()).toMatch(
      /^The log could not be checked\s+There is no log here yet: the file log\.json is missing/,
    );
  });

  test('a browser that cannot start the script gets an answer too', async () => {
    await context.route('**/verify-log.js*', (route) => route.fulfill({ status: 404, body: '' }));
    await page.goto(`${site.url}/en/p/${slug}/verify`);
    expect(await recount()).toMatch(/^The log could not be checked\s+Something unexpected happened/);
    expect(await find(codes[0]!)).toMatch(/only when the recount above has worked/);
  });

  test('says so when this browser cannot check the signature, and checks all the rest', async () => {
    const script = `\nconst known = crypto.subtle.importKey; crypto.subtle.importKey = (...asked) =>
      asked[2].name === 'Ed25519' ? Promise.reject(new DOMException('', 'NotSupportedError')) : known(...asked);`;
    await context.route('**/verify-log.js*', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: `${await answer.text()}${script}` });
    });
    await open();
    const text = await recount();
    expect(text).toContain('The count is right');
    const [checked, unchecked] = text.split('What was not checked');
    expect(checked).not.toContain('is signed with the key');
    expect(unchecked).toContain('could not be checked in this browser, which does not know Ed25519');
  });

  describe('with a saved folder', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'countersign-saved-'));
      const verifier = join(projectRoot, 'verifier/countersign-verify.mjs');
      await command(process.execPath, [verifier, `${site.url}/log/${slug}/`, '--save', join(folder, slug)]);
    });
    afterEach(() => rm(folder, { recursive: true }));

    const choose = async () => {
      await page.locator('#folder').setInputFiles(join(folder, slug));
      return said('#result');
    };

    test('does everything with the network switched off', async () => {
      await open();
      await context.setOffline(true);
      const sent: string[] = [];
      page.on('request', (request) => sent.push(request.url()));
      const text = await choose();
      expect(text).toContain('The count in this folder is right. 2 confirmed signatures stand in it.');
      expect(text).toContain('there is no count.json in this folder');
      expect(await find(codes[0]!)).toMatch(/it is entry 1,/);
      expect(await compare(rootOf(await readFile(inLog('checkpoint'), 'utf8')), '5')).toMatch(/^The same/);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page
          .locator('#code')
          .fill(codes[0]!)
          .then(() => page.locator('#find button').click())
          .then(() => page.getByRole('button', { name: 'Save the proof' }).click()),
      ]);
      expect(download.suggestedFilename()).toBe(`${slug}-1.tlog-proof`);
      expect(sent.filter((url) => !url.startsWith('blob:'))).toEqual([]);
      await page.locator('#server').click();
      expect(await said('#result')).toMatch(/^The log could not be checked\s+The file \S+ could not be read/);
      expect(await find(codes[0]!)).toMatch(/only when the recount above has worked/);
    });

    test('takes a folder that is dropped on the page, for browsers that cannot choose one', async () => {
      await open();
      const client = await context.newCDPSession(page);
      const data = { items: [], files: [join(folder, slug)], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await client.send('Input.dispatchDragEvent', { type, x: 200, y: 300, data });
      }
      await page.locator('#result .facts').waitFor();
      expect(await said('#result')).toContain('The count in this folder is right. 2 confirmed signatures stand in it.');
    });

    test('finds the log in a larger folder, compares count.json, and names a file that was edited', async () => {
      await cp(join(folder, slug), join(folder, 'log', slug), { recursive: true });
      await rm(join(folder, slug), { recursive: true });
      await rename(join(folder, 'log'), join(folder, slug));
      const url = `${site.url}/api/v1/petitions/${slug}/count.json`;
      await writeFile(join(folder, slug, slug, 'count.json'), await (await fetch(url)).text());
      await open();
      expect(await choose()).toContain(
        'The number shown on the petition’s page, 2, is the sum of the first 5 entries.',
      );
      const path = join(folder, slug, slug, bundle);
      await writeFile(path, flipped((await genesisEnd()) + 2 + 40)(await readFile(path)));
      expect(await choose()).toMatch(/The file tile\/entries\/000\.p\/5 does not hold the entries that were signed/);
    });

    test('refuses the folder of another petition, and one that is no log', async () => {
      await page.goto(`${site.url}/en/p/magnitsky-sanctions/verify`);
      await page.locator('#verify[data-ready]').waitFor();
      expect(await choose()).toContain(`This is another log: ${new URL(site.url).host}/log/${slug}.`);
      await rm(join(folder, slug, 'checkpoint'));
      expect(await choose()).toContain('There is no file “checkpoint” in what you chose');
    });
  });

  test('without scripts it explains the program and links the files', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${site.url}/en/verify`);
    await page.getByRole('link', { name: /formal international investigation/ }).click();
    const text = await page.locator('main').innerText();
    expect(text).toContain('This page counts with a script, and scripts are switched off here.');
    expect(text).toContain(`node countersign-verify.mjs ${site.url}/log/${slug}/ --save ./${slug}`);
    expect(await page.locator('#verify').isVisible()).toBe(false);
    const links = await page
      .locator('main ul a:visible')
      .evaluateAll((all) => all.map((each) => (each as unknown as { href: string }).href));
    expect(links).toContain(`${site.url}/log/${slug}/checkpoint`);
    for (const link of links) expect({ link, status: (await fetch(link)).status }).toEqual({ link, status: 200 });
    const served = await (await fetch(`${site.url}/verifier/countersign-verify.mjs`)).text();
    expect(served).toBe(await readFile(join(projectRoot, 'verifier/countersign-verify.mjs'), 'utf8'));
    await context.close();
  });

  test('is found from the petition and from the method', async () => {
    await page.goto(`${site.url}/en/p/${slug}`);
    await page.getByRole('link', { name: 'Recount it in your own browser' }).click();
    expect(new URL(page.url()).pathname).toBe(`/en/p/${slug}/verify`);
    await page.goto(`${site.url}/en/method`);
    await page.getByRole('link', { name: 'Recount a petition' }).click();
    expect(new URL(page.url()).pathname).toBe('/en/verify');
  });

  const answered = async (page: Page) => {
    await page.locator('#code').fill(codes[0]!);
    await page.locator('#find button').click();
    await page.locator('#found > *').first().waitFor();
    await page.locator('#paper').fill(`${'A'.repeat(43)}=`);
    await page.locator('#compare button').click();
    await page.locator('#compared > *').first().waitFor();
  };
  const refused = async (page: Page) => {
    await page.route('**/log/**/checkpoint', (route) => route.fulfill({ status: 200, body: 'nothing' }));
    await page.locator('#recount').click();
    await page.locator('#result .error-summary').waitFor();
    // The tab looks at other pages after this one.
    await page.unroute('**/log/**/checkpoint');
  };
  const ways: { name: string; path: string; act?: (page: Page) => Promise<void>; parts?: Record<string, string> }[] = [
    { name: 'verify-list', path: '/verify' },
    { name: 'verify', path: `/p/${slug}/verify` },
    { name: 'verify-counted', path: `/p/${slug}/verify`, act: answered, parts: { code: 'section:has(#find)' } },
    { name: 'verify-refused', path: `/p/${slug}/verify`, act: refused },
  ];
  for (const locale of ['en', 'fa']) {
    test.each(ways)(`${locale}: $name can be used by everybody`, async ({ name, path, act, parts }) => {
      expect(await look(browser, `${site.url}/${locale}${path}`, `${name}-${locale}`, { act, parts })).toEqual(fine());
    });
  }
});
