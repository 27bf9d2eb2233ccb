import 'reflect-metadata';
import Module from 'node:module';

/** Jest maps './x.js' to './x.ts' in tests only; here the same is done for what the set-up itself loads. */
const resolver = Module as unknown as { _resolveFilename: (request: string, ...more: unknown[]) => string };
const resolve = resolver._resolveFilename;
resolver._resolveFilename = function (request, ...more) {
  try {
    return resolve.call(this, request, ...more);
  } catch (error) {
    if (!request.startsWith('.') || !request.endsWith('.js')) throw error;
    return resolve.call(this, request.replace(/\.js$/, '.ts'), ...more);
  }
};

/** DATABASE_URL chooses the PostgreSQL to test on; every test gets databases of its own made there. */
export default async function setUp(): Promise<void> {
  process.env.TEST_DATABASE_URL = process.env.DATABASE_URL ?? '';
  delete process.env.DATABASE_URL;
  const { makeTemplate } = await import('./database.js');
  process.env.TEST_TEMPLATE = await makeTemplate();
}
