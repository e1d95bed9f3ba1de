import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { warehouseEnvironment } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { pipelineFindings } from '../../support/pipeline/pipeline-status';
import { walk, type Ground } from '../../support/pipeline/remedy';
import { services } from '../../support/services';
import { dbtOn } from './run-dbt';
import { createWallet, land } from './wallet-data';

jest.setTimeout(600_000);

/** What `ewallet-pipeline status` finds of dbt, mended by what docs/troubleshooting.md tells, on tables without their rows. */
let directory: string;
let database: FreshDatabase;
let client: Client;
let dbt: Awaited<ReturnType<typeof dbtOn>>;

const EMPTY = { DBT_EMPTY: '1', DBT_EXCLUDE_RESOURCE_TYPES: 'unit_test' };

const ground = (): Ground => ({
  directory,
  env: {
    ...EMPTY,
    ...warehouseEnvironment(database),
    DBT_TARGET_PATH: dbt.targetPath,
    DBT_LOG_PATH: path.join(dbt.targetPath, 'logs'),
  },
});

async function found(): Promise<readonly string[]> {
  return pipelineFindings(path.join(directory, 'pipeline.json'));
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-dbt-remedies-'));
  database = await freshDatabase((await services()).warehouse, 'dbt');
  client = await connectedTo(database);
  dbt = await dbtOn(database);
  await createWallet(client);
  await land(client, '2026-06-01T00:00:00Z');
  await writeFile(path.join(directory, 'pipeline.json'), JSON.stringify({ dbt: { target: dbt.targetPath } }));
});

afterAll(async () => {
  await client.end();
  await database.drop();
  await rm(directory, { recursive: true });
});

test('where dbt has not run, a build mends it: with --empty too, which reads no row of what is landed', async () => {
  expect(await found()).toEqual(['dbt-unknown']);
  await walk('dbt-unknown', ground());
  expect(await found()).toEqual([]);
  const { rows } = await client.query<{ wallets: number; landed: boolean }>(
    'select (select count(*)::int from marts.dim_wallets) as wallets, exists (select from raw.wallets) as landed',
  );
  expect(rows).toEqual([{ wallets: 0, landed: true }]);
});

test('what failed is run again once it is mended, with what waited behind it', async () => {
  await client.query('alter table raw.users rename column country to elsewhere');
  expect((await dbt.run(['run', '--select', '+dim_users'], {}, EMPTY)).code).toBe(1);
  expect(await found()).toEqual(['dbt-failed']);
  await client.query('alter table raw.users rename column elsewhere to country');
  await walk('dbt-failed', ground());
  expect(await found()).toEqual([]);
});

test('a build that is late is run: an increment on marts without a row', async () => {
  const file = path.join(dbt.targetPath, 'run_results.json');
  const results = JSON.parse(await readFile(file, 'utf8')) as { metadata: Record<string, unknown> };
  results.metadata.generated_at = new Date(Date.now() - 3 * 86_400_000).toISOString();
  await writeFile(file, JSON.stringify(results));
  expect(await found()).toEqual(['dbt-late']);
  await walk('dbt-late', ground());
  expect(await found()).toEqual([]);
});

test('sources that are late are asked again once rows reach raw', async () => {
  expect((await dbt.run(['source', 'freshness'])).code).toBe(1);
  expect(await found()).toEqual(['dbt-stale']);
  for (const table of ['wallets', 'transactions', 'user_activity'])
    await client.query(`update raw.${table} set _loaded_at = now()`);
  await walk('dbt-stale', ground());
  expect(await found()).toEqual([]);
});
