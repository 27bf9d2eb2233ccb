import { v7 as uuidv7 } from 'uuid';
import { Approvals } from '../src/letters/approvals.service.js';
import { Dispatch } from '../src/letters/dispatch.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { startApp, type TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { approve, campaignOf, importTestland, lawmakerId, person, seenNow } from './support/letters.js';
import { inbox } from './support/petitions.js';

let app: TestApp;
let olga: SignedIn;
let amir: SignedIn;
let vera: SignedIn;
const author = person('Olga', 'organiser');
beforeAll(async () => {
  app = await startApp({ LIMITS: 'off' });
  await importTestland(app);
  [olga, amir, vera] = [await signIn(app, 'olga'), await signIn(app, 'amir'), await signIn(app, 'vera')];
});
afterAll(() => app.close());

const body = '{{ salutation }},\n\nplease protect the wetlands.\n\n{{ sender.name }}';
const variant = (name: string, more: object = {}, rules: object = {}) => ({
  ...{ name, locale: 'en', subject: `To ${name}`, body: `{{ salutation }},\n\nwords for ${name}.` },
  ...more,
  rules,
});
const api = (id: string) => `/api/v1/letter-campaigns/${id}`;
const newCampaign = () => campaignOf(app, author, { body });
const add = (id: string, payload: object, who = olga) => who.api('POST', `${api(id)}/variants`, payload);
const dryRun = async (id: string) => {
  const { lawmakers, counts } = (await olga.api('GET', `${api(id)}/audience`)).json();
  return {
    counts,
    subjects: Object.fromEntries(lawmakers.map((each: Record<string, string>) => [each.name, each.subject])),
  };
};

