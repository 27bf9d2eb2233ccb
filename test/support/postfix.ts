import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './server.js';

const programs = '/usr/sbin';
const daemons = '/usr/lib/postfix/sbin';
const isThere =
  existsSync(join(daemons, 'master')) && existsSync(join(programs, 'smtp-sink')) && process.getuid?.() === 0;

/** Like describe, but left out with a printed reason where Debian's Postfix is not there or may not be started. In CI it has to be. */
export const withPostfix: (name: string, tests: () => void) => void = (name, tests) => {
  if (isThere || process.env.CI) return describe(name, tests);
  process.stderr.write(`Left out, because it needs Debian's postfix and root to start it: ${name}\n`);
  test.skip(`${name}: needs Postfix`, () => undefined);
};

function run(program: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(join(programs, program), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

const master = (port: number) => `
127.0.0.1:${port} inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
`;

export interface Postfix {
  url: string;
  /** What lies in the Maildir of a mailbox, as it was stored. */
  mailbox: (name: string) => Promise<Buffer[]>;
  log: () => string;
  stop: () => void;
}

/**
 * An instance of Debian's Postfix on 127.0.0.1 with queue, log and mailboxes in a folder of its own. It takes mail for anna at
 * parliament.test into a Maildir, passes on what goes to a domain of `routes`, and knows no way to anywhere else.
 */
export async function startPostfix(routes: Record<string, number>): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-postfix-'));
  chmodSync(folder, 0o755);
  const [port, owner] = [await freePort(), Number(spawnSync('id', ['-u', 'postfix'], { encoding: 'utf8' }).stdout)];
  for (const name of ['etc', 'queue', 'data', 'mail']) mkdirSync(join(folder, name));
  for (const name of ['data', 'mail']) chownSync(join(folder, name), owner, owner);
  const transports = Object.entries(routes).map(([domain, to]) => `{ ${domain} = smtp:[127.0.0.1]:${to} }`);
  writeFileSync(join(folder, 'etc/master.cf'), master(port));
  writeFileSync(
    join(folder, 'etc/main.cf'),
    Object.entries({
      compatibility_level: '3.6',
      command_directory: programs,
      daemon_directory: daemons,
      queue_directory: join(folder, 'queue'),
      data_directory: join(folder, 'data'),
      maillog_file: join(folder, 'log'),
      maillog_file_prefixes: folder,
      myhostname: 'mx.parliament.test',
      mydestination: '',
      inet_interfaces: '127.0.0.1',
      inet_protocols: 'ipv4',
      mynetworks: '127.0.0.0/8',
      smtpd_relay_restrictions: 'permit_mynetworks, reject',
      // No mail of a test may look for a way out of the machine.
      default_transport: 'error:5.4.4 no way out',
      relay_transport: 'error:5.4.4 no way out',
      disable_dns_lookups: 'yes',
      transport_maps: `inline:{ ${transports.join(', ')} }`,
      virtual_mailbox_domains: 'parliament.test',
      virtual_mailbox_base: join(folder, 'mail'),
      virtual_mailbox_maps: 'inline:{ anna@parliament.test=anna/ }',
      virtual_uid_maps: `static:${owner}`,
      virtual_gid_maps: `static:${owner}`,
      virtual_minimum_uid: '1',
      delay_warning_time: '1s',
      queue_run_delay: '1s',
      minimal_backoff_time: '1s',
      maximal_backoff_time: '2s',
    })
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  );
  const etc = join(folder, 'etc');
  run('postfix', ['-c', etc, 'start']);
  await until('Postfix answers', () => answers(port));
  return {
    url: `smtp://127.0.0.1:${port}`,
    mailbox: async (name) => {
      const fresh = join(folder, 'mail', name, 'new');
      const files = await readdir(fresh).catch(() => []);
      return Promise.all(files.toSorted().map((file) => readFile(join(fresh, file))));
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    stop: () => {
      run('postfix', ['-c', etc, 'stop']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Postfix's test server, which misbehaves as its options say (smtp-sink(1)); `mails` are those it took whole, with its notes at the head. */
export async function startSmtpSink(
  options: string[],
): Promise<{ url: string; mails: () => Promise<string[]>; stop: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-smtp-sink-'));
  chmodSync(folder, 0o777);
  const port = await freePort();
  const sink: ChildProcess = spawn(
    join(programs, 'smtp-sink'),
    ['-4', '-u', 'nobody', '-d', join(folder, 'mail.'), ...options, `127.0.0.1:${port}`, '10'],
    { stdio: 'ignore' },
  );
  await until('smtp-sink listens', () => answers(port));
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails: async () => {
      const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => null);
      return (await Promise.all((await readdir(folder)).map(read))).filter((text) => text !== null);
    },
    stop: () => {
      sink.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const answers = (port: number) =>
  new Promise<boolean>((told) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), told(true)));
    socket.once('error', () => told(false));
  });
