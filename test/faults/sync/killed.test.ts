import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import { Kafka, logLevel } from 'kafkajs';
import { Random } from '../../../tools/demo/src/simulator/random';
import { commandPath, runCommand } from '../../support/command';
import { destinationConfig, sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services, type StackConnections } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

const KILLS = process.env.EWALLET_LONG === '1' ? 30 : 3;
const seed = Number(process.env.EWALLET_SEED ?? Date.now() % 1_000_000);

let stack: StackConnections;
let database: FreshDatabase;
let directory: string;

beforeAll(async () => {
  stack = await services();
  database = await freshDatabase(stack.source, 'sync');
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-sync-test-'));
});

afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

test('ewallet-sync killed with SIGKILL at random moments, while the wallet trades, loses no row version', async () => {
  console.log(`seed ${seed}: EWALLET_SEED=${seed} repeats the moments`);
  const prefix = uniqueName('killed');
  const config = await configure(prefix);
  await simulator('seed', '--rows', '5000');
  const trader = spawn(commandPath('ewallet-simulator'), ['trade', '--database-url', database.url, '--rate', '40']);
  const traded = once(trader, 'close');
  const random = new Random(seed, 1);
  for (let kill = 0; kill < KILLS; kill++) {
    const sync = spawn(commandPath('ewallet-sync'), ['run', '--config', config]);
    const closed = once(sync, 'close');
    await Promise.race([sleep(random.between(500, 6_000)), closed]);
    sync.kill('SIGKILL');
    await closed;
  }
  trader.kill('SIGTERM');
  expect(await traded).toEqual([0, null]);
  const last = await runCommand('ewallet-sync', ['run', '--config', config], { timeoutMs: 300_000 });
  expect({ code: last.code, log: last.code === 0 ? '' : last.stderr }).toEqual({ code: 0, log: '' });
  expect(await landedTransactions(`${prefix}.transactions`)).toEqual(await transactions());
}, 300_000);

async function configure(prefix: string): Promise<string> {
  const file = path.join(directory, 'sync.json');
  const config = {
    state_directory: 'state',
    source: { config: sourceConfig(database) },
    destination: { config: destinationConfig(stack, `${prefix}.{stream}`) },
    backoff_seconds: 1,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

async function simulator(command: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runCommand('ewallet-simulator', [command, '--database-url', database.url, ...args]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

/** Every transaction as `id status amount fee`, in order of id. */
async function transactions(): Promise<string[]> {
  const client = await connectedTo(database);
  try {
    const { rows } = await client.query<{ line: string }>(
      `select concat_ws(' ', id, status, amount, fee) as line from transactions order by id`,
    );
    return rows.map(({ line }) => line);
  } finally {
    await client.end();
  }
}

/** The last version of each transaction that a read-committed consumer finds, in the same form. */
async function landedTransactions(topic: string): Promise<string[]> {
  const kafka = new Kafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING });
  const registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
  const values = new FramedReader(registry);
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: uniqueName('reader') });
  const latest = new Map<number, string>();
  await admin.connect();
  await consumer.connect();
  try {
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            for (const { value } of batch.messages) {
              if (value === null) continue;
              const row = (await values.read(value)) as Record<string, number | string>;
              latest.set(Number(row.id), `${row.id} ${row.status} ${row.amount} ${row.fee}`);
            }
            // The last offsets of a partition are its transactions' markers, which no consumer is given.
            const end = ends.get(batch.partition) ?? 0n;
            if (BigInt(batch.lastOffset()) + 2n >= end) ends.delete(batch.partition);
            if (ends.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
    await admin.disconnect();
    registry.close();
  }
  return [...latest].sort(([left], [right]) => left - right).map(([, line]) => line);
}
