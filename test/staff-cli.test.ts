import { Command } from 'commander';
import { Readable } from 'node:stream';
import { staffCommands } from '../src/staff/staff.cli.js';
import { startApp } from './support/app.js';
import { makeDatabase, type TestDatabase } from './support/database.js';
import { formBody } from './support/cast.js';

let made: TestDatabase;
const before = { ...process.env };
beforeAll(async () => {
  made = await makeDatabase();
  Object.assign(process.env, made.environment, { PORT: '0' });
});
afterAll(async () => {
  process.env = before;
  await made.drop();
});

/** What the command printed. */
async function run(args: string, input = ''): Promise<string> {
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  const stdin = jest.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([input]) as never);
  const program = new Command('countersign').exitOverride().configureOutput({ writeErr: () => undefined });
  staffCommands(program);
  try {
    await program.parseAsync(['staff', ...args.split(' ')], { from: 'user' });
    return printed.join('\n');
  } finally {
    log.mockRestore();
    stdin.mockRestore();
  }
}

test('adds people, lists them, and gives new passwords, that open the console', async () => {
  const json = JSON.parse(await run('add --email Olga@Example.org --name Olga --role organiser --json')) as {
    email: string;
    password: string;
  };
  expect(json).toMatchObject({ email: 'olga@example.org', role: 'organiser' });
  const added = await run('add --email amir@example.org --name Amir --role approver');
  const first = /First password: (\S+)/.exec(added)![1]!;
  const quiet = await run(
    'add --email ada@example.org --name Ada --role admin --password-stdin',
    'adas-own-password\n',
  );
  expect(quiet).not.toContain('password');
  expect(await run('list')).toBe(
    ['ada@example.org\tAda\tadmin\t', 'amir@example.org\tAmir\tapprover\t', 'olga@example.org\tOlga\torganiser\t'].join(
      '\n',
    ),
  );
  expect(JSON.parse(await run('list --json'))).toHaveLength(3);
  const renewed = /: (\S+)$/.exec(await run('reset-password amir@example.org'))![1]!;
  const again = JSON.parse(await run('reset-password OLGA@example.org --json')) as { password: string };

  const app = await startApp(made.environment);
  try {
    const status = async (email: string, password: string) =>
      (await app.inject({ method: 'POST', url: '/en/console/sign-in', ...formBody({ email, password }) })).statusCode;
    expect(await status('ada@example.org', 'adas-own-password')).toBe(303);
    expect(await status('amir@example.org', first)).toBe(422);
    expect(await status('amir@example.org', renewed)).toBe(303);
    expect(await status('olga@example.org', json.password)).toBe(422);
    expect(await status('olga@example.org', again.password)).toBe(303);
  } finally {
    await app.close();
  }
}, 180_000);

test.each([
  ['an address that is none', 'add --email nobody --name N', '', 'not-an-address'],
  ['a role that does not exist', 'add --email n@example.org --name N --role owner', '', 'Allowed choices'],
  ['a short password', 'add --email n@example.org --name N --password-stdin', 'short', 'password-too-short'],
  ['an address that is taken', 'add --email ada@example.org --name N', '', 'is on the staff already'],
  ['no name', 'add --email n@example.org', '', 'required option'],
  ['a stranger', 'reset-password stefan@example.org', '', 'no member of staff'],
])('refuses %s', async (_, args, input, why) => {
  const said = await run(args, input).then(
    () => 'nothing was refused',
    (refused: unknown) => JSON.stringify(refused) + String(refused),
  );
  expect(said).toContain(why);
});
