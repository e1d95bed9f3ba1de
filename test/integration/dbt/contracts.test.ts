import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { runCommand, type CommandResult } from '../../support/command';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { contractsFolder, makeEmptyMarts } from '../../support/metabase/marts';
import { services } from '../../support/services';

let database: FreshDatabase;
let contracts: string;

beforeEach(async () => {
  database = await freshDatabase((await services()).warehouse, 'contracts');
  contracts = await mkdtemp(path.join(tmpdir(), 'ewallet-contracts-'));
  await cp(contractsFolder, contracts, { recursive: true });
});

afterEach(async () => {
  await database.drop();
  await rm(contracts, { recursive: true, force: true });
});

/** Takes a column out of the copied contract, as an analyst who drops it from the model has to. */
async function removeColumn(mart: string, column: string): Promise<void> {
  const files = await readdir(contracts, { recursive: true });
  const file = path.join(contracts, files.find((name) => path.basename(name) === `${mart}.yml`) ?? mart);
  const before = await readFile(file, 'utf8');
  const after = before.replace(new RegExp(`      - name: ${column}\\n(        .*\\n)*`), '');
  expect(after).not.toBe(before);
  await writeFile(file, after);
}

/** Validates the dashboards on marts that have what the copied contracts promise and no more. */
async function validate(): Promise<CommandResult> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await makeEmptyMarts(client, contracts);
  } finally {
    await client.end();
  }
  return runCommand('ewallet-dashboards', ['validate', '--contracts', contracts], {
    env: { EWALLET_WAREHOUSE_URL: database.url },
  });
}

const faultsIn = ({ stdout }: CommandResult) => stdout.split('\n').filter((line) => line.startsWith('questions/'));

test('every card runs on what the contracts promise', async () => {
  const result = await validate();
  expect({ code: result.code, faults: faultsIn(result) }).toEqual({ code: 0, faults: [] });
  expect(result.stdout).toMatch(/^Valid: .* questions, .*; [1-9]\d* queries answered\.$/m);
});

const gone = (column: string) =>
  `column ${column} does not exist. The column is gone or was renamed: refresh the schema. ` +
  `(SQLSTATE 42703: column ${column} does not exist)`;

test('a card that reads a column which left its contract fails, with its name and the column', async () => {
  await removeColumn('activation_funnel', 'conversion_from_signup');
  const result = await validate();
  expect(result.code).toBe(1);
  expect(faultsIn(result)).toEqual([
    `questions/activation-by-month.json: the SQL without filters fails: ${gone('"conversion_from_signup"')}`,
    `questions/activation-by-month.json: the SQL with filter "date" fails: ${gone('"conversion_from_signup"')}`,
  ]);
});

test('a card that filters by a column which left its contract fails, with its name and the filter', async () => {
  await removeColumn('failure_reasons', 'channel');
  const result = await validate();
  expect(result.code).toBe(1);
  expect(faultsIn(result).filter((line) => line.startsWith('questions/failure-reasons.json'))).toEqual([
    'questions/failure-reasons.json: tag "channel": marts.failure_reasons.channel is in no dbt contract',
    `questions/failure-reasons.json: the SQL with filter "channel" fails: ${gone('failure_reasons.channel')}`,
    `questions/failure-reasons.json: the SQL with every filter fails: ${gone('failure_reasons.channel')}`,
  ]);
});
