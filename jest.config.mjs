import { availableParallelism } from 'node:os';

// Everything is compiled to CommonJS, ESM-only packages included: no node flags, the same on Node 20, 22 and 24.
const esmOnly = [
  '@electric-sql',
  'age-encryption',
  'altcha-lib',
  '@noble',
  '@scure',
  '@nestjs',
  '@borewit',
  '@tokenizer',
  'cookie',
  '@fastify/(cookie|static|compress|helmet|etag|multipart)',
  'file-type',
  'load-esm',
  'strtok3',
  'token-types',
  'uid',
  'uint8array-extras',
  'uuid',
  'intl-messageformat',
  '@formatjs',
  'd3-[a-z-]+',
  'internmap',
  'markdown-it',
  'linkify-it',
  'mdurl',
  'uc\\.micro',
  'entities',
  'punycode\\.js',
  'content-disposition',
  'postal-mime',
  'temporal-[a-z]+',
  'hucre',
  'client-zip',
  'openid-client',
  'oauth4webapi',
  'jose',
];

export const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  transform: {
    '\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  testTimeout: 60_000,
};

export default {
  ...base,
  // In a single process, jest keeps every module of every file.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/test/browser/', '/test/bench/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
