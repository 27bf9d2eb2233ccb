import { join } from 'node:path';
import { base } from '../../jest.config.mjs';

export default {
  ...base,
  roots: ['<rootDir>/test/browser'],
  testMatch: ['**/*.test.ts'],
  globalSetup: join(base.rootDir, 'test/support/global-setup.ts'),
  globalTeardown: join(base.rootDir, 'test/browser/support/global-teardown.ts'),
  // Two browsers, each with an application of its own: much of the time one of them waits.
  maxWorkers: 2,
  testTimeout: 300_000,
};
