import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack, type RunningStack } from '@ewallet/local-stack';
import { Kafka, logLevel } from 'kafkajs';
import { committedRecords } from '../../support/destination/committed-records';
import { RealtimeCase } from '../../support/realtime/realtime-case';
import { createSmallWallet } from '../../support/realtime/small-wallet';

jest.setTimeout(1_200_000);

let directory: string;
let stack: RunningStack;
let live: RealtimeCase;

/** Cheap to start once: both tests have one job, and the second one continues where the first one ends. */
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-realtime-broker-'));
  stack = await startStack({ dir: directory, only: ['kafka', 'schemaRegistry'] });
  const { kafka, schemaRegistry } = stack.connections;
  live = await RealtimeCase.open(
    'broker',
    (wallet) => ({
      topic_partitions: 2,
      parallelism: 2,
      products: ['minute_volumes', 'transaction_events'],
      wallet: { 'connection.url': wallet.url },
    }),
    { kafka, schemaRegistry },
  );
  await createSmallWallet(live.client);
});

afterAll(async () => {
  await live.close();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Payments, a third of each status, about nine a minute. */
async function pay(first: number, last: number): Promise<void> {
  await live.client.query(
    `insert into transactions (id, type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, failure_reason, created_at, settled_at)
      select n, 'payment', status, 1 + n % 20, 101, 'USD', n / 100.0, 'app', case status when 'failed' then 'x' end, at,
        case when status <> 'pending' then at + interval '1 second' end
      from (select n, (array['completed', 'failed', 'pending'])[1 + n % 3] as status, timestamptz '2026-03-01T10:00:00Z' + n * interval '7 seconds' as at
        from generate_series($1::int, $2::int) n) as made`,
    [first, last],
  );
}

async function expectEqual(): Promise<void> {
  const counts = await live.client.query<Record<string, string>>(
    `select count(distinct (date_trunc('minute', created_at), status)) as minute_volumes,
      count(*) + count(*) filter (where status <> 'pending') as transaction_events from transactions`,
  );
  const lines = Object.entries(counts.rows[0] ?? {}).map(([product, rows]) => `${product}: ${rows} rows, equal\n`);
  const { code, stdout } = await live.run('verify', '--settle', '300');
  expect({ code, stdout }).toEqual({ code: 0, stdout: lines.join('') });
}

async function endOffsets(topic: string): Promise<readonly number[]> {
  const kafka = new Kafka({ brokers: [stack.connections.kafka.bootstrapServers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets(topic)).map(({ offset }) => Number(offset));
  } finally {
    await admin.disconnect();
  }
}

test('partitions without a record hold nothing back: the one transaction there is, and its change, are in the results', async () => {
  await pay(1, 1);
  await live.sync();
  const up = await live.run('up', '--detach');
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  await expectEqual();
  await live.client.query('update transactions set amount = 7, updated_at = now() where id = 1');
  await live.sync();
  await expectEqual();
  const written = (await endOffsets(`${live.topics}.transactions`)).map((offset) => offset > 0);
  expect(written.sort()).toEqual([false, false, false, true]);
});

test('a broker that is killed twice while the job reads and writes changes nothing: results are equal, and each event is in the log once', async () => {
  const kafka = stack.service('kafka');
  await pay(2, 4_000);
  await live.sync();
  // The job is reading it, and has transactions of its own open.
  await kafka.kill();
  await pay(4_001, 5_000);
  await kafka.start();
  await live.sync();
  await kafka.kill();
  await kafka.start();
  await expectEqual();

  const status = JSON.parse((await live.run('status', '--json')).stdout) as Record<string, unknown>;
  expect(status).toMatchObject({ healthy: true, state: 'RUNNING', all_tasks_running: true });
  const records = await committedRecords(
    { brokers: [stack.connections.kafka.bootstrapServers] },
    stack.connections.schemaRegistry.url,
    `${live.topics}.realtime.transaction_events`,
  );
  const told = records.map(({ key, value }) => {
    const { transaction_id: id, event } = key as { readonly transaction_id: number | bigint; readonly event: string };
    return { id: Number(id), said: `${id} ${event}${value === null ? ' taken back' : ''}` };
  });
  const { rows } = await live.client.query<{ said: string }>(
    `select id || ' ' || event as said from transactions, lateral (
        select 'created' as event union all select status where status <> 'pending') as life
      where id > 1`,
  );
  // The first transaction was changed on purpose, and its wallets came beside it.
  expect(told.flatMap(({ id, said }) => (id > 1 ? [said] : [])).sort()).toEqual(rows.map(({ said }) => said).sort());
});