describe('variants', () => {
  it('gives each lawmaker the first that fits in her language, otherwise the text of that language', async () => {
    const id = await newCampaign();
    await app.get(LetterCampaigns).writeText(id, 'fa', { subject: 'فارسی', body }, author);
    expect((await add(id, variant('reds in the north', {}, { parties: ['reds'], areas: ['North'] }))).statusCode).toBe(
      201,
    );
    await add(id, variant('reds', {}, { parties: ['Reds'] }));
    await add(id, variant('callers', {}, { channels: ['phone'] }));
    await add(id, variant('French', { locale: 'fr' }, { chambers: ['Upper'] }));
    const { subjects } = await dryRun(id);
    expect(subjects).toMatchObject({
      'Anna Berg': 'To reds in the north',
      'Nadia Sand': 'To reds',
      'Noor Field': 'To reds',
      'Phil Bell': 'To callers',
      'Pia Stamp': 'Wetlands in East',
      'Daniel Okafor': 'To French',
      'Kim Lund': 'Wetlands in South',
      'فاطمه رضایی': 'فارسی',
    });
  });

  it('tries them in their order, which can be changed', async () => {
    const id = await newCampaign();
    await add(id, variant('reds', {}, { parties: ['Reds'] }));
    const added = (await add(id, variant('north', {}, { areas: ['North'] }))).json();
    expect((await dryRun(id)).subjects).toMatchObject({ 'Anna Berg': 'To reds' });
    const ids: string[] = added.variants.map((each: { id: string }) => each.id);
    const put = (order: string[]) => olga.api('PUT', `${api(id)}/variant-order`, { ids: order });
    expect((await put([ids[0]!])).statusCode).toBe(422);
    expect((await put([ids[0]!, ids[0]!])).statusCode).toBe(422);
    expect((await put(ids.toReversed())).statusCode).toBe(200);
    expect((await dryRun(id)).subjects).toMatchObject({ 'Anna Berg': 'To north', 'Nadia Sand': 'To reds' });
  });

  it('says before approval which variant nobody gets', async () => {
    const id = await newCampaign();
    await add(id, variant('reds', {}, { parties: ['Reds'] }));
    await add(id, variant('reds of the north', {}, { parties: ['Reds'], areas: ['North'] }));
    const { counts } = await dryRun(id);
    expect(counts.byVariant.map(({ n }: { n: number }) => n)).toEqual([4, 0, 5]);
    const page = await olga.get(`/en/console/letters/${id}`);
    expect(page.body).toContain('Nobody would get the variant “reds of the north”');
    expect(page.body).not.toContain('Nobody would get the variant “reds”:');
  });

  it('refuses unknown placeholders, a placeholder of a petition it has not, and a language that is none', async () => {
    const id = await newCampaign();
    expect((await add(id, variant('x', { body: '{{ lawmaker.shoe }}' }))).statusCode).toBe(422);
    expect((await add(id, variant('x', { body: '{{ petition.title }}' }))).statusCode).toBe(422);
    expect((await add(id, variant('x', { locale: 'en"><b>' }))).statusCode).toBe(422);
    expect((await add(id, variant('x', { subject: 'two\nlines' }))).statusCode).toBe(422);
    expect((await add(id, variant('x', {}, { channels: ['pigeon'] }))).statusCode).toBe(422);
    expect((await app.get(LetterCampaigns).find(id)).variants).toEqual([]);
  });

  it('voids an approval with every change, and the writer of a variant cannot approve', async () => {
    const id = await newCampaign();
    const { variants } = (await add(id, variant('reds', {}, { parties: ['Reds'] }))).json();
    const one = `${api(id)}/variants/${variants[0].id}`;
    for (const [change, method, url, payload] of [
      ['text', 'PUT', one, variant('reds', { body: 'Other words' }, { parties: ['Reds'] })],
      ['rules', 'PUT', one, variant('reds', {}, { parties: ['Blues'] })],
      ['a second', 'POST', `${api(id)}/variants`, variant('all')],
      ['removal', 'DELETE', one, undefined],
    ] as const) {
      await approve(app, id, author, person('Amir', 'approver'));
      const changed = await olga.api(method, url, payload);
      expect([change, changed.statusCode < 300]).toEqual([change, true]);
      expect([change, (await app.get(LetterCampaigns).find(id)).state]).toEqual([change, 'draft']);
    }
  });

  it('cannot be approved by whoever wrote a variant or a postscript, also when others went on', async () => {
    for (const write of [
      (id: string) => add(id, variant('reds')),
      async (id: string) =>
        olga.api('PUT', `${api(id)}/postscripts/${await lawmakerId(app, 'Anna Berg')}`, { text: 'Hello' }),
    ]) {
      const id = await newCampaign();
      expect((await write(id)).statusCode).toBeLessThan(300);
      await app.get(LetterCampaigns).change(id, { title: 'Other' }, author);
      await app.get(Approvals).ask(id, author);
      const shown = await seenNow(app, id);
      const same = { ...person('Olga', 'approver'), id: olga.id };
      await expect(app.get(Approvals).approve(id, shown, same)).rejects.toMatchObject({ code: 'forbidden' });
      await app.get(Approvals).approve(id, shown, person('Amir', 'approver'));
    }
  });

  it('cannot be touched by whoever may not compose, nor through another campaign', async () => {
    const [id, other] = [await newCampaign(), await newCampaign()];
    const { variants } = (await add(id, variant('reds'))).json();
    const path = `variants/${variants[0].id}`;
    for (const who of [vera, amir]) {
      expect((await add(id, variant('mine'), who)).statusCode).toBe(403);
      expect((await who.api('DELETE', `${api(id)}/${path}`)).statusCode).toBe(403);
      expect((await who.post(`/en/console/letters/${id}/${path}/removal`)).statusCode).toBe(403);
      expect((await who.get(`/en/console/letters/${id}/${path}`)).statusCode).toBe(403);
    }
    expect((await olga.api('PUT', `${api(other)}/${path}`, variant('x'))).statusCode).toBe(404);
    expect((await olga.api('DELETE', `${api(other)}/${path}`)).statusCode).toBe(404);
    expect((await olga.post(`/en/console/letters/${other}/${path}/place`)).statusCode).toBe(404);
    expect((await olga.get(`/en/console/letters/${other}/${path}`)).statusCode).toBe(404);
    expect((await app.get(LetterCampaigns).find(id)).variants).toHaveLength(1);
  });

  it('is written, moved and removed in the console, in both languages', async () => {
    const id = await newCampaign();
    const page = `/en/console/letters/${id}`;
    const form = { ...variant('<b>reds</b>'), rules: '', parties: 'Reds', body: 'Hello\r\nthere' };
    const refused = await olga.post(`${page}/variants`, { ...form, body: '{{ nothing.here }}' });
    expect(refused.statusCode).toBe(422);
    expect(refused.body).toContain('there is no placeholder “nothing.here”');
    expect(refused.body).toMatch(/name="parties" value="Reds" checked/);
    expect((await olga.post(`${page}/variants`, form)).statusCode).toBe(303);
    await olga.post(`${page}/variants`, { ...form, name: 'second' });
    const [first, second] = (await app.get(LetterCampaigns).find(id)).variants;
    expect(first).toMatchObject({ body: 'Hello\nthere', rules: { parties: ['Reds'] } });
    for (const path of ['', '/variants/new', `/variants/${first!.id}`, '/audience']) {
      for (const locale of ['en', 'fa']) {
        const { statusCode, body: html } = await olga.get(page.replace('/en/', `/${locale}/`) + path);
        expect(statusCode).toBe(200);
        expect(html).not.toContain('<b>reds</b>');
      }
    }
    await olga.post(`${page}/variants/${second!.id}/place`);
    expect((await app.get(LetterCampaigns).find(id)).variants.map(({ name }) => name)).toEqual([
      'second',
      '<b>reds</b>',
    ]);
    await olga.post(`${page}/variants/${second!.id}/removal`);
    expect((await app.get(LetterCampaigns).find(id)).variants.map(({ name }) => name)).toEqual(['<b>reds</b>']);
    const preview = await olga.get(`${page}/previews/${await lawmakerId(app, 'Anna Berg')}`);
    expect(preview.body).toContain('&lt;b&gt;reds&lt;/b&gt;');
    expect(preview.body).toContain('Because of: Parties: <bdi>Reds</bdi>');
  });
});

