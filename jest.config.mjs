const threshold = { statements: 90, lines: 90, functions: 90, branches: 80 };

// biome-ignore lint/style/noDefaultExport: Jest asks for one
export default {
  roots: ['<rootDir>/bin', '<rootDir>/lambdas', '<rootDir>/lib', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/bench/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/typescript-transformer.mjs' },
  setupFiles: ['<rootDir>/test/support/one-realm.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/count-reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 60_000,
  coverageProvider: 'v8',
  coverageReporters: [['text', { skipFull: true }], 'lcov'],
  collectCoverageFrom: ['{bin,lambdas,lib}/**/*.ts'],
  coverageThreshold: { './lambdas/': threshold },
};
