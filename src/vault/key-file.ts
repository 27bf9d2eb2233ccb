import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** @returns null if there is no such file */
export function readKeyFile(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Writes a key that there is not yet, readable by the owner only. Processes that share the folder agree: the file appears
 * whole or not at all, and the first one stays. @returns what stands there now
 */
export function makeKeyFile(file: string, bytes: Buffer): Buffer {
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  sync(dirname(file));
  return readKeyFile(file)!;
}

/** Waits until the names in a folder are on the disk: nothing may be sealed under a key that a power cut takes back. */
function sync(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
