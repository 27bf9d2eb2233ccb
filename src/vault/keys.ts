import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { makeKeyFile, readKeyFile } from './key-file.js';

/**
 * One file per purpose in DATA_DIR/keys, 32 random bytes each, readable by the owner only, never in the database.
 * Processes that share the folder agree on a new key.
 */
export class Keys {
  private readonly known = new Map<string, Buffer>();

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** The key of this name, made on first use. */
  get(name: string): Buffer {
    return this.find(name) ?? this.make(name);
  }

  /** The key of this name, or null if there is none. Read once: this stands before every link. */
  find(name: string): Buffer | null {
    const known = this.known.get(name);
    if (known) return known;
    const key = readKeyFile(join(this.folder, name));
    return key && this.remember(name, key);
  }

  names(): string[] {
    return readdirSync(this.folder);
  }

  touchedAt(name: string): Date {
    return statSync(join(this.folder, name)).mtime;
  }

  touch(name: string): void {
    utimesSync(join(this.folder, name), new Date(), new Date());
  }

  /** Deletes the keys that are past their time: what they sealed cannot be opened again. */
  forget(isPast: (name: string) => boolean): void {
    for (const name of this.names().filter(isPast)) rmSync(join(this.folder, name), { force: true });
    this.letGo(isPast);
  }

  /** From memory alone: the file is read again, if it is still there. */
  letGo(isPast: (name: string) => boolean): void {
    for (const name of [...this.known.keys()].filter(isPast)) this.known.delete(name);
  }

  private make(name: string): Buffer {
    return this.remember(name, makeKeyFile(join(this.folder, name), randomBytes(32)));
  }

  private remember(name: string, key: Buffer): Buffer {
    if (key.length !== 32) throw new Error(`The key ${name} in ${this.folder} is damaged: restore it from a backup.`);
    this.known.set(name, key);
    return key;
  }
}
