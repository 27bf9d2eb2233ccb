import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config/root.js';
import type { SourceFile } from '../../src/lawmakers/importers/source-file.js';

export const sourceOf = (name: string, content: string | Uint8Array): SourceFile => ({
  name,
  bytes: typeof content === 'string' ? Buffer.from(content) : content,
});

export function fixture(name: string): SourceFile {
  return sourceOf(name, readFileSync(join(projectRoot, 'test/fixtures/lawmakers', name)));
}

export function folder(path: string): SourceFile[] {
  return readdirSync(path)
    .sort()
    .map((name) => sourceOf(name, readFileSync(join(path, name))));
}

/** Real files may lie beside the repository; where they do not, the tests that read them are skipped and say why. */
const shared = process.env.SHARED_DATA ?? join(projectRoot, '../shared/data');
export const realFile = (name: string) => join(shared, name);
export const testRealFiles = (name: string, work: () => unknown) =>
  existsSync(shared)
    ? test(name, async () => void (await work()))
    : test.skip(`${name} (skipped: no real files in SHARED_DATA or ../shared/data)`, () => undefined);
