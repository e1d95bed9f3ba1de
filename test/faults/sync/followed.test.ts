import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack, type RunningStack } from '@ewallet/local-stack';
import { destinationConfig, sourceConfig } from '../../support/configurations';
import { committedRecords } from '../../support/destination/committed-records';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { FollowProcess } from '../../support/sync/follow-process';

jest.setTimeout(300_000);

let directory: string;
let stackDirectory: string;
let stack: RunningStack;
let running: FollowProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-followed-'));
  // PostgreSQL runs as its own user and cannot pass through a directory of root's.
  stackDirectory = await mkdtemp(path.join(tmpdir(), 'ewallet-followed-stack-'));
  stack = await startStack({ dir: stackDirectory, only: ['source', 'kafka', 'schemaRegistry'] });
});

afterAll(async () => {
  await running?.end();
  await stack.stop();
  for (const one of [directory, stackDirectory]) await rm(one, { recursive: true, force: true });
});

async function run(sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = await connectedTo(stack.connections.source);
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}

async function landedIds(): Promise<ReadonlySet<number>> {
  const { kafka, schemaRegistry } = stack.connections;
  const records = await committedRecords({ brokers: [kafka.bootstrapServers] }, schemaRegistry.url, 'followed.trades');
  return new Set(records.map(({ value }) => Number((value as { id: number | bigint }).id)));
}

test('a restarted e-wallet server and a killed broker are waited for, and every change arrives', async () => {
  await run('create table trades (id bigserial primary key, what text)');
  await run('create publication wallet for all tables');
  const config = path.join(directory, 'sync.json');
  await writeFile(
    config,
    JSON.stringify({
      source: {
        config: sourceConfig(stack.connections.source, {
          replication_method: {
            method: 'CDC',
            replication_slot: 'wallet',
            publication: 'wallet',
            slot_creation: 'if_missing',
          },
        }),
      },
      destination: { config: destinationConfig(stack.connections, 'followed.{stream}') },
      backoff_seconds: 0.5,
    }),
  );
  await run(`insert into trades (what) values ('copied')`);
  const process = (running = FollowProcess.start(config));
  await process.follows();
  await run(`insert into trades (what) select 'before' from generate_series(1, 100)`);

  const source = stack.service('source');
  const stopped = performance.now();
  // A fast shutdown waits until what was streamed is confirmed: states come at once for it.
  await source.stop();
  expect(performance.now() - stopped).toBeLessThan(20_000);
  await source.start();
  await run(`insert into trades (what) select 'restarted' from generate_series(1, 100)`);
  await eventually(async () => {
    expect((await landedIds()).size).toBe(201);
  });

  const kafka = stack.service('kafka');
  await kafka.kill();
  await run(`insert into trades (what) select 'without a broker' from generate_series(1, 100)`);
  await kafka.start();
  await run(`insert into trades (what) select 'after' from generate_series(1, 100)`);
  await eventually(async () => {
    expect((await landedIds()).size).toBe(401);
  });
  process.kill('SIGTERM');
  expect((await process.ended()).code).toBe(0);
});
