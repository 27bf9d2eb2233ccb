import { makeDatabase, serverUrl, type TestDatabase } from './support/database.js';
import { build, Inbox, Server, until } from './support/server.js';

const slug = '1988-investigation';
const sara = { name: 'Sara Signer', email: 'sara@example.org' };
const onPostgres = serverUrl ? describe : describe.skip;

let made: TestDatabase;
let running: Server[] = [];

async function start(role: string): Promise<Server> {
  const server = await Server.start({ ...made.environment, LIMITS: 'off' }, ['start', '--role', role]);
  running.push(server);
  return server;
}

beforeAll(build, 180_000);
beforeEach(async () => (made = await makeDatabase()));
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop('SIGKILL')));
  running = [];
  await made.drop();
});

test.each(['web', 'worker'])(
  '--role %s is refused on the embedded database',
  async (role) => {
    const server = await Server.spawn({ DATA_DIR: made.environment.DATA_DIR }, ['start', '--role', role]);
    running.push(server);
    expect((await server.ended).code).toBe(1);
    expect(server.output).toContain('DATABASE_URL: is needed');
  },
  60_000,
);

test('there is no other role', async () => {
  const server = await Server.spawn({ ...made.environment }, ['start', '--role', 'both']);
  running.push(server);
  expect((await server.ended).code).toBe(1);
  expect(server.output).toMatch(/all, web, worker/);
}, 60_000);

onPostgres('visitors and work in processes of their own (needs DATABASE_URL)', () => {
  test('what the one takes, the other does; the one goes on without the other', async () => {
    const web = await start('web');
    const inbox = new Inbox(made.environment.DATA_DIR);
    expect(await web.sign(slug, sara)).toBe(202);
    expect(await inbox.mails()).toEqual([]);

    const worker = await start('worker');
    const token = await until('the mail is sent', async () => (await inbox.mails())[0]?.token);
    expect(await web.confirm(token)).toBe(200);
    await until('she is counted', async () => (await web.count(slug)) === 1);
    await until('the log is published', async () =>
      /^\S+\n2\n/.test(await (await web.fetch(`/log/${slug}/checkpoint`)).text()),
    );
    await worker.stop();

    expect(await web.sign(slug, { name: 'Omid', email: 'omid@example.org' })).toBe(202);
    expect(await web.count(slug)).toBe(1);
    expect(await inbox.mails()).toHaveLength(1);
    await start('worker');
    await until('his mail is sent', async () => (await inbox.mails()).length === 2);
  }, 180_000);

  test('a worker answers who asks for its health, and nobody else', async () => {
    const worker = await start('worker');
    expect((await worker.fetch('/health/live')).status).toBe(200);
    for (const path of ['/', '/en', `/api/v1/petitions/${slug}/count.json`, `/log/${slug}/checkpoint`, '/assets/x.css'])
      expect([path, (await worker.fetch(path)).status]).toEqual([path, 404]);
    expect(await worker.sign(slug, sara)).toBe(404);
    expect((await worker.fetch('/health/../en')).status).toBe(404);
  }, 120_000);
});
