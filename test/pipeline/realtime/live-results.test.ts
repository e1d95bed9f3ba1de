import { controlKeySchema, controlValueSchema, frame, SchemaRegistry } from '@ewallet/avro';
import { Type } from 'avsc';
import { Kafka, logLevel } from 'kafkajs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { commandPath, runCommand, type CommandResult } from '../../support/command';
import { destinationConfig, sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

/** A loaded machine starts a Flink cluster in minutes, a quiet one in 20 s. */
jest.setTimeout(900_000);
const PATIENCE_MS = 420_000;

let dir: string;
let wallet: FreshDatabase;
let client: Client;
let topics: string;

const write = (name: string, content: unknown): Promise<void> =>
  writeFile(path.join(dir, name), JSON.stringify(content));

const realtime = (command: string, ...more: readonly string[]): Promise<CommandResult> =>
  runCommand('ewallet-realtime', [command, '--config', path.join(dir, 'realtime.json'), ...more], {
    timeoutMs: PATIENCE_MS,
  });

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-realtime-'));
  const stack = await services();
  wallet = await freshDatabase(stack.source, 'realtime');
  client = await connectedTo(wallet);
  topics = uniqueName('live');
  await write('sync.json', {
    name: topics,
    source: { command: [commandPath('source-ewallet')], config: sourceConfig(wallet) },
    destination: {
      command: [commandPath('destination-kafka')],
      config: destinationConfig(stack, `${topics}.{stream}`),
    },
  });
  await write('realtime.json', {
    bootstrap_servers: stack.kafka.bootstrapServers,
    schema_registry: { url: stack.schemaRegistry.url },
    topic_pattern: `${topics}.{stream}`,
    topic_prefix: `${topics}.realtime`,
    topic_partitions: 2,
    products: ['minute_volumes', 'wallet_velocity'],
    directory: 'cluster',
    wallet: { 'connection.url': wallet.url },
  });
});

afterAll(async () => {
  await realtime('down');
  await client.end();
  await wallet.drop();
  await rm(dir, { recursive: true, force: true });
});

async function sync(): Promise<void> {
  const result = await runCommand('ewallet-sync', ['run', '--once', '--config', path.join(dir, 'sync.json')], {
    cwd: dir,
  });
  expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({ code: 0, stderr: '' });
}

/** Results equal plain SQL over the e-wallet, once what is on its way has come. */
async function expectEqual(): Promise<void> {
  const counts = await client.query<{ minutes: string; windows: string }>(`
    select count(distinct (date_trunc('minute', created_at), type, status, currency)) as minutes,
      (select count(*) from (
        select 1 from transactions, generate_series(0, 1) back where type in ('transfer', 'payment', 'withdrawal')
        group by source_wallet_id, date_bin('5 minutes', created_at, '2000-01-01Z') - back * interval '5 minutes'
        having count(*) >= 2) as windows) as windows
    from transactions`);
  const { minutes, windows } = counts.rows[0]!;
  const result = await realtime('verify', '--settle', '180');
  expect(result.stdout).toBe(`minute_volumes: ${minutes} rows, equal\nwallet_velocity: ${windows} rows, equal\n`);
  expect(result.code).toBe(0);
}

async function enginePids(): Promise<Readonly<Record<string, number>>> {
  const state = JSON.parse(await readFile(path.join(dir, 'cluster', 'cluster.json'), 'utf8')) as {
    services: readonly { name: string; process: { pid: number } }[];
  };
  return Object.fromEntries(state.services.map(({ name, process: { pid } }) => [name, pid]));
}

const isAlive = async (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (line) => line !== '',
    () => false,
  );

/** What the destination writes when an overwrite is complete: no row, and its key has no id. */
async function produceControlRecord(topic: string): Promise<void> {
  const stack = await services();
  const registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
  const producer = new Kafka({
    brokers: [stack.kafka.bootstrapServers],
    logLevel: logLevel.NOTHING,
  }).producer();
  try {
    const encode = async (subject: string, schema: unknown, value: unknown): Promise<Buffer> =>
      frame(
        await registry.register(`${topics}.${subject}`, schema),
        Type.forSchema(schema as Parameters<typeof Type.forSchema>[0]).toBuffer(value),
      );
    await producer.connect();
    await producer.send({
      topic,
      messages: [
        {
          key: await encode('control-key', controlKeySchema, { control: 'generation_complete' }),
          value: await encode('control-value', controlValueSchema, {
            control: 'generation_complete',
            generation_id: 0,
            completed_at: 0,
          }),
          headers: { control: 'generation_complete' },
        },
      ],
    });
  } finally {
    await producer.disconnect();
    registry.close();
  }
}

