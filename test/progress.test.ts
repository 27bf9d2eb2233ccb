import { generateIdentity, identityToRecipient } from 'age-encryption';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sequencer } from '../src/countlog/sequencer.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { LongWorks } from '../src/progress/long-works.service.js';
import { ConsoleEvents } from '../src/staff/console-events.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, crowd, importTestland, person } from './support/letters.js';
import { queueEntries } from './support/log-queue.js';
import { multipart } from './support/multipart.js';
import { openPetition } from './support/petitions.js';
import { until } from './support/server.js';

let app: TestApp;
let address: string;
let petitionId: string;
let [ada, amir, olga, vera] = [] as unknown as [SignedIn, SignedIn, SignedIn, SignedIn];
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  Object.assign(app.get(ConsoleEvents).limits, { lookMs: 20, heartbeatMs: 60 });
  await app.nest.listen(0, '127.0.0.1');
  address = `http://127.0.0.1:${(app.nest.getHttpServer().address() as { port: number }).port}`;
  petitionId = await openPetition(app);
  await queueEntries(app, petitionId, 600);
  await app.get(Sequencer).drain();
  [ada, amir, olga, vera] = [
    await signIn(app, 'ada'),
    await signIn(app, 'amir'),
    await signIn(app, 'olga'),
    await signIn(app, 'vera'),
  ];
});
afterAll(() => app.close());

const works = () => app.get(LongWorks);
const locationOf = (answer: { headers: Record<string, unknown> }) => String(answer.headers.location);

/** Reads a stream as a browser would, until it ends or `enough` says so. */
async function listen(url: string, who: SignedIn, enough: (text: string) => unknown = () => false) {
  const abort = new AbortController();
  const answer = await fetch(address + url, {
    headers: { cookie: who.cookie },
    redirect: 'manual',
    signal: abort.signal,
  });
  let text = '';
  if (answer.headers.get('content-type') !== 'text/event-stream') return { status: answer.status, text, ended: true };
  const decoder = new TextDecoder();
  const reader = answer.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: true });
    if (done) return { status: answer.status, text, ended: true, headers: answer.headers };
    if (await enough(text)) {
      abort.abort();
      return { status: answer.status, text, ended: false, headers: answer.headers };
    }
  }
}
const eventsIn = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data!) as { parts: Record<string, string>; say: string; ended: boolean },
  );
const exported = {
  kind: 'export',
  subject: 'wetlands',
  detail: { kind: 'counts', format: 'csv' },
  actor: 'system',
} as const;

/** A work that stays under way for as long as the test wants. */
async function slowWork(needs: 'console:read' | 'exports:persons' = 'console:read') {
  let end!: () => void;
  const over = new Promise<void>((done) => (end = done));
  const id = await works().run({ ...exported, needs }, async (tell) => {
    tell('bytes', 10);
    await over;
    return {};
  });
  // Whoever works does not wait for what it tells.
  const told = () => app.database.query('SELECT FROM long_works WHERE id = $1 AND done = 10', [id]);
  await until('the work has told how far it is', async () => (await told()).length === 1);
  return { id, end };
}

