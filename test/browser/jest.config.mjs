import { join } from 'node:path';
import { base } from '../../jest.config.mjs';

export default {
  ...base,
  roots: ['<rootDir>/test/browser'],
  testMatch: ['**/*.test.ts'],
  globalSetup: join(base.rootDir, 'test/support/global-setup.ts'),
  globalTeardown: join(base.rootDir, 'test/support/global-teardown.ts'),
  // One browser and one application at a time: a small machine has no room for more.
  maxWorkers: 1,
  testTimeout: 300_000,
};
