import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { projectRoot as root } from '../../src/config/root.js';

const lock = join(root, 'node_modules/.countersign-build.lock');

/** Builds dist/ if it is missing or older than the sources; test files that run at once wait for each other. */
export async function build(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Left behind by a build that was killed.
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 180_000)
        rmSync(lock, { recursive: true, force: true });
      await sleep(200);
    }
  }
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build-if-needed.mjs'], {
      cwd: root,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The build failed:\n${stdout}${stderr}`);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  return new Promise((found, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => found(port));
    });
  });
}

/** Asks again until there is an answer that is not null, undefined or false. @throws Error naming `what` when time is up */
export async function until<T>(
  what: string,
  attempt: () => Promise<T>,
  seconds = 60,
): Promise<Exclude<NonNullable<T>, false>> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await attempt();
    if (found) return found as Exclude<NonNullable<T>, false>;
    if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what}`);
    await sleep(150);
  }
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The built server as a process of its own, as `npm start` runs it. */
export class Server {
  output = '';
  readonly ended: Promise<Ended>;

  private constructor(
    readonly child: ChildProcess,
    readonly address: string,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    this.ended = new Promise((done) => child.once('close', (code, signal) => done({ code, signal })));
  }

  /** Starts the process, with as much memory as `npm start` gives it, and waits for nothing. */
  static async spawn(environment: Record<string, string | undefined>, args = ['start']): Promise<Server> {
    const port = environment.PORT ?? String(await freePort());
    const address = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, ['--max-old-space-size=512', 'dist/src/cli.js', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: port, PUBLIC_URL: address, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Server(child, address);
  }

  /** Starts the process and waits until it can do its work. */
  static async start(environment: Record<string, string | undefined>, args?: string[]): Promise<Server> {
    const server = await Server.spawn(environment, args);
    const isReady = async () => {
      if (server.child.exitCode !== null) throw new Error('it stopped');
      return server.fetch('/health/ready').then(
        (answer) => answer.ok,
        () => false,
      );
    };
    try {
      await until('the server is ready', isReady, 120);
    } catch (error) {
      await server.stop('SIGKILL');
      throw new Error(`The server did not start: ${(error as Error).message}\n${server.output}`, { cause: error });
    }
    return server;
  }

  fetch(path: string, options: RequestInit = {}): Promise<Response> {
    return fetch(this.address + path, { signal: AbortSignal.timeout(30_000), ...options });
  }

  async json<T>(path: string, options?: RequestInit): Promise<T> {
    return (await this.fetch(path, options)).json() as Promise<T>;
  }

  /** Signs by JSON. @returns the status of the answer */
  async sign(slug: string, person: { name: string; email: string }): Promise<number> {
    const answer = await this.fetch(`/api/v1/petitions/${slug}/signatures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...person, country: 'DE', locale: 'en', consents: { sign: true } }),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** Presses the button of the link. @returns the status of the answer */
  async confirm(token: string): Promise<number> {
    const answer = await this.fetch(`/api/v1/confirmations/${token}`, { method: 'PUT' });
    await answer.arrayBuffer();
    return answer.status;
  }

  async count(slug: string): Promise<number> {
    return (await this.json<{ count: number }>(`/api/v1/petitions/${slug}/count.json`)).count;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), 60_000);
    return this.ended.finally(() => clearTimeout(late));
  }
}

/** Reads the built-in inbox from its files: whom each confirmation went to, and the token of its link. */
export class Inbox {
  private readonly known = new Map<string, { to: string; token: string | undefined }>();

  constructor(private readonly dataDir: string) {}

  async mails(): Promise<{ to: string; token: string | undefined }[]> {
    const folder = join(this.dataDir, 'inbox');
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names.filter((each) => each.endsWith('.eml') && !this.known.has(each))) {
      const mail = await PostalMime.parse(await readFile(join(folder, name)));
      const token = /\/confirm\/([^\s/?#"<>]+)/.exec(mail.text ?? '')?.[1];
      this.known.set(name, { to: mail.to?.[0]?.address ?? '', token });
    }
    return [...this.known.values()];
  }
}