describe('a full check of a log', () => {
  test('is started by who may, done by the worker, and its result stays', async () => {
    const started = await amir.post('/en/console/petitions/wetlands/log-checks');
    expect(started.statusCode).toBe(303);
    const page = locationOf(started);
    expect(page).toMatch(/^\/en\/console\/progress\/[0-9a-f-]{36}$/);
    const waiting = await vera.get(page);
    expect(waiting.body).toContain('Waiting for its turn');
    expect(waiting.body).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
    expect((await vera.get(`${page}?still`)).body).not.toContain('http-equiv="refresh"');
    // A second wish is the first one.
    expect(locationOf(await ada.post('/en/console/petitions/wetlands/log-checks'))).toBe(page);

    await works().tick();
    const done = await vera.get(page);
    expect(done.body).toContain('All as it must be: 601 entries, 600 counted, 1 checkpoint.');
    expect(done.body).not.toContain('http-equiv="refresh"');
    const petition = await vera.get('/en/console/petitions/wetlands');
    expect(petition.body).toContain('All of it was last checked on');
    expect(petition.body).toContain(page);
    const { vkey } = (await app.inject({ url: '/log/wetlands/log.json' })).json<{ vkey: string }>();
    expect(petition.body).toContain(`<bdi dir="ltr">${vkey}</bdi>`);
    const api = await vera.api('GET', `/api/v1/progress/${page.split('/').pop()}`);
    expect(api.json()).toMatchObject({
      ...{ kind: 'log-check', subject: 'wetlands', state: 'done', step: 'entries', done: 601, total: 601, by: 'Amir' },
      result: { valid: true, size: 601, count: 600 },
    });
    const [audit] = await app.database.query(
      `SELECT actor_name, subject FROM audit_entries WHERE action = 'log.check-started' ORDER BY id LIMIT 1`,
    );
    expect(audit).toEqual({ actor_name: 'Amir', subject: 'wetlands' });
  });

  test('a fault is a result, in words', async () => {
    await app.database.query(
      `UPDATE log_tiles SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE index = 0 AND level = 0`,
    );
    const { id } = (await amir.api('POST', '/api/v1/petitions/wetlands/log-checks')).json<{ id: string }>();
    await works().tick();
    expect((await vera.get(`/en/console/progress/${id}`)).body).toContain(
      'Something is wrong: A published file is missing or is not what it was.',
    );
    await app.database.query(
      `UPDATE log_tiles SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE index = 0 AND level = 0`,
    );
    const again = (await amir.api('POST', '/api/v1/petitions/wetlands/log-checks')).json<{ id: string }>();
    await works().tick();
    expect((await vera.api('GET', `/api/v1/progress/${again.id}`)).json()).toMatchObject({ result: { valid: true } });
  });

  test('nobody else starts one', async () => {
    expect((await vera.post('/en/console/petitions/wetlands/log-checks')).statusCode).toBe(403);
    expect((await olga.api('POST', '/api/v1/petitions/wetlands/log-checks')).statusCode).toBe(403);
    expect((await amir.api('POST', '/api/v1/petitions/nothing/log-checks')).statusCode).toBe(404);
  });

  test('after a crash the next process does it, and who was taken for dead writes nothing more', async () => {
    const { id } = (await amir.api('POST', '/api/v1/petitions/wetlands/log-checks')).json<{ id: string }>();
    await app.database.query(
      `UPDATE long_works SET state = 'running', attempt = 7, lease_until = now() - interval '1 second', done = 300 WHERE id = $1`,
      [id],
    );
    expect((await vera.api('GET', `/api/v1/progress/${id}`)).json()).toMatchObject({ state: 'waiting' });
    await works().tick();
    const [row] = await app.database.query(`SELECT state, attempt FROM long_works WHERE id = $1`, [id]);
    expect(row).toEqual({ state: 'done', attempt: 8 });
  });
});

