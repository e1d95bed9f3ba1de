import { drawPort } from '@ewallet/child-services';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_ROOT, runCommand } from '../../support/command';
import { sinkConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { RealtimeCase } from '../../support/realtime/realtime-case';
import { TopicRecords } from '../../support/realtime/topic-records';
import { services } from '../../support/services';
import { SinkProcess } from '../../support/sink/sink-process';

jest.setTimeout(1_800_000);

let live: RealtimeCase;
let records: TopicRecords | undefined;
let sink: SinkProcess | undefined;

let metricsPorts: readonly number[];

beforeAll(async () => {
  metricsPorts = [await drawPort(), await drawPort()];
  live = await RealtimeCase.open('realtime', (wallet) => ({
    topic_partitions: 2,
    products: ['minute_volumes', 'wallet_velocity', 'transaction_events', 'balance_checks', 'sessions'],
    wallet: { 'connection.url': wallet.url },
    metrics_port: metricsPorts[0],
    flink: { 'metrics.reporter.prom.port': metricsPorts.join(',') },
  }));
  await live.write(
    'sink.json',
    sinkConfig(await services(), live.wallet, live.topics, {
      'topics.regex': `${live.topics}\\.realtime\\..*`,
      'table.name.format': 'realtime.${stream}',
      'delete.enabled': true,
    }),
  );
  records = await TopicRecords.open();
});

afterAll(async () => {
  await sink?.stop();
  await records?.close();
  await live.close();
});

/** Results equal plain SQL over the e-wallet, once what is on its way has come. */
async function expectEqual(): Promise<void> {
  const counts = await live.client.query<Record<string, string>>(`
    select count(distinct (date_trunc('minute', created_at), type, status, currency)) as minute_volumes,
      (select count(*) from (
        select 1 from transactions, generate_series(0, 1) back where type in ('transfer', 'payment', 'withdrawal')
        group by source_wallet_id, date_bin('5 minutes', created_at, '2000-01-01Z') - back * interval '5 minutes'
        having count(*) >= 2) as windows) as wallet_velocity,
      count(*) + count(*) filter (where status not in ('pending', 'held')) as transaction_events,
      (select count(*) from wallets) as balance_checks,
      (select count(distinct session_id) from user_activity) as sessions
    from transactions`);
  const result = await live.run('verify', '--settle', '180');
  const lines = Object.entries(counts.rows[0] ?? {}).map(([product, rows]) => `${product}: ${rows} rows, equal\n`);
  expect(result.stdout).toBe(lines.join(''));
  expect(result.code).toBe(0);
}

const SESSIONS = ['1', '2', '3'].map((digit) => digit.repeat(8) + '-0000-4000-8000-000000000000');

/**
 * Customer 9001 of Singapore has wallet 9001 and was here twice; 9002 of the Philippines has wallet 9002 and opened the app
 * once. Wallet 9003 is a merchant's in Vietnam. A transaction exactly half an hour after a session's start is the session's, one
 * a microsecond later is not.
 */
const HAND_WRITTEN = `
  insert into users (id, public_id, full_name, email, phone, country) values
    (9001, gen_random_uuid(), 'n', '1@x', '1', 'SG'), (9002, gen_random_uuid(), 'n', '2@x', '1', 'PH');
  insert into merchants (id, name, category, country, city, fee_rate) values (9001, 'm', 'food', 'VN', 's', 0);
  insert into wallets (id, kind, user_id, merchant_id, currency, balance, updated_at) values
    (9001, 'customer', 9001, null, 'USD', 100, '2026-03-01T10:00:02Z'), (9002, 'customer', 9002, null, 'USD', 0, '2026-03-01T10:00:00Z'),
    (9003, 'merchant', null, 9001, 'USD', 0, '2026-03-01T10:00:00Z');
  insert into transactions (id, type, status, source_wallet_id, destination_wallet_id, currency, amount, fee, channel, failure_reason, created_at, settled_at)
    select made.id, type, status, coalesce(source, float.id), destination, 'USD', amount, fee, channel, reason, at::timestamptz, at::timestamptz + settles
    from (select id from wallets where kind = 'float' and currency = 'USD') float, (values
      (90001, 'top_up', 'completed', null, 9001, 100, 0, 'agent', null, '2026-03-01T10:00:00Z', interval '3 seconds'),
      (90002, 'payment', 'pending', 9001, 9003, 10, 0.5, 'qr', null, '2026-03-01T10:05:00Z', null),
      (90003, 'transfer', 'failed', 9001, 9002, 5, 0, 'app', 'limit', '2026-03-01T10:06:00Z', interval '2 seconds'),
      (90004, 'top_up', 'pending', null, 9002, 7, 0, 'card', null, '2026-03-01T10:30:00Z', null),
      (90005, 'top_up', 'pending', null, 9002, 7, 0, 'card', null, '2026-03-01T10:30:00.000001Z', null)
    ) as made (id, type, status, source, destination, amount, fee, channel, reason, at, settles);
  insert into user_activity (user_id, event, session_id, device, occurred_at) values
    (9001, 'app_open', '${SESSIONS[0]}', 'ios', '2026-03-01T09:59:50Z'), (9001, 'pin_failed', '${SESSIONS[0]}', 'ios', '2026-03-01T09:59:53Z'),
    (9001, 'login', '${SESSIONS[0]}', 'ios', '2026-03-01T09:59:57Z'),
    (9001, 'app_open', '${SESSIONS[1]}', 'ios', '2026-03-01T10:04:00Z'), (9001, 'login', '${SESSIONS[1]}', 'ios', '2026-03-01T10:04:09Z'),
    (9002, 'app_open', '${SESSIONS[2]}', 'ios', '2026-03-01T10:00:00Z')`;

/** What the second sink connector has landed of the hand-written rows. */
async function landed(): Promise<Readonly<Record<'events' | 'balances' | 'sessions', readonly string[]>>> {
  const rows = async (columns: string, from: string): Promise<readonly string[]> => {
    const { rows: found } = await live.client.query<{ row: string }>(
      `select concat_ws(' ', ${columns}) as row from realtime.${from}`,
    );
    return found.map(({ row }) => row);
  };
  const time = (column: string): string => `to_char(${column}, 'HH24:MI:SS')`;
  return {
    events: await rows(
      `transaction_id, event, ${time('occurred_at')}, type, channel, failure_reason, amount, fee, source_wallet_kind, '>',
        destination_wallet_kind, customer_id, customer_country, merchant_id, merchant_category, merchant_country`,
      'transaction_events where transaction_id between 90001 and 90003 order by transaction_id, event',
    ),
    balances: await rows(
      `wallet_id, wallet_kind, customer_id, currency, balance, movements, difference, ${time('unchanged_since')}`,
      'balance_checks where wallet_id between 9001 and 9003 order by wallet_id',
    ),
    sessions: await rows(
      `left(session_id, 1), customer_id, ${time('started_at')}, ${time('last_event_at')}, events, logins, pin_failures, '|',
        transactions, completed, failed, ${time('first_transaction_at')}, stage`,
      'sessions where customer_id in (9001, 9002) order by session_id',
    ),
  };
}

async function expectLanded(expected: Awaited<ReturnType<typeof landed>>): Promise<void> {
  await eventually(
    async () => {
      expect(await landed()).toEqual(expected);
    },
    { timeoutMs: 180_000, everyMs: 2_000 },
  );
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

/** How many parts of the job take the transactions from their topic: each of them keeps every one. */
async function readersOfTransactions(): Promise<number> {
  const { restUrl } = JSON.parse(await readFile(path.join(live.dir, 'cluster', 'cluster.json'), 'utf8')) as {
    restUrl: string;
  };
  const answer = async (page: string): Promise<unknown> => (await fetch(`${restUrl}${page}`)).json();
  const { jobs } = (await answer('/jobs')) as { jobs: readonly { id: string }[] };
  expect(jobs).toHaveLength(1);
  const { plan } = (await answer(`/jobs/${jobs[0]?.id}/plan`)) as {
    plan: { nodes: readonly { id: string; description: string; inputs?: readonly { id: string }[] }[] };
  };
  const sources = plan.nodes.filter(({ description }) => description.includes('transactions_topic'));
  expect(sources).toHaveLength(1);
  return plan.nodes.filter(({ inputs }) => inputs?.some(({ id }) => id === sources[0]?.id)).length;
}

/** What deploy/observability asks of Flink, and neither of its processes says. */
async function missingMetrics(): Promise<readonly string[]> {
  const files = ['alerts.yaml', 'dashboard.json'].map((file) => path.join(PROJECT_ROOT, 'deploy/observability', file));
  const asked = (await Promise.all(files.map(async (file) => readFile(file, 'utf8')))).join('').match(/flink_\w+/g);
  const said = (
    await Promise.all(metricsPorts.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()))
  ).join('');
  expect(asked?.length).toBeGreaterThan(5);
  return [...new Set(asked)].filter((name) => !said.includes(`\n${name}{`));
}

test('live results equal SQL over the e-wallet, over late and changed rows, kills, and a stop with a savepoint', async () => {
  const seeded = await runCommand('ewallet-simulator', [
    ...['seed', '--database-url', live.wallet.url, '--rows', '3000', '--seed', '20'],
  ]);
  expect(seeded.code).toBe(0);
  await live.client.query(HAND_WRITTEN);
  await live.client.query('alter table user_activity alter column user_id type integer');

  const early = await live.run('up', '--detach');
  expect(early.code).toBe(2);
  expect(early.stderr).toContain(`Topic ${live.topics}.transactions has no schema in the registry`);

  await live.sync();
  const up = await live.run('up', '--detach');
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  expect(up.stderr).toContain('running after');
  sink = SinkProcess.start('run', path.join(live.dir, 'sink.json'));
  await expectEqual();
  await expectLanded({
    events: [
      '90001 completed 10:00:03 top_up agent 100.0000 0.0000 float > customer 9001 SG',
      '90001 created 10:00:00 top_up agent 100.0000 0.0000 float > customer 9001 SG',
      '90002 created 10:05:00 payment qr 10.0000 0.5000 customer > merchant 9001 SG 9001 food VN',
      '90003 created 10:06:00 transfer app 5.0000 0.0000 customer > customer 9001 SG',
      '90003 failed 10:06:02 transfer app limit 5.0000 0.0000 customer > customer 9001 SG',
    ],
    balances: [
      '9001 customer 9001 USD 100.0000 100.0000 0.0000 10:00:03',
      '9002 customer 9002 USD 0.0000 0.0000 0.0000 10:00:00',
      '9003 merchant USD 0.0000 0.0000 0.0000 10:00:00',
    ],
    sessions: [
      '1 9001 09:59:50 09:59:57 3 1 1 | 1 1 0 10:00:00 completed',
      '2 9001 10:04:00 10:04:09 2 1 0 | 2 0 1 10:05:00 transacted',
      '3 9002 10:00:00 10:00:00 1 0 0 | 1 0 0 10:30:00 transacted',
    ],
  });
  await eventually(async () => {
    expect(await missingMetrics()).toEqual([]);
  });
  expect(await readersOfTransactions()).toBe(1);

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
  // A payment settles before its wallets follow, a failure is corrected, a customer moves, an event of a session comes late, a
  // transaction is deleted; columns are added, and one grows from int to long.
  await live.client.query(`
    alter table transactions add column note text;
    alter table user_activity alter column user_id type bigint;
    update transactions set status = 'completed', settled_at = '2026-03-01T10:05:03Z', note = 'x', updated_at = now() where id = 90002;
    update transactions set status = 'completed', failure_reason = null, updated_at = now() where id = 90003;
    update users set country = 'MY', updated_at = now() where id = 9001;
    insert into user_activity (user_id, event, session_id, device, occurred_at) values (9001, 'app_open', '${SESSIONS[1]}', 'ios', '2026-03-01T09:59:58Z');
    delete from transactions where id in (90001, 1400)`);
  const topic = `${live.topics}.transactions`;
  await records?.control(topic);
  for (const id of [90_001, 1_400]) await records?.tombstone(topic, id);
  await records?.abortedTombstone(topic, 1_401);
  await live.sync();
  await expectEqual();
  await expectLanded({
    events: [
      '90002 completed 10:05:03 payment qr 10.0000 0.5000 customer > merchant 9001 MY 9001 food VN',
      '90002 created 10:05:00 payment qr 10.0000 0.5000 customer > merchant 9001 MY 9001 food VN',
      '90003 completed 10:06:02 transfer app 5.0000 0.0000 customer > customer 9001 MY',
      '90003 created 10:06:00 transfer app 5.0000 0.0000 customer > customer 9001 MY',
    ],
    balances: [
      '9001 customer 9001 USD 100.0000 -15.5000 115.5000 10:06:02',
      '9002 customer 9002 USD 0.0000 5.0000 -5.0000 10:06:02',
      '9003 merchant USD 0.0000 10.0000 -10.0000 10:05:03',
    ],
    sessions: [
      '1 9001 09:59:50 09:59:57 3 1 1 | 0 0 0 logged_in',
      '2 9001 09:59:58 10:04:09 3 1 0 | 2 2 0 10:05:00 completed',
      '3 9002 10:00:00 10:00:00 1 0 0 | 1 0 0 10:30:00 transacted',
    ],
  });
  const after = await enginePids();
  expect(after.TaskManager).not.toBe(before.TaskManager);

  // Both processes die at once: the job continues from its newest checkpoint.
  process.kill(after.JobManager!, 'SIGKILL');
  process.kill(after.TaskManager!, 'SIGKILL');
  await live.client.query(
    'update transactions set amount = amount + 1, updated_at = now() where id between 200 and 260; update wallets set balance = 0, updated_at = now() where id = 9001',
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

  // What came while it stood still is taken in, once, by the run that continues, on more slots than before.
  await live.configure({ parallelism: 2 });
  await live.client.query(
    "update transactions set status = 'completed', settled_at = now(), updated_at = now() where status = 'pending'",
  );
  await live.sync();
  const resumed = live.start('up');
  const said: string[] = [];
  resumed.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  await eventually(
    () => {
      expect(said.join('')).toContain('running after');
      return Promise.resolve();
    },
    { timeoutMs: 420_000 },
  );
  expect(said.join('')).toContain(`continues from ${stopped.stdout.trim().replace(/^file:/, '')}`);
  await expectEqual();

  // A wrong row in the e-wallet's own words: verify names it.
  await live.client.query('delete from transactions where id = 500');
  const wrong = await live.run('verify', '--settle', '0');
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toMatch(/^minute_volumes: \d+ rows, [1-9]\d* differ\n {2}(extra|different): minute=\d+ type=/);

  // Without --detach nothing outlives a program that is killed.
  const last = await enginePids();
  for (const pid of Object.values(last)) expect(await isAlive(pid)).toBe(true);
  resumed.kill('SIGKILL');
  await eventually(
    async () => {
      for (const pid of Object.values(last)) expect(await isAlive(pid)).toBe(false);
    },
    { timeoutMs: 120_000 },
  );
  const down = await live.run('down');
  expect(down).toMatchObject({ code: 0, stderr: `nothing runs from ${path.join(live.dir, 'cluster')}\n` });
});
