import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SaxesParser } from 'saxes';
import { projectRoot } from '../src/config/root.js';
import { loadSettings } from '../src/config/settings.js';
import { NewPetition } from '../src/petitions/petitions.schema.js';
import { Petitions } from '../src/petitions/petitions.service.js';
import { reached } from '../src/sharing/milestones.js';
import { locales } from '../src/site/languages.js';
import { startApp, type TestApp } from './support/app.js';
import { formBody } from './support/cast.js';
import { openPetition } from './support/petitions.js';
import { allRoutes } from './support/routes.js';

const site = 'https://petitions.example';
const hostile = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)> & \'';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off', PUBLIC_URL: site, SITE_NAME: 'River & Friends' });
  await openPetition(app);
  const words = { title: hostile, ask: hostile, addressee: hostile, body: 'Why' };
  await app
    .get(Petitions)
    .create(NewPetition.parse({ slug: 'hostile', startedBy: hostile, texts: { en: words } }), 'open', 'system');
  await app
    .get(Petitions)
    .create(NewPetition.parse({ slug: 'draft', startedBy: 'Olga', texts: { en: words } }), 'draft', 'system');
});
afterAll(() => app.close());

const get = (url: string) => app.inject({ url });

/** Elements of an XML answer, each with its attributes and its own text. @throws Error unless it is well-formed */
function xml(body: string) {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: typeof found = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '' };
    found.push(element);
    open.push(element);
  });
  parser.on('text', (text) => open.length > 0 && (open.at(-1)!.text += text));
  parser.on('closetag', () => open.pop());
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(body).close();
  return {
    all: found,
    texts: (name: string) => found.filter((each) => each.name === name).map(({ text }) => text),
    links: (name: string) => found.filter((each) => each.name === name).map(({ attributes }) => attributes),
  };
}

describe('QR code', () => {
  test('is a picture of the address, as SVG and as PNG', async () => {
    const svg = await get('/fa/p/wetlands/qr.svg');
    expect(svg.headers['content-type']).toBe('image/svg+xml');
    const [head] = xml(svg.body).all;
    // Version 3 (29 modules) and a quiet zone of 4 on each side.
    expect(head!.attributes.viewBox).toBe('0 0 37 37');
    const png = await get('/fa/p/wetlands/qr.png');
    expect(png.headers['content-type']).toBe('image/png');
    expect(png.rawPayload.readUInt32BE(16)).toBe(37 * 8);
    expect((await get('/en/p/nothing/qr.png')).statusCode).toBe(404);
    expect((await get('/en/p/wetlands/qr.svg')).body).not.toBe(svg.body);
  });
});

