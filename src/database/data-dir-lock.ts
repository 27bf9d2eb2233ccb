import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Somebody else works on this folder. */
export class DataDirInUse extends Error {}

/**
 * One process per embedded database: two would write over each other's files. The lock is a listening socket, which the
 * system itself takes away when the process dies, however it dies; a dead socket file is recognised and replaced.
 * @throws DataDirInUse with a sentence for the person at the keyboard
 */
export async function lockDataDir(folder: string): Promise<Server> {
  const inFolder = join(folder, 'in-use.sock');
  // The system limits socket paths to about 100 bytes.
  const short = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  const path =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\countersign-${short}`
      : Buffer.byteLength(inFolder) < 100
        ? inFolder
        : join(tmpdir(), `countersign-${short}.sock`);
  const listen = () =>
    new Promise<Server>((done, fail) => {
      const server = createServer((socket) => socket.destroy());
      server.once('error', fail);
      server.listen(path, () => done(server.unref()));
    });
  const alive = () =>
    new Promise<boolean>((done) => {
      const socket = connect(path, () => (socket.destroy(), done(true)));
      socket.once('error', () => done(false));
    });
  try {
    return await listen();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (await alive()) {
      throw new DataDirInUse(`${folder} is in use by another Countersign process: stop it, or set DATABASE_URL.`);
    }
    rmSync(path, { force: true });
    return listen();
  }
}
