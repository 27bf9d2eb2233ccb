import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { v7 as uuidv7 } from 'uuid';
import { PersonDecisions } from '../src/lawmakers/person-decisions.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterAnswers } from '../src/letters/letter-answers.service.js';
import { LetterReports } from '../src/letters/letter-report.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { signIn, type SignedIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person } from './support/letters.js';
import { openPetition } from './support/petitions.js';

let app: TestApp;
let id: string;
const people: Record<string, SignedIn> = {};
const olga = person('Olga Lind', 'organiser');
const amir = person('Amir Approver', 'approver');

const sectionOf = (page: string, id: string) =>
  new RegExp(`<section class="card" id="${id}">[^]*?</section>`).exec(page)![0];
const letterTo = async (name: string, campaign = id) => {
  const [row] = await app.database.query(`SELECT id FROM letters WHERE campaign_id = $1 AND lawmaker_name = $2`, [
    campaign,
    name,
  ]);
  return row.id as string;
};
const sentOn = (name: string, day: string, more = '') =>
  app.database.query(
    `UPDATE outbox SET state_at = $3 ${more} WHERE campaign_id = $1 AND id = (
       SELECT id FROM letters WHERE campaign_id = $1 AND lawmaker_name = $2)`,
    [id, name, `${day}T23:30:00Z`],
  );

beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  for (const who of ['ada', 'vera'] as const) people[who] = await signIn(app, who);
  await importTestland(app);
  await openPetition(app);
  id = await campaignOf(app, olga, { more: { petition: 'wetlands' } });
  await approve(app, id, olga, amir);
  await app.get(Dispatch).start(id, amir);
  await app.get(Dispatch).planned(id);
  await app.get(MailWorker).drain();
  await sentOn('Anna Berg', '2026-03-02');
  await sentOn('Daniel Okafor', '2026-03-02');
  await sentOn('Otto Stopp', '2026-03-02');
  await sentOn('Kim Lund', '2026-03-04', `, state = 'refused'`);
  await sentOn('فاطمه رضایی', '2026-03-05');
  await app.database.query(
    `INSERT INTO mail_returns (campaign_id, outbox_id, evidence_sha256, kind, source, returned_at)
     VALUES ($1, $2, sha256('a'), 'bounced', 'smtp', '2026-03-05T10:00:00Z'),
            ($1, $2, sha256('b'), 'delayed', 'smtp', '2026-03-03T10:00:00Z'),
            ($1, $3, sha256('c'), 'replied', 'smtp', '2026-03-06T10:00:00Z'),
            ($1, $3, sha256('d'), 'replied', 'smtp', '2026-03-09T10:00:00Z')`,
    [id, await letterTo('Daniel Okafor'), await letterTo('Anna Berg')],
  );
  const answer = { stance: 'supports' as const, answeredOn: '2026-03-08', words: '' };
  await app.get(LetterAnswers).record(id, await letterTo('فاطمه رضایی'), answer, olga);
  await app.database.query(
    `UPDATE letters SET state = 'done', done_at = '2026-03-04T08:00:00Z', done_by_name = 'Olga Lind', note = 'by courier',
       proof = 'RR 123' WHERE campaign_id = $1 AND lawmaker_name = 'Pia Stamp'`,
    [id],
  );
});
afterAll(() => app.close());