describe('embed', () => {
  test('is the only page that others may frame', async () => {
    const embed = await get('/en/embed/wetlands');
    expect(embed.statusCode).toBe(200);
    expect(embed.headers['content-security-policy']).toContain('frame-ancestors *');
    expect(embed.headers['x-frame-options']).toBeUndefined();
    const others = allRoutes(app)
      .filter(({ method, url }) => method === 'GET' && !url.includes('/embed/'))
      .map(({ url }) => url.replace(':locale', 'en').replace(':slug', 'wetlands').replaceAll(/:\w+/g, 'x'));
    expect(others.length).toBeGreaterThan(60);
    for (const url of others) {
      const { headers } = await get(url);
      expect({ url, policy: headers['content-security-policy'], frame: headers['x-frame-options'] }).toEqual({
        url,
        policy: expect.stringContaining("frame-ancestors 'none'"),
        frame: 'SAMEORIGIN',
      });
    }
  });

  test('holds nothing that a stolen click could set off', async () => {
    for (const locale of locales) {
      const { body, headers } = await get(`/${locale}/embed/wetlands`);
      expect(body).not.toMatch(/<(form|input|button|script|iframe|object|embed|meta http-equiv)/i);
      expect(headers['set-cookie']).toBeUndefined();
      expect(headers['content-security-policy']).toContain("form-action 'none'");
      expect(headers['content-security-policy']).not.toContain('script-src');
      // Every link leads out of the frame, to a page that cannot be framed.
      const links = [...body.matchAll(/<a\b[^>]*>/g)].map(([link]) => link);
      expect(links).toHaveLength(1);
      expect(links[0]).toContain(`href="/${locale}/p/wetlands#sign"`);
      expect(links[0]).toContain('target="_blank" rel="noopener"');
    }
  });

  test('takes no form: whoever posts to it from a frame gets nothing', async () => {
    const answer = await app.inject({ method: 'POST', url: '/en/embed/wetlands', ...formBody({ name: 'Stefan' }) });
    expect(answer.statusCode).toBe(404);
  });

  test('shows the count, and what a petition says as text only', async () => {
    expect((await get('/fa/embed/wetlands')).body).toContain('<strong><bdi>۰</bdi></strong>');
    const { body } = await get('/en/embed/hostile');
    expect(body).not.toContain('<img src=x');
    expect(body).toContain('&lt;img src=x');
    expect((await get('/en/embed/draft')).statusCode).toBe(404);
  });

  test('can be kept for sites that are named, or for none', async () => {
    const read = (value: string) => loadSettings({ EMBED_ANCESTORS: value }).EMBED_ANCESTORS;
    expect(read('https://news.example https://*.river.example:8443')).toContain('news.example');
    for (const wrong of [
      '*; script-src *',
      'news.example',
      'https://a.example;form-action *',
      'javascript:x',
      "'self'",
    ])
      expect(() => read(wrong)).toThrow('EMBED_ANCESTORS');
    const other = await startApp({ EMBED_ANCESTORS: "'none'" });
    await openPetition(other);
    const { headers } = await other.inject({ url: '/en/embed/wetlands' });
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    await other.close();
  });

  test('its script is under 1 KB, loads on other sites, and is not kept for ever', async () => {
    const script = await get('/assets/embed.js');
    expect(gzipSync(script.body, { level: 9 }).length).toBeLessThan(1024);
    expect(script.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=3600',
    });
    expect((await get('/assets/app.css')).headers['cache-control']).toContain('immutable');
  });
});