describe('a postscript', () => {
  const put = (id: string, lawmaker: string, text: string, who = olga) =>
    who.api('PUT', `${api(id)}/postscripts/${lawmaker}`, { text });
  const shown = async (id: string, lawmaker: string): Promise<string> =>
    (await olga.api('GET', `${api(id)}/previews/${lawmaker}`)).json().text;

  it('stands between the letter and its footer, as plain text that nothing fills', async () => {
    const id = await newCampaign();
    const anna = await lawmakerId(app, 'Anna Berg');
    const text = '{{ lawmaker.name }} {% assign x = 1 %}<script>alert(1)</script>\r\n-- \nsecond line';
    expect((await put(id, anna, text)).statusCode).toBe(200);
    expect(await shown(id, anna)).toContain(
      'Olga Lind\n\nP.S. {{ lawmaker.name }} {% assign x = 1 %}<script>alert(1)</script>\n--\nsecond line\n\n-- \nSent by',
    );
    const page = await olga.get(`/en/console/letters/${id}/previews/${anna}`);
    expect(page.body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.body).not.toContain('<script>alert');
    expect(await shown(id, await lawmakerId(app, 'Otto Stopp'))).not.toContain('P.S.');
  });

  it('refuses what is not text, is too long, or is for somebody outside the audience', async () => {
    const id = await newCampaign();
    const anna = await lawmakerId(app, 'Anna Berg');
    for (const text of ['', '   ', 'a\u0000b', 'a\u202eb', 'x'.repeat(1001)]) {
      expect((await put(id, anna, text)).statusCode).toBe(422);
    }
    expect((await put(id, uuidv7(), 'Hello')).statusCode).toBe(404);
    for (const who of [vera, amir]) {
      expect((await put(id, anna, 'Hello', who)).statusCode).toBe(403);
      expect(
        (await who.post(`/en/console/letters/${id}/previews/${anna}/postscript`, { text: 'Hello' })).statusCode,
      ).toBe(403);
    }
    expect((await app.get(LetterCampaigns).find(id)).postscripts).toEqual([]);
  });

  it('is written and taken away on the preview, and voids an approval each time', async () => {
    const id = await newCampaign();
    const anna = await lawmakerId(app, 'Anna Berg');
    const form = `/en/console/letters/${id}/previews/${anna}/postscript`;
    for (const text of ['Thank you for Monday.', 'Thank you for Tuesday.', '']) {
      await approve(app, id, author, person('Amir', 'approver'));
      expect((await olga.post(form, { text })).statusCode).toBe(303);
      expect((await app.get(LetterCampaigns).find(id)).state).toBe('draft');
    }
    expect(await shown(id, anna)).not.toContain('P.S.');
    const refused = await olga.post(form, { text: 'x'.repeat(1001) });
    expect(refused.statusCode).toBe(422);
    expect(refused.body).toContain('id="text-error"');
  });
});

