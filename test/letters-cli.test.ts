import { Command } from 'commander';
import { Readable } from 'node:stream';
import { Approvals } from '../src/letters/approvals.service.js';
import { LetterCampaigns } from '../src/letters/letter-campaigns.service.js';
import { letterCommands } from '../src/letters/letters.cli.js';
import { roles } from '../src/staff/access.js';
import { Staff } from '../src/staff/staff.service.js';
import { startApp, type TestApp } from './support/app.js';
import { cast } from './support/cast.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { campaignOf, importTestland } from './support/letters.js';

const password = 'correct-horse-battery';
const before = { ...process.env };
let made: TestDatabase;
let id: string;

/** The embedded database takes one process at a time, so the application is started and stopped around each command. */
async function inApp<T>(work: (app: TestApp) => Promise<T>): Promise<T> {
  const app = await startApp(made.environment);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

beforeAll(async () => {
  made = await makeDatabase();
  Object.assign(process.env, made.environment, { PORT: '0' });
  await inApp(async (app) => {
    await importTestland(app);
    for (const person of [cast.olga, cast.amir]) await app.get(Staff).add(person, 'system', password);
    const { id: olgaId } = await app.get(Staff).byEmail(cast.olga.email);
    const olga = { kind: 'staff' as const, id: olgaId, name: 'Olga', rights: roles.organiser };
    id = await campaignOf(app, olga);
    await app.get(Approvals).ask(id, olga);
  });
});
afterAll(async () => {
  process.env = before;
  await made.drop();
});

async function run(args: string, input = ''): Promise<string> {
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  const stdin = jest.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([input]) as never);
  const program = new Command('countersign').exitOverride().configureOutput({ writeErr: () => undefined });
  letterCommands(program);
  try {
    await program.parseAsync(['letters', ...args.split(' ')], { from: 'user' });
    return printed.join('\n');
  } finally {
    log.mockRestore();
    stdin.mockRestore();
  }
}

const status = async () => JSON.parse(await run(`status ${id} --json`)) as { state: string; total: number };

test('lists campaigns and tells what became of one', async () => {
  expect(await run('list')).toContain(`${id}  in_review`);
  expect(JSON.parse(await run('list --json'))).toHaveLength(1);
  expect(await run(`status ${id}`)).toMatch(/state: in_review\nsha256: [0-9a-f]{64}\nlist: [0-9a-f]{64}\nletters: 0/);
  await expect(run('status nonsense')).rejects.toThrow('shows the ids');
  await expect(run('status 0190b2f2-0000-7000-8000-000000000000')).rejects.toMatchObject({ code: 'not-found' });
});

test('says what is missing before live, with what to do, and fails', async () => {
  try {
    const printed = await run(`checklist ${id}`);
    expect(printed).toMatch(/^mode {7}missing {2}inbox\n {11}Nothing leaves this machine yet\. Set MAIL_MODE/m);
    expect(printed).toMatch(/^people {5}good$/m);
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(await run(`checklist ${id} --json`))).toMatchObject({ ready: false });
  } finally {
    process.exitCode = undefined;
  }
});

test('approves for a second person who knows her password, and for nobody else', async () => {
  const { approval } = JSON.parse(await run(`status ${id} --json`)) as {
    approval: { sha256: string; listSha256: string };
  };
  const approve = (who: string, secret: string, sha256 = approval.sha256) =>
    run(`approve ${id} --as ${who} --sha256 ${sha256} --list ${approval.listSha256} --json`, `${secret}\n`);
  await expect(approve(cast.amir.email, 'wrong')).rejects.toThrow('may not approve');
  await expect(approve(cast.olga.email, password)).rejects.toThrow('may not approve');
  await expect(approve(cast.amir.email, password, '0'.repeat(64))).rejects.toMatchObject({ code: 'conflict' });
  expect(JSON.parse(await approve(cast.amir.email, password))).toMatchObject({
    state: 'approved',
    approval: { approvedBy: 'Amir' },
  });
});

test('dispatches for somebody who may, then pauses, resumes and cancels', async () => {
  const dispatch = (who: string) => run(`dispatch ${id} --as ${who} --json`, `${password}\n`);
  await expect(dispatch(cast.olga.email)).rejects.toThrow('may not approve');
  expect(JSON.parse(await dispatch(cast.amir.email))).toMatchObject({ state: 'dispatching', total: 10 });
  await expect(dispatch(cast.amir.email)).rejects.toMatchObject({ code: 'wrong-state' });
  await run(`pause ${id}`);
  expect(await status()).toMatchObject({ state: 'paused', total: 10 });
  await run(`resume ${id}`);
  expect(await status()).toMatchObject({ state: 'dispatching' });
  await run(`cancel ${id}`);
  expect(await status()).toMatchObject({ state: 'cancelled' });
  await inApp(async (app) => expect((await app.get(LetterCampaigns).find(id)).state).toBe('cancelled'));
});