describe('oEmbed', () => {
  const oembed = (query: Record<string, string>) => app.inject({ url: '/api/v1/oembed', query });

  test('answers for the address of a petition', async () => {
    const answer = await oembed({ url: `${site}/fa/p/wetlands` });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(answer.json()).toEqual({
      version: '1.0',
      type: 'rich',
      title: 'تالاب‌ها را زنده نگه دارید',
      author_name: 'River Friends',
      provider_name: 'River & Friends',
      provider_url: site,
      cache_age: 3600,
      html: `<iframe src="${site}/fa/embed/wetlands" width="480" height="320" title="تالاب‌ها را زنده نگه دارید" loading="lazy" frameborder="0"></iframe>`,
      width: 480,
      height: 320,
      thumbnail_url: `${site}/fa/p/wetlands/card.png`,
      thumbnail_width: 1200,
      thumbnail_height: 630,
    });
  });

  test('keeps to the room it is given', async () => {
    const { html, width, height } = (
      await oembed({ url: `${site}/en/p/wetlands?from=mail#sign`, maxwidth: '300', maxheight: '200' })
    ).json<{ html: string; width: number; height: number }>();
    expect([width, height]).toEqual([300, 200]);
    expect(html).toContain('width="300" height="200"');
  });

  test('a title cannot break out of what others put into their pages', async () => {
    const { html } = (await oembed({ url: `${site}/en/p/hostile` })).json<{ html: string }>();
    expect(html.match(/[<>]/g)).toHaveLength(4);
    expect(html).not.toContain('onerror=alert(1)>');
  });

  test.each([
    `${site}/en/p/nothing`,
    `${site}/en/p/draft`,
    `${site}/xx/p/wetlands`,
    `${site}/en/console`,
    `${site}.evil.example/en/p/wetlands`,
    'https://evil.example/en/p/wetlands',
    `https://evil.example/?${site}/en/p/wetlands`,
    'javascript:alert(1)',
    'wetlands',
  ])('%s is not found', async (url) => {
    const answer = await oembed({ url });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('says what is wrong with a question', async () => {
    expect((await app.inject({ url: '/api/v1/oembed' })).statusCode).toBe(422);
    expect((await oembed({ url: `${site}/en/p/wetlands`, maxwidth: 'wide' })).statusCode).toBe(422);
    const other = await oembed({ url: `${site}/en/p/wetlands`, format: 'xml' });
    expect([other.statusCode, other.json<{ code: string }>().code]).toEqual([501, 'not-implemented']);
  });
});

describe('what programs read in the head of a petition', () => {
  const head = async (locale: string, slug = 'wetlands') =>
    (await get(`/${locale}/p/${slug}`)).body.split('</head>')[0]!;
  const meta = (body: string, property: string) =>
    new RegExp(`<meta (?:property|name)="${property}" content="([^"]*)">`).exec(body)?.[1];

  test('Open Graph: the card, the words, the language', async () => {
    const body = await head('fa');
    expect(meta(body, 'og:image')).toBe(`${site}/fa/p/wetlands/card.png`);
    expect(meta(body, 'og:title')).toBe('تالاب‌ها را زنده نگه دارید');
    expect(meta(body, 'og:url')).toBe(`${site}/fa/p/wetlands`);
    expect(meta(body, 'og:locale')).toBe('fa_IR');
    expect(meta(body, 'og:site_name')).toBe('River &amp; Friends');
    expect(meta(body, 'twitter:card')).toBe('summary_large_image');
    const card = await get(new URL(meta(body, 'og:image')!).pathname);
    expect(card.rawPayload.readUInt32BE(16)).toBe(Number(meta(body, 'og:image:width')));
    expect(card.rawPayload.readUInt32BE(20)).toBe(Number(meta(body, 'og:image:height')));
  });

  test('oEmbed and the feed can be found', async () => {
    const links = [...(await head('en')).matchAll(/<link rel="alternate" type="([^"]+)" href="([^"]+)"/g)];
    const found = Object.fromEntries(links.map(([, type, href]) => [type, href!.replaceAll('&amp;', '&')]));
    for (const type of ['application/json+oembed', 'application/atom+xml']) {
      const { pathname, search } = new URL(found[type]!);
      expect((await get(pathname + search)).statusCode).toBe(200);
    }
  });

  test('JSON-LD says what the page says, and nothing in it can end its element', async () => {
    const read = (body: string) => JSON.parse(/<script type="application\/ld\+json">(.*?)<\/script>/s.exec(body)![1]!);
    expect(read(await head('fa'))).toMatchObject({
      '@context': 'https://schema.org',
      inLanguage: 'fa',
      name: 'تالاب‌ها را زنده نگه دارید',
      url: `${site}/fa/p/wetlands`,
      interactionStatistic: { userInteractionCount: 0 },
    });
    const body = await head('en', 'hostile');
    expect(read(body).name).toBe(hostile);
    expect(body.match(/<script/g)).toHaveLength(2);
  });
});

describe('feeds', () => {
  test('of a petition: how it opened, and what was reached', async () => {
    const [{ id }] = await app.database.query(`SELECT id FROM petitions WHERE slug = 'wetlands'`);
    await app.database.query(
      `INSERT INTO tallies (petition_id, day, country, source, signed, withdrawn)
       VALUES ($1, '2026-03-01', 'SE', 'page', 99, 0), ($1, '2026-03-02', 'SE', 'page', 200, 40), ($1, '2026-03-03', 'DE', 'page', 1, 50)`,
      [id],
    );
    const answer = await get('/en/p/wetlands/feed.atom');
    expect(answer.headers['content-type']).toBe('application/atom+xml; charset=utf-8');
    const feed = xml(answer.body);
    expect(feed.texts('title')).toEqual([
      'Keep the wetlands wet',
      'The petition opened',
      '250 confirmed signatures reached',
      'The goal of 100 is reached',
    ]);
    expect(feed.texts('published').slice(1)).toEqual(['2026-03-02T00:00:00.000Z', '2026-03-02T00:00:00.000Z']);
    expect(new Set(feed.texts('id')).size).toBe(4);
    expect(feed.texts('updated')[0]).toBe(feed.texts('updated')[1]);
    expect(feed.texts('name')).toEqual(['River Friends']);
    expect(feed.links('link')[0]).toMatchObject({ rel: 'self', href: `${site}/en/p/wetlands/feed.atom` });
    await app.database.query(`DELETE FROM tallies WHERE petition_id = $1`, [id]);
  });

  test('of a petition: amended and closed, with the reason', async () => {
    await openPetition(app, 'closing');
    await app.database.query(
      `INSERT INTO petition_texts (petition_id, locale, version, title, ask, addressee, body, sha256, reason, note_id)
       SELECT petition_id, locale, 2, 'Other words', ask, addressee, body, sha256, 'A date was <wrong>', gen_random_uuid()
       FROM petition_texts WHERE locale = 'en' AND petition_id = (SELECT id FROM petitions WHERE slug = 'closing')`,
    );
    await app.database.query(
      `UPDATE petitions SET state = 'closed', closed_at = now() + interval '1 second' WHERE slug = 'closing'`,
    );
    app.get(Petitions).forget('closing');
    const feed = xml((await get('/en/p/closing/feed.atom')).body);
    expect(feed.texts('title')).toEqual([
      'Other words',
      'The petition closed',
      'The text was amended',
      'The petition opened',
    ]);
    expect(feed.texts('summary')).toEqual(['A date was <wrong>']);
    expect(xml((await get('/fa/p/closing/feed.atom')).body).texts('title')).toHaveLength(3);
  });

  test('of the list: what the public may see, whatever it says', async () => {
    const feed = xml((await get('/en/feed.atom')).body);
    expect(feed.texts('title').slice(1).sort()).toEqual([hostile, 'Keep the wetlands wet', 'Other words'].sort());
    expect(feed.texts('id')).not.toContain(`${site}/en/p/draft`);
    expect((await get('/en/p/draft/feed.atom')).statusCode).toBe(404);
  });

  test('milestones are told by the day on which they were first reached', () => {
    const day = (n: number, signed: number, withdrawn = 0) => ({ day: `2026-01-0${n}`, signed, withdrawn });
    expect(reached([day(1, 99), day(2, 2, 2), day(3, 1), day(4, 0, 50), day(5, 500)], 120)).toEqual([
      { n: 100, day: '2026-01-03', isGoal: false },
      { n: 120, day: '2026-01-05', isGoal: true },
      { n: 250, day: '2026-01-05', isGoal: false },
      { n: 500, day: '2026-01-05', isGoal: false },
    ]);
    expect(reached([], null)).toEqual([]);
  });
});

describe('for search engines', () => {
  test('robots.txt keeps them out of what is nobody else’s, and in the petitions', async () => {
    const answer = await get('/robots.txt');
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    const rules = [...answer.body.matchAll(/^Disallow: (.+)$/gm)].map(
      ([, path]) => new RegExp(`^${path!.replaceAll('.', '\\.').replaceAll('*', '.*')}`),
    );
    const allowed = (url: string) => !rules.some((rule) => rule.test(url));
    const token = 'x'.repeat(40);
    for (const url of [
      ...['/en/console', '/fa/console/petitions', '/api/v1/petitions', '/dev/inbox', '/log/wetlands/checkpoint'],
      ...[
        `/en/confirm/${token}`,
        `/fa/withdraw/${token}`,
        `/en/my-data/${token}`,
        `/en/write/${token}`,
        `/en/o/${token}`,
      ],
    ])
      expect({ url, allowed: allowed(url) }).toEqual({ url, allowed: false });
    for (const url of [
      '/',
      '/en',
      '/fa/p/wetlands',
      '/en/p/wetlands/card.png',
      '/en/my-data',
      '/en/p/wetlands/withdraw',
      '/assets/app.css',
    ])
      expect({ url, allowed: allowed(url) }).toEqual({ url, allowed: true });
    expect(answer.body).toContain(`Sitemap: ${site}/sitemap.xml`);
  });

  test('every page of the sitemap is there, names itself and all its languages, and the sitemap says the same', async () => {
    const sent = `INSERT INTO updates (petition_id, id, state, approved_at, approved_by_name)
      SELECT id, gen_random_uuid(), 'sent', now(), 'Amir' FROM petitions WHERE slug = 'wetlands' RETURNING petition_id, id`;
    const [{ petition_id: petitionId, id }] = await app.database.query(sent);
    await app.database.query(
      `INSERT INTO update_texts (petition_id, update_id, locale, title, body) VALUES ($1, $2, 'en', 'News', 'It rains')`,
      [petitionId, id],
    );
    const sitemap = xml((await get('/sitemap.xml')).body);
    const addresses = sitemap.texts('loc');
    expect(addresses).toContain(`${site}/fa/p/wetlands/verify`);
    expect(addresses).toContain(`${site}/fa/p/wetlands/updates`);
    expect(addresses.filter((address) => /updates|answers/.test(address))).toHaveLength(locales.length);
    expect(addresses.filter((address) => address.includes('draft'))).toEqual([]);
    expect(addresses).not.toContain(`${site}/de/p/wetlands`);
    const pairs = sitemap.links('xhtml:link').map(({ hreflang, href }) => `${hreflang} ${href}`);
    const said: string[] = [];
    for (const address of addresses) {
      const { pathname } = new URL(address);
      const { statusCode, body } = await get(pathname);
      const [, path] = /^\/[a-z]+(\/.*)?$/.exec(pathname)!;
      const alternates = [...body.matchAll(/<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">/g)];
      said.push(...alternates.map(([, language, href]) => `${language} ${href}`));
      const written = { '/p/wetlands': ['en', 'fa'], '/p/closing': ['en', 'fa'], '/p/hostile': ['en'] }[path ?? ''];
      expect({
        address,
        statusCode,
        canonical: /<link rel="canonical" href="([^"]+)">/.exec(body)?.[1],
        noindex: body.includes('noindex'),
        alternates: Object.fromEntries(alternates.map(([, language, href]) => [language, href])),
      }).toEqual({
        address,
        statusCode: 200,
        canonical: address,
        noindex: false,
        alternates: {
          ...Object.fromEntries((written ?? locales).map((locale) => [locale, `${site}/${locale}${path ?? ''}`])),
          'x-default': path ? `${site}/en${path}` : `${site}/`,
        },
      });
    }
    expect(pairs).toEqual(said);
  });

  test('what is left out of it asks not to be found', async () => {
    for (const url of [
      '/en/p/wetlands/look-in-your-mailbox',
      '/en/p/wetlands/withdraw-asked',
      '/en/my-data/asked',
      '/en/nothing',
    ])
      expect((await get(url)).body).toContain('<meta name="robots" content="noindex">');
  });
});

test('the list of common domains is the same before and after sending', async () => {
  const { commonDomains } = await import('../src/signatures/address-typo.js');
  const script = readFileSync(join(projectRoot, 'public/app.js'), 'utf8');
  expect(/'(gmail\.com [^']+)'/.exec(script)![1]!.split(' ')).toEqual(commonDomains);
});

test('passing on takes plain links, with everything in them', async () => {
  const { body } = await get('/fa/p/wetlands');
  const links = [...body.matchAll(/<li><a class="button button-quiet" href="([^"]+)"/g)].map(([, href]) =>
    href!.replaceAll('&amp;', '&'),
  );
  expect(links.map((link) => link.split(/[?#]/)[0])).toEqual([
    'sgnl://send',
    'https://wa.me/',
    'https://t.me/share/url',
    'mailto:',
    'https://share.joinmastodon.org/',
  ]);
  for (const link of links) {
    const said = decodeURIComponent(link.slice(link.search(/[?#]/)));
    expect(said).toContain(`${site}/fa/p/wetlands`);
    expect(said).toContain('تالاب‌ها را زنده نگه دارید');
  }
  expect(body).toContain('src="/fa/p/wetlands/qr.svg"');
});
