import path from 'node:path';
import { sinkConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { RealtimeCase } from '../../support/realtime/realtime-case';
import { createSmallWallet } from '../../support/realtime/small-wallet';
import { services } from '../../support/services';
import { SinkProcess } from '../../support/sink/sink-process';
import { dbtOn, expectSuccess } from '../../integration/dbt/run-dbt';

jest.setTimeout(900_000);

const REPORTING_TIME_ZONE = 'Asia/Kolkata';

let live: RealtimeCase;
let sink: SinkProcess | undefined;

beforeAll(async () => {
  live = await RealtimeCase.open('alerts', (wallet) => ({
    topic_partitions: 1,
    products: ['alerts', 'minute_volumes', 'balance_checks', 'sessions'],
    rules: { velocity_count: 3, failure_count: 4 },
    wallet: { 'connection.url': wallet.url },
    warehouse: { 'connection.url': wallet.url },
  }));
  const { client, topics, wallet } = live;
  await createSmallWallet(client);
  await live.write(
    'sink.json',
    sinkConfig(await services(), wallet, topics, {
      'topics.regex': `${topics}\\.realtime\\..*`,
      'table.name.format': 'realtime.${stream}',
      'delete.enabled': true,
    }),
  );
});

afterAll(async () => {
  await sink?.stop();
  await live.close();
});

/** A transaction that settles a second after it was made. */
async function transact(
  id: number,
  kind: readonly [type: string, from: number, to: number],
  amount: string,
  at: string,
  status = 'completed',
): Promise<void> {
  const [type, from, to] = kind;
  await live.client.query(
    `insert into transactions (id, type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, failure_reason, created_at, settled_at)
     values ($1, $2, $3, $4, $5, 'USD', $6, 'app', case when $3 = 'failed' then 'x' end, $7::timestamptz, $7::timestamptz + interval '1 second')`,
    [id, type, status, from, to, amount, at],
  );
}

async function act(id: number, user: number, event: string, at: string): Promise<void> {
  await live.client.query(
    "insert into user_activity (id, user_id, event, session_id, device, occurred_at) values ($1, $2, $3, gen_random_uuid(), 'ios', $4)",
    [id, user, event, at],
  );
}

const micros = (instant: string): number => Date.parse(instant) * 1_000;

/** The alerts that hold now, as the second sink connector has landed them. */
async function alerts(): Promise<Readonly<Record<string, unknown>>> {
  const { rows } = await live.client.query<Record<string, unknown>>(
    `select alert_id, signal, customer_id::int, subject, transactions::int, amount::text, currency, severity, explanation,
      (extract(epoch from window_start) * 1000000)::float8 as window_start, (extract(epoch from window_end) * 1000000)::float8 as window_end
    from realtime.alerts`,
  );
  return Object.fromEntries(rows.map((row): [string, unknown] => [row.alert_id as string, row]));
}

/** How many keys the e-wallet's rows have, in the stream and in dbt's marts. */
async function expectedRows(): Promise<Readonly<Record<string, string>>> {
  const { rows } = await live.client.query<Record<string, string>>(
    `select count(distinct (date_trunc('minute', created_at), type, status, currency)) as minutes,
      count(distinct (date_trunc('hour', created_at at time zone '${REPORTING_TIME_ZONE}'), type, status, currency)) as hours,
      (select count(*) from wallets) as wallets, (select count(distinct session_id) from user_activity) as sessions,
      (select count(distinct user_id) from user_activity) as customers
    from transactions`,
  );
  return rows[0] ?? {};
}

test('each signal is raised at its threshold and not below it, follows its rule while the job runs, is taken back where a row was wrong, and is what dbt finds', async () => {
  const pay = (from: number) => ['payment', from, 101] as const;
  const topUp = (to: number) => ['top_up', 100, to] as const;
  const cashOut = (from: number) => ['withdrawal', from, 100] as const;
  // Velocity, 3 within ten minutes: the third exactly ten minutes after the first, and one a microsecond too late.
  await transact(1, pay(1), '1.10', '2026-03-01T10:00:00Z');
  await transact(2, pay(1), '2.20', '2026-03-01T10:09:00Z', 'failed');
  await transact(3, pay(1), '3.30', '2026-03-01T10:10:00Z');
  await transact(4, pay(2), '1', '2026-03-02T10:00:00Z');
  await transact(5, pay(2), '1', '2026-03-02T10:09:00Z');
  await transact(6, pay(2), '1', '2026-03-02T10:10:00.000001Z');
  // Structuring, 3 from 9,000 up to below 10,000 within a day, over midnight.
  await transact(11, topUp(3), '9000', '2026-03-03T22:00:00Z');
  await transact(12, topUp(3), '9999.99', '2026-03-04T01:00:00Z');
  await transact(13, topUp(3), '9500', '2026-03-04T21:00:00Z');
  await transact(14, topUp(4), '8999.99', '2026-03-03T22:00:00Z');
  await transact(15, topUp(4), '10000', '2026-03-04T01:00:00Z');
  await transact(16, topUp(4), '9500', '2026-03-04T21:00:00Z');
  await transact(17, topUp(4), '9500', '2026-03-04T21:30:00Z');
  // Rapid in-out, nine tenths within half an hour.
  await transact(21, topUp(5), '1000', '2026-03-06T10:00:00Z');
  await transact(22, cashOut(5), '900', '2026-03-06T10:30:00Z');
  await transact(23, topUp(6), '1000', '2026-03-07T10:00:00Z');
  await transact(24, cashOut(6), '899.99', '2026-03-07T10:30:00Z');
  // Failed PINs, 5 within a quarter of an hour.
  for (const n of [0, 1, 2, 3, 4]) {
    await act(100 + n, 7, 'pin_failed', `2026-03-08T10:0${n}:00Z`);
    await act(110 + n, 8, n === 4 ? 'login' : 'pin_failed', `2026-03-08T10:0${n}:00Z`);
  }
  // Takeover: money out within an hour of a new device.
  await act(120, 9, 'device_added', '2026-03-09T10:00:00Z');
  await transact(31, ['transfer', 9, 10], '50', '2026-03-09T11:00:00Z');
  await act(121, 11, 'pin_changed', '2026-03-09T10:00:00Z');
  await transact(32, ['transfer', 11, 10], '50', '2026-03-09T11:00:01Z');
  // A first withdrawal that is large; the second one is none.
  await transact(41, cashOut(12), '5000', '2026-03-10T10:00:00Z');
  await transact(42, cashOut(12), '6000', '2026-03-11T10:00:00Z');
  // Dormant: exactly 90 days without a transaction, far more, and a second less than 90 days.
  await transact(45, pay(17), '1', '2025-12-20T00:00:00Z');
  await transact(46, pay(17), '2', '2026-03-20T00:00:00Z');
  await transact(47, pay(18), '1', '2024-01-01T00:00:00Z');
  await transact(48, pay(18), '3', '2026-03-21T00:00:00Z');
  await transact(49, pay(19), '1', '2025-12-20T00:00:00Z');
  await transact(50, pay(19), '1', '2026-03-19T23:59:59Z');
  // Failure rate: half of four within five minutes.
  await transact(51, ['refund', 101, 13], '1', '2026-03-12T10:00:00Z', 'failed');
  await transact(52, ['refund', 101, 14], '1', '2026-03-12T10:01:00Z', 'failed');
  await transact(53, ['refund', 101, 15], '1', '2026-03-12T10:02:00Z');
  await transact(54, ['refund', 101, 16], '1', '2026-03-12T10:04:59Z');
  await live.sync();
  const up = await live.run('up', '--detach');
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  sink = SinkProcess.start('run', path.join(live.dir, 'sink.json'));

  const alert = (
    signal: string,
    id: string,
    customer: number | null,
    subject: string,
    window: readonly [from: string, to: string],
    more: Readonly<Record<string, unknown>>,
  ): readonly [string, unknown] => [
    `${signal}-${id}`,
    {
      alert_id: `${signal}-${id}`,
      signal,
      customer_id: customer,
      subject,
      window_start: micros(window[0]),
      window_end: micros(window[1]),
      currency: 'USD',
      ...more,
    },
  ];
  const velocity = alert('velocity', '3', 1, '', ['2026-03-01T10:00:00Z', '2026-03-01T10:10:00Z'], {
    transactions: 3,
    amount: '6.6000',
    severity: 'low',
    explanation: '3 transactions within 10 minutes',
  });
  const others = [
    alert('structuring', '13', 3, 'USD', ['2026-03-03T21:00:00Z', '2026-03-04T21:00:00Z'], {
      transactions: 3,
      amount: '28499.9900',
      severity: 'low',
      explanation: '3 amounts just below the reporting threshold within 24 hours',
    }),
    alert('rapid_in_out', '21', 5, '21', ['2026-03-06T10:00:01Z', '2026-03-06T10:30:01Z'], {
      transactions: 2,
      amount: '1000.0000',
      severity: 'low',
      explanation: '90% of what came in left again within 30 minutes',
    }),
    alert('pin_failed_burst', '104', 7, '', ['2026-03-08T09:49:00Z', '2026-03-08T10:04:00Z'], {
      transactions: 5,
      amount: null,
      currency: null,
      severity: 'low',
      explanation: '5 failed PIN entries within 15 minutes',
    }),
    alert('account_takeover', '31', 9, '31', ['2026-03-09T10:00:00Z', '2026-03-09T11:00:00Z'], {
      transactions: 1,
      amount: '50.0000',
      severity: 'medium',
      explanation: 'money out within 60 minutes of 1 new device or changed PIN',
    }),
    alert('first_large_cash_out', '41', 12, '41', ['2026-03-10T10:00:00Z', '2026-03-10T10:00:00Z'], {
      transactions: 1,
      amount: '5000.0000',
      severity: 'medium',
      explanation: 'the first withdrawal of this customer is large',
    }),
    ...(
      [
        ['46', 17, '2026-03-20T00:00:00Z', '2.0000'],
        ['48', 18, '2026-03-21T00:00:00Z', '3.0000'],
      ] as const
    ).map(([id, customer, at, amount]) =>
      alert('dormant_account_wakes', id, customer, id, [at, at], {
        transactions: 1,
        amount,
        severity: 'medium',
        explanation: 'the first transaction after 90 days or more without one',
      }),
    ),
    alert(
      'failure_rate_spike',
      `refund-app-${micros('2026-03-12T10:00:00Z')}`,
      null,
      'refund by app',
      ['2026-03-12T10:00:00Z', '2026-03-12T10:05:00Z'],
      { transactions: 4, amount: null, currency: null, severity: 'medium', explanation: '2 of 4 failed' },
    ),
  ];
  const patience = { timeoutMs: 240_000, everyMs: 2_000 };
  await eventually(async () => {
    expect(await alerts()).toEqual(Object.fromEntries([velocity, ...others].sort(([a], [b]) => (a < b ? -1 : 1))));
  }, patience);

  // Rules change while the job runs: fewer alerts, none, and one that its history now is enough for.
  const set = async (signal: string, ...change: readonly string[]): Promise<string> => {
    const done = await live.run('rules set', signal, ...change, '--by', 'maria', '--why', 'a trial');
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
    return done.stdout.replace(/at \d{4}-\d\d-\d\dT[\d:.]+Z/, 'at <time>');
  };
  expect(await set('velocity', '--count', '4')).toBe(
    'velocity: on, count 4 (standard 3); version 1 by maria at <time>: a trial\n',
  );
  expect(await set('account_takeover', '--off')).toBe('account_takeover: off; version 1 by maria at <time>: a trial\n');
  await set('rapid_in_out', '--share', '0.8999');
  const lowered = alert('rapid_in_out', '23', 6, '23', ['2026-03-07T10:00:01Z', '2026-03-07T10:30:01Z'], {
    transactions: 2,
    amount: '1000.0000',
    severity: 'low',
    explanation: '90% of what came in left again within 30 minutes',
  });
  const ruled = [...others.filter(([id]) => id !== 'account_takeover-31'), lowered];
  await eventually(async () => {
    expect(await alerts()).toEqual(Object.fromEntries(ruled.sort(([a], [b]) => (a < b ? -1 : 1))));
  }, patience);
  for (const signal of ['velocity', 'account_takeover', 'rapid_in_out']) await set(signal, '--standard');
  await eventually(async () => {
    expect(await alerts()).toEqual(Object.fromEntries([velocity, ...others].sort(([a], [b]) => (a < b ? -1 : 1))));
  }, patience);
  expect((await live.run('rules list')).stdout.split('\n')[0]).toMatch(
    /^velocity: on, count 3; version 2 by maria at .*: a trial$/,
  );
  expect(
    (await live.run('rules history', 'velocity')).stdout.replaceAll(/at \d{4}-\d\d-\d\dT[\d:.]+Z/g, 'at <time>'),
  ).toBe(
    'velocity: on, count 4 (standard 3); version 1 by maria at <time>: a trial\nvelocity: on, count 3; version 2 by maria at <time>: a trial\n',
  );
  expect(await live.run('rules set', 'velocity', '--count', '1', '--why', 'x')).toMatchObject({
    code: 2,
    stderr: 'ewallet-realtime: --count of velocity must be from 2 to 1000000.\n',
  });
  const audit = await live.client.query<Record<string, unknown>>(
    'select signal, version::int, enabled, least_count::int, least_share::text, set_by from realtime.risk_rule_history order by 1, 2',
  );
  expect(audit.rows.map((row) => Object.values(row))).toEqual([
    ['account_takeover', 1, false, null, null, 'maria'],
    ['account_takeover', 2, true, null, null, 'maria'],
    ['rapid_in_out', 1, true, null, '0.899900000', 'maria'],
    ['rapid_in_out', 2, true, null, null, 'maria'],
    ['velocity', 1, true, 4, null, 'maria'],
    ['velocity', 2, true, null, null, 'maria'],
  ]);

  // One transaction was entered wrongly, and one comes late: an alert is taken back, another one raised.
  await live.client.query(`
    update transactions set created_at = created_at - interval '1 hour', updated_at = now() where id = 2;
    insert into transactions (id, type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, created_at, settled_at)
      values (7, 'payment', 'completed', 2, 101, 'USD', 4, 'qr', '2026-03-02T10:05:00Z', '2026-03-02T10:05:01Z')`);
  await live.sync();
  const late = ['5', '6'].map((id) =>
    alert(
      'velocity',
      id,
      2,
      '',
      id === '5' ? ['2026-03-02T09:59:00Z', '2026-03-02T10:09:00Z'] : ['2026-03-02T10:00:00Z', '2026-03-02T10:10:00Z'],
      { transactions: 3, amount: '6.0000', severity: 'low', explanation: '3 transactions within 10 minutes' },
    ),
  );
  const corrected = Object.fromEntries([...late, ...others].sort(([a], [b]) => (a < b ? -1 : 1)));
  const sixth = corrected['velocity-6'] as Record<string, number>;
  corrected['velocity-6'] = {
    ...sixth,
    window_start: (sixth.window_start ?? 0) + 1,
    window_end: (sixth.window_end ?? 0) + 1,
  };
  await eventually(async () => {
    expect(await alerts()).toEqual(corrected);
  }, patience);

  // Everything is committed by the stop, and the topic stays.
  expect((await live.run('stop')).code).toBe(0);

  // dbt finds the same in the same rows, with the same thresholds, by the hours of a time zone that is half an hour off.
  const dbt = await dbtOn(live.wallet);
  const vars = {
    ewallet_ingestion: 'replica',
    ewallet_schemas: { kafka: 'raw', replica: 'public' },
    reporting_time_zone: REPORTING_TIME_ZONE,
    risk_velocity_count: 3,
  };
  const marts = ['risk_signals', 'hourly_transaction_summary', 'wallet_balances_daily', 'user_activity_daily'];
  expectSuccess(
    await dbt.run(
      [
        ...['build', '--select', 'reporting_settings', ...marts.map((mart) => `+${mart}`)],
        ...['--exclude-resource-type', 'test', 'unit_test'],
      ],
      vars,
    ),
  );
  const rows = await expectedRows();
  const equal = {
    ...{ minutes: 'equal', balances: 'equal', sessions: 'equal', hours: 'equal' },
    ...{ dailyBalances: 'equal', activity: 'equal', alerts: 'equal' },
  };
  const report = (says: Readonly<Record<keyof typeof equal, string>>): string => `\
minute_volumes: ${rows.minutes} rows, ${says.minutes}
balance_checks: ${rows.wallets} rows, ${says.balances}
sessions: ${rows.sessions} rows, ${says.sessions}
minute_volumes as dbt's hourly_transaction_summary: ${rows.hours} rows, ${says.hours}
balance_checks as dbt's wallet_balances_daily: ${rows.wallets} rows, ${says.dailyBalances}
sessions as dbt's user_activity_daily: ${rows.customers} rows, ${says.activity}
alerts: 4 rows, ${says.alerts}
`;
  expect(await live.run('verify', '--dbt', '--settle', '0')).toMatchObject({
    code: 0,
    stdout: report(equal),
    stderr: '',
  });

  // What differs is named, in the mart that it is in.
  await live.client.query(`
    update marts.risk_signals set window_end = window_end + interval '1 microsecond' where signal_type = 'structuring';
    update marts.hourly_transaction_summary set gross_amount = gross_amount + 0.01
      where transaction_hour = '2026-03-10T09:30:00Z';
    update marts.wallet_balances_daily set closing_balance = closing_balance - 1 where wallet_id = 12;
    update marts.user_activity_daily set login_count = login_count + 1 where user_id = 8 and event_count > 0`);
  expect(await live.run('verify', '--dbt', '--settle', '0')).toMatchObject({
    code: 1,
    stdout: report({
      ...equal,
      hours: `1 differ\n  different: hour=${micros('2026-03-10T09:30:00Z')} type=withdrawal status=completed currency=USD (amount)`,
      dailyBalances: '1 differ\n  different: wallet_id=12 (movements)',
      activity: '1 differ\n  different: customer_id=8 (logins)',
      alerts: `1 differ\n  different: signal=structuring customer_id=3 window_start=${micros('2026-03-03T22:00:00Z')} (window_end)`,
    }),
    stderr: '',
  });
});