describe('the report', () => {
  test('sums letters by legislature, and agrees with the list of letters', async () => {
    const report = await app.get(LetterReports).report(id);
    expect(report).toMatchObject({ total: 10, reached: 4, answered: 1, of: 4 });
    expect(report.byLegislature).toEqual([{ name: 'Parliament of Testland', letters: 10, reached: 4 }]);
    const { letters } = await app.get(LetterReports).letters(id, { limit: 100 });
    for (const { name, letters: n } of report.byStatus) {
      expect([name, letters.filter(({ status }) => status === name).length]).toEqual([name, n]);
    }
    expect(report.byReturn).toEqual([
      { name: 'bounced', letters: 1 },
      { name: 'replied', letters: 1 },
    ]);
    const progress = (await app.get(LetterReports).progress()).get(id);
    expect(progress).toEqual({ letters: 10, reached: 4, troubled: 2, excluded: 2 });
  });

  test('asks the database once, however many letters and returns there are', async () => {
    const asked = jest.spyOn(app.database, 'query');
    const askedToo = jest.spyOn(app.database.manager, 'query');
    await app.get(LetterReports).report(id);
    expect(asked.mock.calls.length + askedToo.mock.calls.length).toBeLessThanOrEqual(2);
    asked.mockRestore();
    askedToo.mockRestore();
  });

  test('tells day by day what was delivered, failed and was answered', async () => {
    const days = [
      { day: '2026-03-02', delivered: 3, failed: 0, answered: 0 },
      { day: '2026-03-04', delivered: 1, failed: 1, answered: 0 },
      { day: '2026-03-05', delivered: 1, failed: 1, answered: 0 },
      { day: '2026-03-06', delivered: 0, failed: 0, answered: 1 },
      { day: '2026-03-08', delivered: 0, failed: 0, answered: 1 },
    ];
    const answer = await people.vera!.api('GET', `/api/v1/letter-campaigns/${id}/timeline`);
    expect(answer.json()).toEqual({ days });
    const csv = (await people.vera!.get(`/en/console/letters/${id}/timeline.csv`)).body;
    expect(csv).toContain('2026-03-04,1,1,0\r\n');
    expect((await people.vera!.api('GET', `/api/v1/letter-campaigns/${id}/timeline.csv`)).body).toBe(csv);
    for (const locale of ['en', 'fa']) {
      const page = (await people.vera!.get(`/${locale}/console/letters/${id}/report`)).body;
      expect(page).toMatch(
        /<svg class="plot plot-days" [^>]*direction="ltr" role="img" aria-labelledby="timeline-caption">/,
      );
      expect(sectionOf(page, 'timeline').match(/class="plot-bar"/g)).toHaveLength(3 + 2 + 2);
      expect(page).not.toMatch(/<svg[^>]*style=|NaN|undefined/);
    }
  });

  test('draws letters by state, in the numbers of the table and of the file', async () => {
    const { byStatus, total } = await app.get(LetterReports).report(id);
    const csv = (await people.vera!.get(`/en/console/letters/${id}/states.csv`)).body;
    expect(csv).toBe(
      `\ufeffstate,letters\r\n${byStatus.map(({ name, letters }) => `${name},${letters}\r\n`).join('')}`,
    );
    expect((await people.vera!.api('GET', `/api/v1/letter-campaigns/${id}/states.csv`)).body).toBe(csv);
    expect((await people.vera!.api('GET', `/api/v1/letter-campaigns/${uuidv7()}/states.csv`)).statusCode).toBe(404);
    const states = sectionOf((await people.vera!.get(`/en/console/letters/${id}/report`)).body, 'states');
    const drawn = [...states.matchAll(/<tspan class="plot-label">(\d+)<\/tspan> · ([\d.]+)%/g)];
    expect(drawn.map(([, n]) => Number(n))).toEqual(byStatus.map(({ letters }) => letters));
    expect(drawn.map(([, , share]) => Number(share) * total)).toEqual(byStatus.map(({ letters }) => letters * 100));
    expect(states).toContain('Letters: 10. The largest number is in the state “Accepted”: 4.');
    expect(sectionOf(states, 'states').match(/<tr>/g)).toHaveLength(byStatus.length + 1);
  });

  test('stands in the overview for all campaigns together, and a test mail is no letter', async () => {
    const states = async () => {
      const { body } = await people.vera!.get('/en/console/figures/letter-states.csv');
      return body.replace('\ufeff', '').trimEnd().split('\r\n').slice(1);
    };
    const { byStatus } = await app.get(LetterReports).report(id);
    expect(await states()).toEqual(byStatus.map(({ name, letters }) => `${name},${letters}`));
    await app.database.query(
      `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state)
       VALUES ($1, gen_random_uuid(), 'letter-test', 'a test', 'letters', 'accepted')`,
      [id],
    );
    await app.database.query(
      `INSERT INTO letters (campaign_id, id, lawmaker_id, state, lawmaker_name)
       VALUES ($1, gen_random_uuid(), gen_random_uuid(), 'task', 'Of another campaign')`,
      [await campaignOf(app, olga)],
    );
    const tasks = byStatus.find(({ name }) => name === 'task')?.letters ?? 0;
    expect(await states()).toContain(`task,${tasks + 1}`);
    expect(await states()).toContain(`accepted,${byStatus.find(({ name }) => name === 'accepted')!.letters}`);
    const overview = (await people.vera!.get('/en/console')).body;
    const drawn = [...sectionOf(overview, 'states').matchAll(/<tspan class="plot-label">(\d+)<\/tspan>/g)];
    expect(drawn.map(([, n]) => n)).toEqual((await states()).map((line) => line.split(',')[1]));
    await app.database.query(`DELETE FROM letters WHERE lawmaker_name = 'Of another campaign'`);
  });

  test('says how many were delivered lately, of one campaign and of all', async () => {
    const lately = async (url: string) => sectionOf((await people.vera!.get(url)).body, 'states');
    const pages = [`/en/console/letters/${id}/report`, '/en/console'];
    const none = 'Delivered in the last seven full days: 0, in the seven before: 0.';
    for (const page of pages) expect(await lately(page)).toContain(none);
    const kept: { id: string; state_at: Date }[] = await app.database.query(
      `SELECT id, state_at FROM outbox WHERE campaign_id = $1 AND kind = 'letter' AND state = 'accepted' ORDER BY id`,
      [id],
    );
    expect(kept.length).toBeGreaterThan(2);
    const move = (at: Date[]) =>
      app.database.query(
        `UPDATE outbox SET state_at = moved.at FROM unnest($2::uuid[], $3::timestamptz[]) AS moved (id, at)
         WHERE campaign_id = $1 AND outbox.id = moved.id`,
        [id, kept.map((mail) => mail.id), at],
      );
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
    // Today is not over and does not count.
    await move(kept.map((_, n) => (n === 0 ? ago(10) : n === 1 ? ago(0) : ago(3))));
    const some = `Delivered in the last seven full days: ${kept.length - 2}, in the seven before: 1.`;
    for (const page of pages) expect(await lately(page)).toContain(some);
    await move(kept.map(({ state_at: at }) => at));
  });

  test('says which way it goes', async () => {
    const page = (await people.vera!.get(`/en/console/letters/${id}/report`)).body;
    expect(sectionOf(page, 'timeline')).toMatch(
      /delivered; the busiest day was 2 March 2026: 3\.[^]*Quiet: nothing in the fourteen days before today/,
    );
  });
});