describe('events', () => {
  test('say what changes, keep the line alive, and end with the work', async () => {
    const { id, end } = await slowWork();
    const heard = await listen(`/en/console/progress/${id}/events`, vera, (text) => {
      if (text.split(': still here').length > 2) end();
    });
    expect(heard.headers!.get('cache-control')).toBe('no-store');
    expect(heard.headers!.get('content-encoding')).toBeNull();
    const events = eventsIn(heard.text);
    expect(events[0]).toMatchObject({ ended: false, say: 'Under way' });
    expect(events[0]!.parts.work).toContain('10 bytes handed out');
    expect(events.at(-1)).toMatchObject({ ended: true, say: '10 bytes were handed out.' });
    expect(heard.ended).toBe(true);
    // The same is not said again and again.
    expect(events.length).toBeLessThanOrEqual(3);
  });

  test('end when she signs out, everywhere', async () => {
    const { id, end } = await slowWork();
    const leaving = await signIn(app, 'vera');
    let out = false;
    const heard = await listen(`/en/console/progress/${id}/events`, leaving, async (text) => {
      if (out || !text.includes('data:')) return;
      out = true;
      await leaving.post('/en/console/sign-out');
    });
    expect({ out, ended: heard.ended }).toEqual({ out: true, ended: true });
    expect(eventsIn(heard.text).every(({ ended }) => !ended)).toBe(true);
    expect((await listen(`/en/console/progress/${id}/events`, leaving)).status).toBe(303);
    end();
  });

  test('end when she loses the right', async () => {
    const { id, end } = await slowWork('exports:persons');
    let taken = false;
    const heard = await listen(`/en/console/progress/${id}/events`, ada, async (text) => {
      if (taken || !text.includes('data:')) return;
      taken = true;
      await app.database.query(`UPDATE staff_members SET role = 'viewer' WHERE email = 'ada@example.org'`);
    });
    await app.database.query(`UPDATE staff_members SET role = 'admin' WHERE email = 'ada@example.org'`);
    expect({ taken, ended: heard.ended }).toEqual({ taken: true, ended: true });
    end();
  });

  test('are bounded in time and number, and a line that is closed makes room', async () => {
    const limits = app.get(ConsoleEvents).limits;
    const { id, end } = await slowWork();
    limits.mostMs = 150;
    const bounded = await listen(`/en/console/progress/${id}/events`, vera);
    expect(bounded.ended).toBe(true);
    limits.mostMs = 300_000;
    limits.mostEach = 2;
    const open = [1, 2].map(() => {
      let close = false;
      const heard = listen(`/en/console/progress/${id}/events`, vera, () => close);
      return { heard, close: () => (close = true) };
    });
    await sleep(200);
    expect((await vera.get(`/en/console/progress/${id}/events`)).statusCode).toBe(429);
    open.forEach(({ close }) => close());
    await Promise.all(open.map(({ heard }) => heard));
    await sleep(200);
    const again = await listen(`/en/console/progress/${id}/events`, vera, (text) => text.includes('data:'));
    expect(again.status).toBe(200);
    limits.mostEach = 6;
    end();
  });

  test('being looked at is no visit: an open line keeps no session alive', async () => {
    const { id, end } = await slowWork();
    const quiet = await signIn(app, 'vera');
    await listen(`/en/console/progress/${id}/events`, quiet, async (text) => {
      if (!text.includes('data:')) return false;
      await app.database.query(`UPDATE sessions SET seen_at = now() - interval '1 hour'`);
      await sleep(150);
      return true;
    });
    const [{ seen }] = await app.database.query(
      `SELECT bool_or(seen_at > now() - interval '30 minutes') AS seen FROM sessions`,
    );
    expect(seen).toBe(false);
    end();
  });
});

test('what somebody may not see is not there for her: no page, no events, no API, no line in the history', async () => {
  const recipient = await identityToRecipient(await generateIdentity());
  await ada.api('POST', '/api/v1/exports/persons', { petition: 'wetlands', purpose: 'news', recipient });
  const { exports } = (await ada.api('GET', '/api/v1/exports')).json<{ exports: { id: string; kind: string }[] }>();
  const { id } = exports.find(({ kind }) => kind === 'persons')!;
  for (const who of [vera, olga, amir]) {
    expect((await who.get(`/en/console/progress/${id}`)).statusCode).toBe(404);
    expect((await listen(`/en/console/progress/${id}/events`, who)).status).toBe(404);
    expect((await who.api('GET', `/api/v1/progress/${id}`)).statusCode).toBe(404);
    expect((await who.api('GET', '/api/v1/exports')).json()).not.toMatchObject({
      exports: expect.arrayContaining([expect.objectContaining({ kind: 'persons' })]),
    });
    expect((await who.get('/en/console/exports')).body).not.toContain(id);
  }
  expect((await app.inject({ url: `/en/console/progress/${id}/events` })).statusCode).toBe(303);
  expect((await app.inject({ url: `/api/v1/progress/${id}` })).statusCode).toBe(401);
  expect((await vera.get('/en/console/progress/nonsense')).statusCode).toBe(404);
});

