import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { TEST_PYTHON } from '../../support/airbyte-models';
import { commandPath, PROJECT_ROOT, runCommand } from '../../support/command';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

jest.setTimeout(240_000);

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'standard');
  const seeded = await runCommand('ewallet-simulator', ['seed', '--database-url', database.url, '--rows', '100']);
  expect(seeded.code).toBe(0);
});
afterAll(async () => {
  await database.drop();
});

test("airbyte-cdk's standard tests for sources pass, with a configuration that works and with one that does not", () => {
  const { host, port, username, password } = database;
  const config = { host, port, database: database.database, username, password, schemas: ['public'] };
  const { error, status, stdout, stderr } = spawnSync(
    TEST_PYTHON,
    [path.join(__dirname, '../../support/airbyte_standard_tests.py')],
    {
      input: JSON.stringify({
        executable: commandPath('source-ewallet'),
        root: path.join(PROJECT_ROOT, 'source-ewallet'),
        config,
        wrong: { ...config, password: 'a-wrong-secret' },
      }),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the standard tests could not run:\n${stderr.slice(-4000)}`);
  const names = ['test_check', 'test_discover', 'test_basic_read', 'test_fail_read_with_bad_catalog'];
  const expected = names.flatMap((name) => [
    [`${name}['works' Test Scenario]`, 'passed'],
    // They do not ask what a discovery that fails should say.
    [`${name}['fails' Test Scenario]`, name === 'test_discover' ? 'skipped' : 'passed'],
  ]);
  expect(JSON.parse(stdout)).toEqual({
    outcomes: Object.fromEntries([['test_spec', 'passed'], ...expected]) as unknown,
    failures: [],
  });
});