describe('what an office is handed', () => {
  const office = (query: string, kind = '') => `/en/console/letters/${id}/office${kind}?${query}`;

  test('letters to it against all, by channel and state, with method and date', async () => {
    const anna = await lawmakerId(app, 'Anna Berg');
    const report = (await people.vera!.api('GET', `/api/v1/letter-campaigns/${id}/office?lawmakerId=${anna}`)).json();
    expect(report).toMatchObject({
      office: { name: 'Anna Berg', legislature: 'Parliament of Testland' },
      organisation: 'River Friends',
      yours: 1,
      all: 8,
      first: '2026-03-02T23:30:00.000Z',
      last: '2026-03-02T23:30:00.000Z',
      byChannel: expect.arrayContaining([
        { name: 'email', yours: 1, all: 5 },
        { name: 'post', yours: 0, all: 1 },
      ]),
      byState: expect.arrayContaining([
        { name: 'accepted', yours: 1, all: 4 },
        { name: 'refused', yours: 0, all: 1 },
      ]),
    });
    const whole = (await people.vera!.get(office('legislature=Parliament+of+Testland', '.json'))).json();
    expect(whole).toMatchObject({ office: { name: 'Parliament of Testland' }, yours: 8, all: 8 });
    const csv = (await people.vera!.get(office(`lawmakerId=${anna}`, '.csv'))).body;
    expect(csv).toContain('email,accepted,1,4\r\n');
    expect(csv).toMatch(/# total,,1,8\r\n/);
    expect(csv).toContain('# method: ');
    expect(csv).toContain(`# as of ${new Date().toISOString().slice(0, 10)}`);
    expect((await people.vera!.get(office(`lawmakerId=${anna}`))).body).toContain('One letter to you, of 8 in all.');
    expect((await people.vera!.get(office(`lawmakerId=${anna}`).replace('/en/', '/fa/'))).body).toContain('dir="rtl"');
  });

  test('names nobody who wrote, signed or worked on it', async () => {
    const pia = await lawmakerId(app, 'Pia Stamp');
    const secrets = ['Olga', 'Amir', 'Vera', 'Ada', 'olga@river.example', 'by courier', 'RR 123', 'Assembly Square'];
    for (const query of [`lawmakerId=${pia}`, 'legislature=Parliament+of+Testland']) {
      for (const kind of ['', '.csv', '.json']) {
        const { body, statusCode } = await people.vera!.get(office(query, kind));
        expect(statusCode).toBe(200);
        for (const secret of secrets) expect(body).not.toContain(secret);
      }
    }
  });

  test('counts letters to every record of the same person', async () => {
    const [pia, phil] = [await lawmakerId(app, 'Pia Stamp'), await lawmakerId(app, 'Phil Bell')];
    await app.get(PersonDecisions).decide({ first: pia, second: phil, decision: 'same', keep: pia }, olga);
    const { body } = await people.vera!.get(office(`lawmakerId=${phil}`, '.json'));
    expect(JSON.parse(body)).toMatchObject({ yours: 2 });
  });

  test('refuses a question without an office, or about one that got no letter', async () => {
    expect((await people.vera!.get(office(''))).statusCode).toBe(422);
    expect((await people.vera!.get(office(`lawmakerId=${uuidv7()}&legislature=x`))).statusCode).toBe(422);
    expect((await people.vera!.get(office('lawmakerId=x'))).statusCode).toBe(422);
    expect((await people.vera!.get(office(`lawmakerId=${uuidv7()}`))).statusCode).toBe(404);
    expect((await people.vera!.get(office(`lawmakerId=${await lawmakerId(app, 'Nina Null')}`))).statusCode).toBe(404);
    expect((await people.vera!.get(office('legislature=Nowhere'))).statusCode).toBe(404);
    expect((await app.inject({ url: office('legislature=x') })).statusCode).toBe(303);
  });
});

test('letters of supporters count among those to an office, and name nobody', async () => {
  const both = await campaignOf(app, olga);
  const anna = await lawmakerId(app, 'Anna Berg');
  await app.database.query(
    `INSERT INTO letters (campaign_id, id, lawmaker_id, sender, state, lawmaker_name, legislature, channel)
     SELECT $1, id, $2, 'supporter ' || id, 'mail', 'Anna Berg', 'Parliament of Testland', 'email'
     FROM unnest($3::uuid[]) id`,
    [both, anna, [uuidv7(), uuidv7()]],
  );
  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state, recipient)
     SELECT campaign_id, id, 'supporter-letter', id::text, 'letters', 'accepted', contact FROM letters WHERE campaign_id = $1`,
    [both],
  );
  await app.database.query(
    `INSERT INTO outbox (campaign_id, id, kind, ref, lane, state) VALUES ($1, $2, 'letter-test', 'x', 'letters', 'accepted')`,
    [both, uuidv7()],
  );
  expect((await app.get(LetterReports).report(both)).byStatus).toEqual([{ name: 'accepted', letters: 2 }]);
  const answer = await people.vera!.get(`/en/console/letters/${both}/office.json?lawmakerId=${anna}`);
  expect(answer.json()).toMatchObject({ yours: 2, all: 2, byState: [{ name: 'accepted', yours: 2, all: 2 }] });
  expect(answer.body).not.toContain('supporter 0');
});

test('a file that cannot be read to its end breaks off, so that nobody takes it for whole', async () => {
  const big = await campaignOf(app, olga);
  await app.database.query(
    `INSERT INTO letters (campaign_id, id, lawmaker_id, state, reason, lawmaker_name, note)
     SELECT $1, gen_random_uuid(), gen_random_uuid(), 'excluded', 'objection', 'Member ' || n, repeat('note ', 1000)
     FROM generate_series(1, 8000) n`,
    [big],
  );
  await app.nest.listen(0, '127.0.0.1');
  const request = get(`${await app.nest.getUrl()}/en/console/letters/${big}/letters.csv`, {
    headers: { cookie: people.vera!.cookie },
  });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  answer.pause();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await app.database.query(`ALTER TABLE letter_answers RENAME TO gone`);
  try {
    let size = 0;
    answer.on('data', (chunk: Buffer) => (size += chunk.length));
    answer.resume();
    const error = await new Promise<Error | null>((resolve) => {
      answer.once('error', resolve);
      answer.once('end', () => resolve(null));
      setTimeout(() => resolve(new Error('it hangs')), 10_000).unref();
    });
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(answer.complete).toBe(false);
    expect(size).toBeGreaterThan(1000);
  } finally {
    request.destroy();
    await app.database.query(`ALTER TABLE gone RENAME TO letter_answers`);
  }
  expect((await people.vera!.get('/en/console')).statusCode).toBe(200);
});