test('a work whose process is gone has failed, and says so', async () => {
  // It says nothing yet: a word under way would renew what is taken from it here.
  const { id, report } = await works().begin({ ...exported, needs: 'console:read' });
  await app.database.query(`UPDATE long_works SET lease_until = now() - interval '1 second' WHERE id = $1`, [id]);
  expect((await vera.get(`/en/console/progress/${id}`)).body).toContain('The server stopped in the middle of it');
  await report.end('done');
});

describe('a large import', () => {
  const many = (n: number, name = 'Member') =>
    `id,name,party,area,email,note\n${Array.from({ length: n }, (_, i) => `${i},${name} ${i},P${i % 5},Area ${i},m${i}@big.example,${'x'.repeat(200)}`).join('\n')}\n`;
  const send = async (content: string, fields: Record<string, string>, file = 'big.csv') => {
    const { payload, headers } = await multipart({ _csrf: olga.csrf, ...fields }, [
      { name: file, bytes: Buffer.from(content) },
    ]);
    const url = '/en/console/lawmakers/imports';
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, cookie: olga.cookie } });
  };
  const ended = async (page: string) => {
    for (let n = 0; n < 400; n++) {
      const work = (await olga.api('GET', `/api/v1/progress/${page.split('/').pop()}`)).json<{ state: string }>();
      if (work.state !== 'running') return work;
      await sleep(50);
    }
    throw new Error('it does not end');
  };

  test('is read, compared and applied in the background, for nobody’s eyes but those who may import', async () => {
    const fields = { legislature: 'biglandia', name: 'Biglandia', country: 'SE', format: 'auto' };
    const columns = locationOf(await send(many(2500), fields));
    const map = {
      'map-identifier': 'id',
      'map-name': 'name',
      'map-party': 'party',
      'map-area': 'area',
      'map-email': 'email',
    };
    const reading = await olga.post(columns, map);
    expect(locationOf(reading)).toContain('/console/progress/');
    const page = locationOf(reading);
    expect((await vera.get(page)).statusCode).toBe(404);
    expect(await ended(page)).toMatchObject({
      kind: 'import-preview',
      state: 'done',
      step: 'stored',
      done: 2500,
      total: 2500,
    });
    const after = await olga.get(page);
    const preview = /href="(\/en\/console\/lawmakers\/imports\/[0-9a-f-]+)"/.exec(after.body)![1]!;
    expect((await olga.get(preview)).body).toContain('2,500');

    const applying = locationOf(await olga.post(`${preview}/application`));
    expect(await ended(applying)).toMatchObject({ kind: 'import-application', state: 'done', step: 'applied' });
    const [{ n }] = await app.database.query(
      `SELECT count(*)::int AS n FROM lawmakers l JOIN legislatures g ON g.id = l.legislature_id WHERE g.slug = 'biglandia'`,
    );
    expect(n).toBe(2500);
  }, 60_000);

  test('that cannot be read says so on its page; nothing is kept', async () => {
    const fields = { legislature: 'brokenland', name: 'Brokenland', country: 'SE', format: 'popolo' };
    const page = locationOf(await send(`{"persons": [${'"x",'.repeat(200_000)}`, fields, 'big.json'));
    expect(page).toContain('/console/progress/');
    expect(await ended(page)).toMatchObject({ state: 'failed', failure: expect.stringContaining('big.json') });
    const [{ n }] = await app.database.query(
      `SELECT count(*)::int AS n FROM imports WHERE legislature_slug = 'brokenland'`,
    );
    expect(n).toBe(0);
  });

  test('that failed stays in sight of everybody who may import, in their language, until one has looked at it', async () => {
    const [{ id, file }] = (await app.database.query(
      `SELECT id, detail->>'file' AS file FROM long_works WHERE kind = 'import-preview' AND state = 'failed'`,
    )) as [{ id: string; file: string }];
    expect(file).toBe('big.json');
    const page = `/console/progress/${id}`;
    const need = 'One import of lawmakers failed: look why';
    expect((await ada.get('/en/console')).body).toContain(`<a href="/en/console/lawmakers/imports">${need}</a>`);
    // Whoever may not import is told, and led nowhere.
    expect((await vera.get('/en/console')).body).toContain(`<strong>${need}</strong>`);
    expect((await vera.post(`/en${page}/seen`)).statusCode).toBe(404);
    expect((await vera.api('PUT', `/api/v1/progress/${id}/seen`)).statusCode).toBe(404);
    const list = (await ada.get('/fa/console/lawmakers/imports')).body;
    expect(list).toContain(`href="/fa${page}"`);
    expect(list).toContain('big.json');
    // Olga sent it from an English page; Ada reads Persian.
    const persian = (await ada.get(`/fa${page}`)).body;
    expect(/<p dir="auto">([^<]+)/.exec(persian)![1]).toMatch(/big\.json.*[آ-ی]{3}/);
    expect(persian).toContain('href="/fa/console/lawmakers/imports"');
    const seen = await ada.post(`/fa${page}/seen`);
    expect([seen.statusCode, locationOf(seen)]).toEqual([303, '/fa/console/lawmakers/imports']);
    expect((await ada.get('/en/console')).body).not.toContain('look why');
    expect((await ada.get('/fa/console/lawmakers/imports')).body).not.toContain(page);
    expect((await ada.get(`/en${page}`)).body).not.toContain('I have looked at it');
    // It is still there for whoever has the link, and the first who looked is the one.
    await olga.api('PUT', `/api/v1/progress/${id}/seen`);
    expect((await olga.api('GET', `/api/v1/progress/${id}`)).json()).toMatchObject({
      ...{ state: 'failed', seenBy: 'Ada' },
    });
  });

  test('whose preview is out of date when it is applied says why, in the language of whoever reads', async () => {
    const [{ id }] = (await app.database.query(
      `INSERT INTO imports (id, legislature_slug, legislature_name, country, format, state, partial, base_version, source_name,
         source_sha256, counts, made_by)
       VALUES (gen_random_uuid(), 'biglandia', 'Biglandia', 'SE', 'csv', 'previewed', false, 0, 'old.csv', sha256('x'),
         '{"new": 5000, "changed": 0, "gone": 0}', 'Olga') RETURNING id`,
    )) as [{ id: string }];
    const page = locationOf(await olga.post(`/en/console/lawmakers/imports/${id}/application`));
    expect(await ended(page)).toMatchObject({ state: 'failed', failure: expect.stringContaining('newer import') });
    expect((await olga.get(page)).body).toContain('This preview no longer fits');
    const german = (await olga.get(page.replace('/en/', '/de/'))).body;
    expect(german).toContain('Diese Vorschau passt nicht mehr');
    expect(german).not.toMatch(/Somebody else|newer import/);
    await olga.post(`${page}/seen`);
    expect((await olga.post(`/en/console/progress/${id}/seen`)).statusCode).toBe(404);
  });

  test('of which there are many is found on the next page', async () => {
    await app.database.query(
      `INSERT INTO imports (id, legislature_slug, legislature_name, country, format, state, partial, base_version, source_name,
         source_sha256, counts, made_by)
       SELECT gen_random_uuid(), 'old', 'Oldland', 'SE', 'csv', 'discarded', false, 0, 'file-' || n || '.csv', sha256('x'), '{}', 'Olga'
       FROM generate_series(1, 60) n`,
    );
    const seen = new Set<string>();
    let url: string | undefined = '/en/console/lawmakers/imports';
    for (let pages = 0; url && pages < 5; pages++) {
      const body: string = (await vera.get(url)).body;
      for (const [name] of body.matchAll(/file-\d+\.csv/g)) seen.add(name);
      url = /rel="next" href="([^"]+)"/.exec(body)?.[1];
    }
    expect(seen.size).toBe(60);
  });
});

