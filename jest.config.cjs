/**
 * Suites, cheapest first. Tests are TypeScript, transpiled file by file (types are checked by `npm run types`); workspace
 * packages are taken from their build, as users get them, so `npm run build` comes first (`npm test` does it).
 */
const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: 'test/tsconfig.json', diagnostics: false }],
  },
  // The cache holds PostgreSQL's other majors: packages of one name, between which jest would not choose.
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/\\.cache/'],
  rootDir: __dirname,
};
const services = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
const suite = (name, more = {}) => ({
  ...base,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  ...more,
});

module.exports = {
  projects: [
    suite('unit'),
    suite('integration', services),
    suite('protocol', services),
    suite('pipeline', services),
    suite('faults', services),
    suite('images', services),
  ],
};