test('what was previewed is what leaves, on every channel, and each letter names its variant', async () => {
  const id = await newCampaign();
  const { variants } = (await add(id, variant('reds', {}, { parties: ['Reds'] }))).json();
  const names = ['Anna Berg', 'Otto Stopp', 'Pia Stamp', 'Noor Field'];
  for (const name of names) {
    const url = `${api(id)}/postscripts/${await lawmakerId(app, name)}`;
    await olga.api('PUT', url, { text: `Greetings to ${name}.` });
  }
  await approve(app, id, author, person('Amir', 'approver'));
  const preview = async (name: string) =>
    (await olga.api('GET', `${api(id)}/previews/${await lawmakerId(app, name)}`)).json();
  const before = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await preview(name)] as const)));
  await app.get(Dispatch).start(id, person('Amir', 'approver'));
  await app.get(Dispatch).planned(id);
  await app.get(MailWorker).drain();
  const { letters } = (await olga.api('GET', `${api(id)}/letters`)).json();
  const letter = (name: string) => letters.find((each: { lawmakerName: string }) => each.lawmakerName === name);
  expect(letter('Anna Berg')).toMatchObject({
    variantId: variants[0].id,
    variant: 'reds',
    rawSha256: before['Anna Berg'].sha256,
  });
  expect(letter('Otto Stopp')).toMatchObject({
    variantId: null,
    variant: null,
    rawSha256: before['Otto Stopp'].sha256,
  });
  expect(before['Anna Berg']).toMatchObject({
    variant: { name: 'reds', because: [{ rule: 'parties', values: ['Reds'] }] },
  });
  const sent = (await inbox(app)).find(({ to }) => to.includes('anna@upper'));
  expect(sent?.text).toContain('words for reds.\n\nP.S. Greetings to Anna Berg.\n\n-- \n');
  for (const name of ['Pia Stamp', 'Noor Field']) {
    const page = await olga.get(`/en/console/letters/${id}/letters/${letter(name).id}`);
    expect(page.body).toContain(`P.S. Greetings to ${name}.`);
  }
  expect((await olga.get(`/en/console/letters/${id}/print`)).body).toContain('P.S. Greetings to Pia Stamp.');
  const csv = (await olga.get(`/en/console/letters/${id}/letters.csv`)).body;
  expect(csv.split('\r\n')[0]).toContain('locale,variant,channel');
  expect(csv).toContain(`reds,email,anna@upper.testland.example`);
  expect(csv).toContain(variants[0].id);
  const { byVariant } = (await olga.api('GET', `${api(id)}/report`)).json();
  expect(byVariant).toContainEqual(expect.objectContaining({ name: 'reds', id: variants[0].id, reached: 3 }));
  expect((await olga.get(`/fa/console/letters/${id}/report`)).statusCode).toBe(200);
  expect((await add(id, variant('late'))).statusCode).toBe(409);
});

test('a test mail carries the postscript of the lawmaker it is filled with', async () => {
  const id = await newCampaign();
  const anna = await lawmakerId(app, 'Anna Berg');
  await olga.api('PUT', `${api(id)}/postscripts/${anna}`, { text: 'Only for Anna.' });
  await olga.api('POST', `${api(id)}/tests`, { lawmakerId: anna });
  await app.get(MailWorker).drain();
  expect(
    (await inbox(app)).find(({ to, subject }) => to === olga.email && subject.startsWith('[TEST]'))?.text,
  ).toContain('P.S. Only for Anna.');
});