test('the page of a letter campaign shows live numbers by state while it is planned and sent', async () => {
  const [by, second] = [person('Olga', 'organiser'), person('Amir', 'approver')];
  await importTestland(app, crowd(30));
  const id = await campaignOf(app, by);
  await approve(app, id, by, second);
  expect((await vera.get(`/en/console/letters/${id}`)).body).not.toContain('data-events');
  await app.get(Dispatch).start(id, second);
  await app.get(Dispatch).planned(id);
  const page = await vera.get(`/en/console/letters/${id}`);
  expect(page.body).toContain(`data-events="/en/console/progress/letters/${id}/events"`);
  const fallback = await vera.get(`/en/console/progress/letters/${id}`);
  expect(fallback.body).toContain('<noscript><meta http-equiv="refresh" content="10"></noscript>');
  let sent = false;
  const heard = await listen(`/en/console/progress/letters/${id}/events`, vera, async (text) => {
    if (!sent && text.includes('data:')) {
      sent = true;
      await app.get(MailWorker).drain();
    }
    return text.includes('30 of 30');
  });
  const events = eventsIn(heard.text);
  const [first, last] = [events[0], events.at(-1)];
  expect(first!.parts.bar).toContain('0 of 30');
  expect(first!.say).toBe('Dispatching');
  expect(last!.parts.bar).toContain('30 of 30');
  expect(last!.parts.figures).toContain('status=accepted');
  expect(last!.say).toBe('100 percent');
  // A viewer can stop nothing.
  expect(last!.parts.parts!.trim()).toBe('');
  expect((await app.inject({ url: `/en/console/progress/letters/${id}/events` })).statusCode).toBe(303);
});

