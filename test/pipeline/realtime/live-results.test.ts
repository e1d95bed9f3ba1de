import { controlKeySchema, controlValueSchema, frame, SchemaRegistry } from '@ewallet/avro';
import { Type } from 'avsc';
import { Kafka, logLevel } from 'kafkajs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
import { RealtimeCase } from '../../support/realtime/realtime-case';
import { services } from '../../support/services';

jest.setTimeout(900_000);

let live: RealtimeCase;

beforeAll(async () => {
  live = await RealtimeCase.open('realtime', (wallet) => ({
    topic_partitions: 2,
    products: ['minute_volumes', 'wallet_velocity'],
    wallet: { 'connection.url': wallet.url },
  }));
});

afterAll(async () => {
  await live.close();
});

/** Results equal plain SQL over the e-wallet, once what is on its way has come. */
async function expectEqual(): Promise<void> {
  const counts = await live.client.query<{ minutes: string; windows: string }>(`
    select count(distinct (date_trunc('minute', created_at), type, status, currency)) as minutes,
      (select count(*) from (
        select 1 from transactions, generate_series(0, 1) back where type in ('transfer', 'payment', 'withdrawal')
        group by source_wallet_id, date_bin('5 minutes', created_at, '2000-01-01Z') - back * interval '5 minutes'
        having count(*) >= 2) as windows) as windows
    from transactions`);
  const { minutes, windows } = counts.rows[0]!;
  const result = await live.run('verify', '--settle', '180');
  expect(result.stdout).toBe(`minute_volumes: ${minutes} rows, equal\nwallet_velocity: ${windows} rows, equal\n`);
  expect(result.code).toBe(0);
}

async function enginePids(): Promise<Readonly<Record<string, number>>> {
  const state = JSON.parse(await readFile(path.join(live.dir, 'cluster', 'cluster.json'), 'utf8')) as {
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
        await registry.register(`${live.topics}.${subject}`, schema),
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
    ...['seed', '--database-url', live.wallet.url, '--rows', '3000', '--seed', '20'],
  ]);
  expect(seeded.code).toBe(0);

  const early = await live.run('up', '--detach');
  expect(early.code).toBe(2);
  expect(early.stderr).toContain(`Topic ${live.topics}.transactions has no schema in the registry`);

  await live.sync();
  const up = await live.run('up', '--detach');
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  expect(up.stderr).toContain('running after');
  await expectEqual();

  // Changed rows, rows that are sent twice, rows that come late, and rows of a far future; a worker dies meanwhile.
  const before = await enginePids();
  process.kill(before.TaskManager!, 'SIGKILL');
  await live.client.query(`
    update transactions set status = 'failed', failure_reason = 'other', settled_at = now(), updated_at = now()
      where id in (select id from transactions where status = 'completed' order by id limit 50);
    update transactions set updated_at = now() where id between 1000 and 1100;
    insert into transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, fee, channel, created_at, updated_at)
      select type, 'pending', source_wallet_id, destination_wallet_id, currency, 0.0001, 1234567890123456.7891, channel, created_at + day * interval '400 days', now()
      from transactions, (values (-1), (0), (30)) days (day) where id <= 20`);
  await produceControlRecord(`${live.topics}.transactions`);
  await live.sync();
  await expectEqual();
  const after = await enginePids();
  expect(after.TaskManager).not.toBe(before.TaskManager);

  // Both processes die at once: the job continues from its newest checkpoint.
  process.kill(after.JobManager!, 'SIGKILL');
  process.kill(after.TaskManager!, 'SIGKILL');
  await live.client.query(
    'update transactions set amount = amount + 1, updated_at = now() where id between 200 and 260',
  );
  await live.sync();
  await expectEqual();
  const status = await eventually(
    async () => {
      const answer = await live.run('status', '--json');
      expect(answer.code).toBe(0);
      return JSON.parse(answer.stdout) as Record<string, unknown>;
    },
    { timeoutMs: 120_000 },
  );
  expect(status).toMatchObject({ healthy: true, state: 'RUNNING', all_tasks_running: true, troubles: [] });
  expect(await readFile(path.join(live.dir, 'cluster', 'supervisor.log'), 'utf8')).toContain('continues from');

  const stopped = await live.run('stop');
  expect(stopped.stdout).toContain('/savepoints/savepoint-');
  expect(stopped.code).toBe(0);
  for (const pid of Object.values(await enginePids())) expect(await isAlive(pid)).toBe(false);
  const standing = await live.run('status');
  expect(standing.code).toBe(1);
  expect(standing.stdout).toBe(
    `JobManager and TaskManager of ${path.join(live.dir, 'cluster')} are down; "ewallet-realtime up" starts them again\n`,
  );

  // What came while it stood still is taken in, once, by the run that continues.
  await live.client.query(
    "update transactions set status = 'completed', settled_at = now(), updated_at = now() where status = 'pending'",
  );
  await live.sync();
  const resumed = await live.run('up', '--detach');
  expect(resumed.code).toBe(0);
  expect(resumed.stderr).toContain(`continues from ${stopped.stdout.trim().replace(/^file:/, '')}`);
  await expectEqual();

  // A wrong row in the e-wallet's own words: verify names it.
  await live.client.query('delete from transactions where id = 500');
  const wrong = await live.run('verify', '--settle', '0');
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toMatch(/^minute_volumes: \d+ rows, [1-9]\d* differ\n {2}(extra|different): minute=\d+ type=/);

  const down = await live.run('down');
  expect(down).toMatchObject({ code: 0, stderr: `ended what ran from ${path.join(live.dir, 'cluster')}\n` });
  for (const pid of Object.values(await enginePids())) expect(await isAlive(pid)).toBe(false);
});
