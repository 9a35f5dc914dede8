import project from '../../jest.config.mjs';

const { coverageThreshold, collectCoverageFrom, ...shared } = project;

// biome-ignore lint/style/noDefaultExport: Jest asks for one
export default {
  ...shared,
  rootDir: '../..',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/shared/s3-store.test.ts', '<rootDir>/test/aws/*.aws-test.ts'],
  globalSetup: '<rootDir>/test/aws/global-setup.ts',
  testTimeout: 240_000,
};
