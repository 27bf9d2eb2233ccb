import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { renderMail } from '../src/mail/compose.js';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { MailWorker } from '../src/mail/mail.worker.js';
import { type NewMail, OutboxService } from '../src/mail/outbox.service.js';
import { startApp, type TestApp } from './support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ SMTP_URL: 'smtp://127.0.0.1:1', PUBLIC_URL: 'http://countersign.test' });
  app.get(MailKinds).register({
    name: 'test-mail',
    inDoubt: 'resend',
    compose: async ({ payload }) => ({
      to: 'sara@example.org',
      subject: 'One more step',
      text: payload!.toString(),
      html: '<p>hidden</p><script>alert(1)</script>',
    }),
  });
});
afterAll(() => app.close());

const send = async (text: string): Promise<NewMail> => {
  const id = uuidv7();
  const mail: NewMail = {
    campaignId: uuidv7(),
    id,
    kind: 'test-mail',
    ref: id,
    lane: 'confirmations',
    payload: Buffer.from(text),
  };
  await app.database.transaction((tx) => app.get(OutboxService).enqueue(tx, [mail]));
  await app.get(MailWorker).drain();
  return mail;
};
const inbox = async () => (await app.inject({ url: '/dev/inbox.json' })).json();
const page = async (url: string) => (await app.inject({ url })).body;

test('an empty inbox says so', async () => {
  expect(await inbox()).toEqual([]);
  expect(await page('/dev/inbox')).toContain('Nothing yet');
});

test('a mail lands as a file, in the list and as JSON with its links, newest first', async () => {
  const first = await send('Confirm here: http://countersign.test/en/confirm/abc-_1?x=1&y=2.\nNot you? Do nothing.');
  await send('Zweite\n\n(https://elsewhere.test/a)');
  expect(await inbox()).toEqual([
    {
      to: 'sara@example.org',
      subject: 'One more step',
      text: 'Zweite\n\n(https://elsewhere.test/a)\n',
      links: ['https://elsewhere.test/a'],
    },
    {
      to: 'sara@example.org',
      subject: 'One more step',
      text: 'Confirm here: http://countersign.test/en/confirm/abc-_1?x=1&y=2.\nNot you? Do nothing.\n',
      links: ['http://countersign.test/en/confirm/abc-_1?x=1&y=2'],
    },
  ]);
  const files = await readdir(join(app.settings.DATA_DIR, 'inbox'));
  expect(files).toHaveLength(2);
  expect(files.sort()[0]).toMatch(new RegExp(`^\\d{8}T\\d{9}Z-${first.id}\\.eml$`));
  const [row] = await app.database.query('SELECT state, payload FROM outbox WHERE id = $1', [first.id]);
  expect(row).toEqual({ state: 'accepted', payload: null });
});

test('a mail is shown as text, with links to this site only', async () => {
  const mail = await send('<b>bold</b> http://countersign.test/en/confirm/tok and https://evil.test/x');
  const list = await page('/dev/inbox');
  const link = new RegExp(`/dev/inbox/\\d{8}T\\d{9}Z-${mail.id}`).exec(list)![0];
  const shown = await page(link);
  expect(shown).toContain('&lt;b&gt;bold&lt;/b&gt;');
  expect(shown).toContain(
    '<a href="/en/confirm/tok" dir="ltr">http://countersign.test/en/confirm/tok</a> and https://evil.test/x',
  );
  expect(shown).not.toContain('alert(1)');
});

test.each(['/dev/inbox/nothing', '/dev/inbox/..%2F..%2Fkeys', '/dev/inbox/20260101T000000000Z-' + uuidv7()])(
  'there is no mail at %s',
  async (url) => expect((await app.inject({ url })).statusCode).toBe(404),
);

test('the page ends at the newest 200, the file does not, and what is no mail of ours is left out', async () => {
  const folder = join(app.settings.DATA_DIR, 'inbox');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'notes.txt'), 'no mail');
  for (let n = 0; n < 205; n++) {
    const date = new Date(Date.UTC(2040, 0, 1, 0, 0, n));
    const id = uuidv7();
    const bytes = await renderMail({ to: 'a@b.test', subject: `mail ${n}`, text: 'x' }, { id, date, from: 'c@d.test' });
    await writeFile(join(folder, `${date.toISOString().replaceAll(/[-:.]/g, '')}-${id}.eml`), bytes);
  }
  const mails = await inbox();
  expect(mails.length).toBeGreaterThanOrEqual(205);
  expect(mails[0].subject).toBe('mail 204');
  const page = (await app.inject({ url: '/dev/inbox' })).body;
  expect(page).toContain('mail 204');
  expect(page).toContain('mail 5<');
  expect(page).not.toContain('mail 4<');
});

test('the inbox does not exist when mails leave', async () => {
  const live = await startApp({ MAIL_MODE: 'hold', SMTP_URL: 'smtp://127.0.0.1:1' });
  for (const url of ['/dev/inbox', '/dev/inbox.json', '/dev/inbox/x']) {
    expect((await live.inject({ url })).statusCode).toBe(404);
  }
  await live.close();
});
