import { v7 as uuidv7 } from 'uuid';
import { MailDesk } from '../src/mail/mail-desk.service.js';
import { MailKinds } from '../src/mail/mail-kinds.js';
import { ReturnAddresses } from '../src/mail/return-addresses.js';
import { citedIds } from '../src/returns/cited-ids.js';
import { parsed, Returns } from '../src/returns/returns.service.js';
import type { TestApp } from './support/app.js';
import { type SignedIn, signIn } from './support/cast.js';
import { letter, postOffice, startMailApp } from './support/mails.js';
import { anna, dsn, mailTo, postfixFailed } from './support/returned-mails.js';
import { type Sink, startSink } from './support/sink.js';

let app: TestApp;
let sink: Sink;
let post: ReturnType<typeof postOffice>;
let told: string[] = [];
let ada: SignedIn;

beforeAll(async () => {
  sink = await startSink();
  app = await startMailApp(sink.url, { RETURN_DOMAIN: 'returns.countersign.test' });
  post = postOffice(app);
  app.get(MailKinds).register({
    name: 'letter',
    inDoubt: 'hold',
    returned: async (_, { id }) => void told.push(id),
  });
  ada = await signIn(app, 'ada');
});
beforeEach(async () => {
  told = [];
  sink.mails = [];
  await app.database.query('DELETE FROM outbox');
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

const inDoubt = async () => {
  const mail = letter({ recipient: anna });
  await post.enqueue(mail);
  sink.mishap = () => ({ at: 'end', drop: true });
  await post.drain();
  sink.mishap = () => undefined;
  sink.mails = [];
  return mail;
};
const messageId = (id: string) => `<${id}@countersign.test>`;
let n = 0;
const reply = (headers: string[], to = 'olga@river.example') => mailTo({ id: `reply-${(n += 1)}@x.test`, to, headers });
const take = (raw: Buffer) => app.get(Returns).take({ raw, source: 'imap' });
const states = async (mails: { id: string }[]) => {
  const rows = await app.database.query<{ id: string; state: string }[]>('SELECT id, state FROM outbox');
  return mails.map(({ id }) => rows.find((row) => row.id === id)?.state);
};

describe('a reply that names our Message-ID', () => {
  test.each([
    ['In-Reply-To', (id: string) => [`In-Reply-To: ${messageId(id)}`]],
    ['References', (id: string) => [`References: <first@x.test> ${messageId(id).toUpperCase()} <last@x.test>`]],
  ])('is evidence by %s, though it did not come to the return address', async (_, headers) => {
    const mail = await inDoubt();
    expect(await take(reply(headers(mail.id)))).toBe('recorded');
    const [found] = (await app.get(MailDesk).list({ state: 'in_doubt' })).mails;
    expect(found!.returns).toEqual([expect.objectContaining({ kind: 'replied', cites: true, source: 'imap' })]);
    const page = (await ada.get('/en/console/mail')).body;
    expect(page).toContain('a reply to this very mail');
    expect(page).toContain('so the mail server did take it');
    // Nothing is decided, and nobody is told: the mailbox was not proved by its own address.
    expect(await states([mail])).toEqual(['in_doubt']);
    expect(told).toEqual([]);
  });

  test('is told of when it came to the return address', async () => {
    const mail = await inDoubt();
    const to = app.get(ReturnAddresses).of(mail.id)!;
    expect(await take(reply([`In-Reply-To: ${messageId(mail.id)}`], to))).toBe('recorded');
    expect(await take(reply([], to))).toBe('recorded');
    const facts = await app.database.query<{ cites: boolean }[]>('SELECT cites FROM mail_returns ORDER BY returned_at');
    expect(facts.map(({ cites }) => cites)).toEqual([true, false]);
    expect(told).toEqual([mail.id, mail.id]);
  });

  test('a forged bounce that knows the Message-ID changes nothing', async () => {
    const mail = await inDoubt();
    const headers = [`In-Reply-To: ${messageId(mail.id)}`];
    expect(await take(dsn(postfixFailed(anna), { to: 'olga@river.example', id: 'b1@x.test', headers }))).toBe(
      'nothing',
    );
    expect(await take(reply([`In-Reply-To: <${mail.id}@other.test>`]))).toBe('nothing');
    expect(await take(reply([`In-Reply-To: ${messageId(uuidv7())}`]))).toBe('nothing');
    expect(await app.database.query('SELECT FROM mail_returns')).toEqual([]);
    expect(told).toEqual([]);
  });

  test('the answered mail comes before its thread, and endless headers are cut', async () => {
    const [one, two, three] = [uuidv7(), uuidv7(), uuidv7()];
    const raw = reply([
      `In-Reply-To: ${messageId(one)}`,
      `References: ${messageId(two)} ${messageId(three)} ${messageId(one)}`,
    ]);
    expect(citedIds((await parsed(raw))!, 'Countersign.test')).toEqual([one, three, two]);
    const many = reply([`References: ${Array.from({ length: 3000 }, () => messageId(uuidv7())).join('\r\n ')}`]);
    expect(citedIds((await parsed(many))!, 'countersign.test')).toHaveLength(20);
  });
});

describe('several in doubt', () => {
  const key = ({ campaignId, id }: { campaignId: string; id: string }) => `${campaignId}~${id}`;

  test('are decided together, and whoever was faster is left alone', async () => {
    const mails = [await inDoubt(), await inDoubt(), await inDoubt()];
    const [first, second, third] = mails.map(key);
    expect((await ada.get('/en/console/mail')).body).toContain(`value="${first}"`);
    await app.database.query(`UPDATE outbox SET state = 'accepted' WHERE id = $1`, [mails[1]!.id]);
    const answer = await ada.post('/en/console/mail/bulk-decisions', { mails: [first!, second!], decision: 'sent' });
    expect(answer.headers.location).toBe('/en/console/mail?state=in_doubt&decided=1&skipped=1');
    const page = (await ada.get(String(answer.headers.location))).body;
    expect(page).toContain('One mail decided. One was decided by somebody or something else before.');
    expect(await states(mails)).toEqual(['accepted', 'accepted', 'in_doubt']);
    const audited = await app.database.query(
      `SELECT subject FROM audit_entries WHERE action = 'mail.sent' AND subject = ANY ($1)`,
      [mails.map(({ id }) => id)],
    );
    expect(audited).toEqual([{ subject: mails[0]!.id }]);
    expect((await ada.post('/en/console/mail/bulk-decisions', { mails: third!, decision: 'again' })).statusCode).toBe(
      422,
    );
    expect(await states(mails)).toEqual(['accepted', 'accepted', 'in_doubt']);
    const again = { mails: [{ campaignId: mails[2]!.campaignId, id: mails[2]!.id }], decision: 'again', sure: 'on' };
    expect((await ada.api('POST', '/api/v1/mail/bulk-decisions', again)).json()).toEqual({ decided: 1, skipped: 0 });
    expect(await states(mails)).toEqual(['accepted', 'accepted', 'queued']);
    await post.drain();
    expect(sink.mails.map(({ raw }) => raw)).toEqual([mails[2]!.raw]);
  });

  test('not by a viewer, not without a choice, not more than a hundred', async () => {
    const mail = await inDoubt();
    const vera = await signIn(app, 'vera');
    expect(
      (await vera.post('/en/console/mail/bulk-decisions', { mails: key(mail), decision: 'sent' })).statusCode,
    ).toBe(403);
    const send = (mails: unknown) => ada.api('POST', '/api/v1/mail/bulk-decisions', { mails, decision: 'sent' });
    expect((await send([])).statusCode).toBe(422);
    expect((await send('x~y')).statusCode).toBe(422);
    expect(await send(Array.from({ length: 101 }, () => mail)).then((answer) => answer.statusCode)).toBe(422);
    expect(await states([mail])).toEqual(['in_doubt']);
  });
});