test('live results equal SQL over the e-wallet, over late and changed rows, kills, and a stop with a savepoint', async () => {
  const seeded = await runCommand('ewallet-simulator', [
    ...['seed', '--database-url', wallet.url, '--rows', '3000', '--seed', '20'],
  ]);
  expect(seeded.code).toBe(0);

  const early = await realtime('up', '--detach');
  expect(early.code).toBe(2);
  expect(early.stderr).toContain(`Topic ${topics}.transactions has no schema in the registry`);

  await sync();
  const up = await realtime('up', '--detach');
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  expect(up.stderr).toContain('running after');
  await expectEqual();

  // Changed rows, rows that are sent twice, rows that come late, and rows of a far future; a worker dies meanwhile.
  const before = await enginePids();
  process.kill(before.TaskManager!, 'SIGKILL');
  await client.query(`
    update transactions set status = 'failed', failure_reason = 'other', settled_at = now(), updated_at = now()
      where id in (select id from transactions where status = 'completed' order by id limit 50);
    update transactions set updated_at = now() where id between 1000 and 1100;
    insert into transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, fee, channel, created_at, updated_at)
      select type, 'pending', source_wallet_id, destination_wallet_id, currency, 0.0001, 1234567890123456.7891, channel, created_at + day * interval '400 days', now()
      from transactions, (values (-1), (0), (30)) days (day) where id <= 20`);
  await produceControlRecord(`${topics}.transactions`);
  await sync();
  await expectEqual();
  const after = await enginePids();
  expect(after.TaskManager).not.toBe(before.TaskManager);

  // Both processes die at once: the job continues from its newest checkpoint.
  process.kill(after.JobManager!, 'SIGKILL');
  process.kill(after.TaskManager!, 'SIGKILL');
  await client.query('update transactions set amount = amount + 1, updated_at = now() where id between 200 and 260');
  await sync();
  await expectEqual();
  const status = await eventually(
    async () => {
      const answer = await realtime('status', '--json');
      expect(answer.code).toBe(0);
      return JSON.parse(answer.stdout) as Record<string, unknown>;
    },
    { timeoutMs: 120_000 },
  );
  expect(status).toMatchObject({ healthy: true, state: 'RUNNING', all_tasks_running: true, troubles: [] });
  expect(await readFile(path.join(dir, 'cluster', 'supervisor.log'), 'utf8')).toContain('continues from');

  const stopped = await realtime('stop');
  expect(stopped.stdout).toContain('/savepoints/savepoint-');
  expect(stopped.code).toBe(0);
  for (const pid of Object.values(await enginePids())) expect(await isAlive(pid)).toBe(false);
  const standing = await realtime('status');
  expect(standing.code).toBe(1);
  expect(standing.stdout).toBe(
    `JobManager and TaskManager of ${path.join(dir, 'cluster')} are down; "ewallet-realtime up" starts them again\n`,
  );

  // What came while it stood still is taken in, once, by the run that continues.
  await client.query(
    "update transactions set status = 'completed', settled_at = now(), updated_at = now() where status = 'pending'",
  );
  await sync();
  const resumed = await realtime('up', '--detach');
  expect(resumed.code).toBe(0);
  expect(resumed.stderr).toContain(`continues from ${stopped.stdout.trim().replace(/^file:/, '')}`);
  await expectEqual();

  // A wrong row in the e-wallet's own words: verify names it.
  await client.query('delete from transactions where id = 500');
  const wrong = await realtime('verify', '--settle', '0');
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toMatch(/^minute_volumes: \d+ rows, [1-9]\d* differ\n {2}(extra|different): minute=\d+ type=/);

  const down = await realtime('down');
  expect(down).toMatchObject({ code: 0, stderr: `ended what ran from ${path.join(dir, 'cluster')}\n` });
  for (const pid of Object.values(await enginePids())) expect(await isAlive(pid)).toBe(false);
});