test('whoever may send sees by the same events which letters have not left, and what needs a person', async () => {
  const [by, second] = [person('Olga', 'organiser'), person('Amir', 'approver')];
  await importTestland(app, undefined, 'tableland');
  const id = await campaignOf(app, by, { more: { audience: { legislatures: ['tableland'] } } });
  await approve(app, id, by, second);
  await app.get(Dispatch).start(id, second);
  await app.get(Dispatch).planned(id);
  const page = (await amir.get(`/en/console/letters/${id}`)).body;
  const waiting = (html: string) => Number(/data-label="Waiting">(\d+)</.exec(html)![1]);
  expect(page.split('data-part="pace"')[1]).toContain('If nothing changes, the last one leaves about');
  let sent = false;
  const heard = await listen(`/en/console/progress/letters/${id}/events`, amir, async (text) => {
    if (!sent && text.includes('data:')) {
      sent = true;
      await app.get(MailWorker).drain();
    }
    // A look at the pace that took long is given again for a while.
    return text.endsWith('\n\n') && /5 of 8/.test(text) && eventsIn(text).at(-1)?.parts.pace?.trim() === '';
  });
  const events = eventsIn(heard.text);
  const [first, last] = [events[0], events.at(-1)];
  // What comes later is what the page was loaded with, buttons and their token too.
  for (const [name, html] of Object.entries(first!.parts)) {
    expect(page.split(`data-part="${name}"`)[1]).toContain(`>${html}</div>`);
  }
  expect(waiting(first!.parts.parts!)).toBeGreaterThan(0);
  expect(first!.parts.parts).toContain('value="pause"');
  expect(first!.parts.notices).toContain('3 letters wait for a person.');
  expect(first!.parts.pace).toContain('the last one leaves about');
  expect(last!.parts.pace!.trim()).toBe('');
  // Those by form, post and phone, which can be stopped until somebody has done them.
  expect(waiting(last!.parts.parts!)).toBe(3);
  expect(last!.parts.parts).toContain('value="pause"');
  expect(waiting((await amir.get(`/en/console/letters/${id}`)).body)).toBe(3);
});
