import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { expectEqualRows } from '../../support/audit/equal-rows';
import { PipelineCase } from '../../support/audit/pipeline-case';
import { PROJECT_ROOT } from '../../support/command';
import { FIGURES_OF_THE_MARTS, figuresBy } from '../mapping/figures';
import { compareMarts, setAside } from './compare-marts';
import { dbtOn, expectSuccess, SEEDS_AND_MODELS } from './run-dbt';

jest.setTimeout(600_000);

const EXAMPLE = path.join(PROJECT_ROOT, 'dbt', 'examples', 'another-wallet');
const ORACLE = path.join(PROJECT_ROOT, 'test', 'data', 'wallets', 'another-wallet', 'oracle.sql');
const FROM_THE_EXAMPLE = {
  EWALLET_DBT_SEEDS: path.relative(path.join(PROJECT_ROOT, 'dbt'), path.join(EXAMPLE, 'seeds')),
};
const TABLES = ['currency', 'holder', 'purse', 'shop', 'sign_in', 'transfer', 'transfer_step'];

/** What differs by the road alone: when rows came to the warehouse, and how long ago that is. */
const OF_THE_ROAD = [
  'fct_transactions.loaded_at',
  'reconciliation.checked_at',
  ...['latest_loaded_at', 'latest_extracted_at', 'average_load_delay_seconds', 'freshness_status'].map(
    (name) => `pipeline_health.${name}`,
  ),
];

let pipeline: PipelineCase;

beforeAll(async () => {
  pipeline = await PipelineCase.open({ schemas: ['purse_db'] });
});

afterAll(async () => {
  await pipeline.close();
});

async function script(name: string): Promise<string> {
  return readFile(path.join(EXAMPLE, name), 'utf8');
}

test('the worked example goes through Kafka row for row, and its marts equal its own figures and those by replica', async () => {
  await pipeline.source.query('create schema purse_db; set search_path = purse_db');
  for (const name of ['wallet.sql', 'data.sql']) await pipeline.source.query(await script(name));
  await pipeline.source.query(
    `create schema later; create table later.steps as select * from purse_db.transfer_step where step > 1;
    delete from purse_db.transfer_step where step > 1`,
  );
  pipeline.startSink();
  await pipeline.sync();
  const streams = TABLES.map((table) => `purse_db.${table}`);
  await expectEqualRows(pipeline, streams);
  await pipeline.target.query('set search_path = raw');
  await pipeline.target.query(await script('landed_transfer_with_state.sql'));
  for (const client of [pipeline.source, pipeline.target]) {
    await client.query(`reset search_path; set timezone = 'UTC'`);
  }

  const dbt = await dbtOn(pipeline.warehouse);
  const vars = parse(await script('vars.yml')) as Record<string, unknown>;
  const byKafka = { ...vars, ewallet_ingestion: 'kafka' };
  expectSuccess(await dbt.run([...SEEDS_AND_MODELS], byKafka, FROM_THE_EXAMPLE));
  const wallet = async () => figuresBy(pipeline.source, await readFile(ORACLE, 'utf8'));
  const marts = async () => figuresBy(pipeline.target, FIGURES_OF_THE_MARTS);
  // A transfer without its last step is pending, though its money has moved: balances are for the end to compare.
  const statuses = { 'transactions pending (USD)': '4', 'transactions completed (USD)': '2' };
  expect(await marts()).toMatchObject(statuses);
  expect(await wallet()).toMatchObject(statuses);

  // The steps that follow change no row of transfer: an incremental run takes them in by the view alone.
  await pipeline.source.query('insert into purse_db.transfer_step select * from later.steps');
  await pipeline.sync();
  await expectEqualRows(pipeline, streams);
  await pipeline.stopSink();
  expectSuccess(
    await dbt.run(
      ['build', '--exclude', 'test_type:unit'],
      { ...byKafka, strict_reconciliation: true, test_every_layer: true },
      FROM_THE_EXAMPLE,
    ),
  );
  const figures = await marts();
  expect(Object.keys(figures).length).toBeGreaterThan(20);
  expect(figures).toEqual(await wallet());

  await setAside(pipeline.target, 'kafka');
  await pipeline.target.query('create schema purse_db; set search_path = purse_db');
  for (const name of ['wallet.sql', 'transfer_with_state.sql', 'data.sql']) {
    await pipeline.target.query(await script(name));
  }
  await pipeline.target.query('reset search_path');
  expectSuccess(await dbt.run(['run'], vars, FROM_THE_EXAMPLE));
  const compared = await compareMarts(pipeline.target, 'kafka', OF_THE_ROAD);
  expect(compared.length).toBeGreaterThan(30);
  expect(compared.filter((line) => !line.endsWith(' 0 + 0 differ'))).toEqual([]);
});
