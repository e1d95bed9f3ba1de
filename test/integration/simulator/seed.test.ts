import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { isOutage } from '../../../tools/demo/src/simulator/behaviour';
import type { Channel } from '../../../tools/demo/src/simulator/records';
import { readPlanted, scoreAlerts } from '../../../tools/demo/src/run/fraud-score';
import { runCommand } from '../../support/command';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { ALERTS } from './alerts-by-sql';
import { BANDS, FIGURES } from './bands';
import { brokenInvariants } from './wallet-invariants';

jest.setTimeout(60_000);

const END = '2026-03-31T17:00:00Z';
const TABLES = ['currencies', 'users', 'merchants', 'wallets', 'transactions', 'user_activity'];

let first: FreshDatabase;
let second: FreshDatabase;
let client: Client;
let folder: string;
let planted: string;

beforeAll(async () => {
  const { source } = await services();
  first = await freshDatabase(source, 'seed');
  second = await freshDatabase(source, 'seed');
  folder = await mkdtemp(path.join(tmpdir(), 'ewallet-seed-'));
  planted = path.join(folder, 'planted.jsonl');
  const seeded = await seed(first, ['--rows', '30000', '--seed', '42', '--end-date', END, '--planted', planted]);
  expect({ code: seeded.code, stderr: seeded.stderr }).toMatchObject({ code: 0 });
  client = await connectedTo(first);
}, 180_000);

afterAll(async () => {
  await client.end();
  await first.drop();
  await second.drop();
  await rm(folder, { recursive: true, force: true });
});

function seed(database: FreshDatabase, args: readonly string[]) {
  return runCommand('ewallet-simulator', ['seed', '--database-url', database.url, ...args]);
}

async function digests(database: FreshDatabase): Promise<Record<string, string>> {
  const own = await connectedTo(database);
  try {
    const found: Record<string, string> = {};
    for (const table of TABLES) {
      const key = table === 'currencies' ? 'code' : 'id';
      const { rows } = await own.query<{ digest: string }>(
        `select md5(string_agg(t::text, E'\\n' order by ${key})) as digest from ${table} t`,
      );
      found[table] = rows[0]?.digest ?? '';
    }
    return found;
  } finally {
    await own.end();
  }
}

test('the books balance: every balance is the sum of its movements and never below zero', async () => {
  expect(await brokenInvariants(client)).toEqual([]);
});

test('exactly the asked-for transactions are made, in order of creation, none after the end', async () => {
  const { rows } = await client.query(
    `select count(*)::int as count, min(id)::int as first, max(id)::int as last,
            max(updated_at) <= $1 as ended,
            (select count(*)::int from (select created_at < lag(created_at) over (order by id) as back from transactions) o where back) as unordered
       from transactions`,
    [END],
  );
  expect(rows).toEqual([{ count: 30_000, first: 1, last: 30_000, ended: true, unordered: 0 }]);
});

test('the same seed and end date give the same rows in every table, another seed gives others', async () => {
  const again = await seed(second, ['--rows', '30000', '--seed', '42', '--end-date', END]);
  expect(again.code).toBe(0);
  const same = await digests(first);
  expect(await digests(second)).toEqual(same);
  await seed(second, ['--recreate', '--rows', '30000', '--seed', '43', '--end-date', END]);
  const other = await digests(second);
  expect(TABLES.filter((table) => other[table] === same[table])).toEqual(['currencies']);
});

test('foreign keys and indexes taken off for the load are back and valid', async () => {
  const { rows } = await client.query(
    `select (select count(*)::int from pg_constraint where contype = 'f' and convalidated and connamespace = 'public'::regnamespace) as keys,
            (select array_agg(indexname::text order by indexname) from pg_indexes where schemaname = 'public' and indexname not like '%_pkey') as indexes`,
  );
  expect(rows).toEqual([
    {
      keys: 9,
      indexes: [
        'merchants_updated_at',
        'transactions_updated_at',
        'user_activity_occurred_at',
        'users_public_id_key',
        'users_updated_at',
        'wallets_one_a_user_and_currency',
        'wallets_updated_at',
      ],
    },
  ]);
});

test('the next row of the application gets the next id', async () => {
  const { rows } = await client.query(
    `insert into transactions (type, source_wallet_id, destination_wallet_id, currency, amount, channel)
     values ('top_up', 1, 13, 'USD', 1, 'card') returning id::int`,
  );
  await client.query('delete from transactions where id = 30001');
  expect(rows).toEqual([{ id: 30_001 }]);
});

test('customers are heavy-tailed: the busiest tenth makes 40 to 75 per cent of the movements', async () => {
  const { rows } = await client.query<{ share: number }>(
    `with busy as (select count(*) as n, ntile(10) over (order by count(*) desc) as tenth
                     from transactions t join wallets w on w.id = t.source_wallet_id and w.kind = 'customer' group by w.user_id)
     select (sum(n) filter (where tenth = 1) / sum(n))::float as share from busy`,
  );
  expect(rows[0]!.share).toBeGreaterThan(0.4);
  expect(rows[0]!.share).toBeLessThan(0.75);
});

test('days have a rhythm: evenings are at least five times as busy as the small hours', async () => {
  const { rows } = await client.query<{ ratio: number }>(
    `select (count(*) filter (where h between 18 and 20))::float / count(*) filter (where h between 2 and 4) as ratio
       from (select extract(hour from created_at at time zone 'Asia/Jakarta') as h from transactions) hours`,
  );
  expect(rows[0]!.ratio).toBeGreaterThan(5);
});

test('every type, every currency and every failure kind occurs, and 2 to 10 per cent fail', async () => {
  const { rows } = await client.query(
    `select count(distinct type)::int as types, count(distinct currency)::int as currencies,
            count(distinct failure_reason) >= 8 as reasons,
            avg((status = 'failed')::int) between 0.02 and 0.10 as rate from transactions`,
  );
  expect(rows).toEqual([{ types: 7, currencies: 6, reasons: true, rate: true }]);
});

test('payments go back in three ways: shops refund them, they are reversed within the hour, or disputed days later and whole', async () => {
  const { rows } = await client.query(
    `select r.type, count(*) >= 15 as several, bool_and(r.created_at - p.settled_at < interval '1 hour') as at_once,
            bool_and(r.created_at - p.settled_at > interval '4 days') as later, bool_and(r.amount = p.amount) as whole,
            count(*) filter (where r.status = 'failed') > 0 as rejected
       from transactions r join transactions p on p.id = r.refund_of_id group by r.type order by r.type`,
  );
  expect(rows).toEqual([
    { type: 'chargeback', several: true, at_once: false, later: true, whole: true, rejected: true },
    { type: 'refund', several: true, at_once: false, later: false, whole: false, rejected: true },
    { type: 'reversal', several: true, at_once: true, later: false, whole: true, rejected: false },
  ]);
});

test('disputes are fewer than the 0.9 per cent of payments at which card schemes step in', async () => {
  const { rows } = await client.query<{ share: number }>(
    `select (count(*) filter (where type = 'chargeback'))::float / count(*) filter (where type = 'payment') as share
       from transactions where status = 'completed'`,
  );
  expect(rows[0]!.share).toBeGreaterThan(0.0005);
  expect(rows[0]!.share).toBeLessThan(0.009);
});

test('travel is held first: most holds are taken within days, some are let go after a week, and the newest are open', async () => {
  const { rows } = await client.query(
    `select count(*) filter (where status = 'held') > 0 as open, bool_and(settled_at is null) filter (where status = 'held') as undecided,
            count(*) filter (where failure_reason = 'authorisation_expired') > 0 as expired,
            bool_and(settled_at - created_at = interval '7 days') filter (where failure_reason = 'authorisation_expired') as after_a_week,
            percentile_cont(0.5) within group (order by settled_at - created_at) filter (where status = 'completed')
              between interval '1 day' and interval '4 days' as in_days,
            bool_and(category = 'travel' and channel <> 'qr' and type = 'payment') as travel
       from (
         select t.*, m.category from transactions t
           left join wallets w on w.id = t.destination_wallet_id left join merchants m on m.id = w.merchant_id) t
      where status = 'held' or failure_reason = 'authorisation_expired'
         or (category = 'travel' and channel <> 'qr' and type = 'payment' and status = 'completed')`,
  );
  expect(rows).toEqual([
    { open: true, undecided: true, expired: true, after_a_week: true, in_days: true, travel: true },
  ]);
});

test('nobody lets more out within a month than the KYC tier allows, and some try', async () => {
  // The people of a burst had their limits raised.
  const exempt = readPlanted(await readFile(planted, 'utf8')).flatMap(({ customers }) => customers);
  const { rows } = await client.query(
    `with out as (
       select w.user_id, date_trunc('month', t.created_at at time zone 'Asia/Jakarta') as month, sum(t.amount / dollar) as usd
         from transactions t join wallets w on w.id = t.source_wallet_id and w.kind = 'customer'
         join (values ('USD', 1), ('SGD', 1.35), ('PHP', 57), ('IDR', 16000), ('VND', 25000), ('THB', 35)) as rate (currency, dollar)
           on rate.currency = t.currency
        where t.status = 'completed' group by 1, 2)
     select max(usd) filter (where u.kyc_tier = 0) <= 600 as within,
            (select count(*) between 5 and 300 from transactions where failure_reason = 'monthly_limit_exceeded') as tried
       from out join users u on u.id = out.user_id
      where u.id <> all($1::bigint[])`,
    [exempt],
  );
  expect(rows).toEqual([{ within: true, tried: true }]);
});

test('a part of those who fell silent for a month are active again later, as customers who were won back', async () => {
  const { rows } = await client.query<{ silent: number; back: number }>(
    `with own as (
       select case t.type when 'top_up' then r.user_id else p.user_id end as customer, t.created_at
         from transactions t join wallets p on p.id = t.source_wallet_id join wallets r on r.id = t.destination_wallet_id
     ), gaps as (
       select customer, lead(created_at) over (partition by customer order by created_at) - created_at as gap from own where customer is not null
     ), last as (select customer, max(created_at) as at from own where customer is not null group by 1)
     select (select count(distinct customer)::int from gaps where gap > interval '31 days') as back,
            (select count(*)::int from last where at < timestamptz '${END}' - interval '31 days') as silent`,
  );
  expect(rows[0]!.back).toBeGreaterThan(10);
  expect(rows[0]!.silent).toBeGreaterThan(20);
});

test('every month has figures that are published of such wallets', async () => {
  const { rows } = await client.query<Readonly<Record<string, unknown>>>(FIGURES);
  expect(rows.map(({ month }) => month)).toEqual(['2026-01', '2026-02', '2026-03']);
  const outside = rows.flatMap((figures) =>
    Object.entries(BANDS).flatMap(([name, [least, most]]) => {
      const value = Number(figures[name]);
      return value >= least && value <= most ? [] : [`${String(figures.month)} ${name}: ${value}`];
    }),
  );
  expect(outside).toEqual([]);
});

test('a tenth or more of the failures that nobody decided fall into outages, which are less than a hundredth of the time', async () => {
  const failures = (
    await client.query<{ channel: Channel; at: string }>(
      `select channel, (extract(epoch from created_at) * 1000000)::bigint::text as at from transactions
        where failure_reason in ('bank_timeout', 'network_timeout', 'merchant_unavailable')`,
    )
  ).rows;
  const within = failures.filter(({ channel, at }) => isOutage(channel, Number(at)));
  expect(within.length / failures.length).toBeGreaterThan(0.1);
  const minutes = Array.from({ length: 120 * 1_440 }, (_, minute) => (Date.parse(END) - minute * 60_000) * 1_000);
  const down = minutes.filter((at) => isOutage('bank_transfer', at)).length / minutes.length;
  expect(down).toBeGreaterThan(0);
  expect(down).toBeLessThan(0.01);
});

test('every planted burst is found by its signals, and people who only trade raise next to none', async () => {
  const bursts = readPlanted(await readFile(planted, 'utf8'));
  expect([...new Set(bursts.map(({ pattern }) => pattern))].sort()).toEqual([
    'failed_pins',
    'in_and_out',
    'structuring',
    'takeover',
    'velocity',
  ]);
  const alerts = (await client.query<{ signal: string; customer: number; starts: Date; ends: Date }>(ALERTS)).rows.map(
    ({ signal, customer, starts, ends }) => ({
      signal,
      customer,
      from: starts.getTime(),
      until: ends.getTime(),
    }),
  );
  for (const { signal, planted: wanted, found, alerts: raised, right } of scoreAlerts(bursts, alerts)) {
    expect({ signal, found }).toEqual({ signal, found: wanted });
    expect({ signal, precise: right / raised >= 0.9 }).toEqual({ signal, precise: true });
  }
});

test('most planted fraud is confirmed some days later: its customers are suspended, and do nothing from then on', async () => {
  const before = Date.parse(END) - 21 * 86_400_000;
  const reviewed = readPlanted(await readFile(planted, 'utf8')).filter(
    ({ complete, until }) => complete && until < before,
  );
  const { rows: suspended } = await client.query<{ id: number; at: Date }>(
    `select id::int as id, updated_at as at from users where status = 'suspended'`,
  );
  const since = new Map(suspended.map(({ id, at }) => [id, at.getTime()]));
  const confirmed = reviewed.filter(({ customers, until }) =>
    customers.every((customer) => (since.get(customer) ?? 0) > until + 6 * 3_600_000),
  );
  expect(reviewed.length).toBeGreaterThan(10);
  expect(confirmed.length / reviewed.length).toBeGreaterThan(0.4);
  expect(confirmed.length / reviewed.length).toBeLessThan(0.9);
  const { rows } = await client.query<{ frozen: boolean; late: number }>(
    `select bool_and(w.status = 'frozen') as frozen,
            count(*) filter (where exists (select from transactions t where t.source_wallet_id = w.id and t.created_at > u.updated_at))::int as late
       from users u join wallets w on w.user_id = u.id where u.id = any($1)`,
    [confirmed.flatMap(({ customers }) => customers)],
  );
  expect(rows).toEqual([{ frozen: true, late: 0 }]);
});

test('a database that holds a wallet already is refused and left as it was', async () => {
  const before = await digests(first);
  const refused = await seed(first, ['--rows', '10']);
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'ewallet-simulator: The database has a table "currencies" already. Give an empty database, or --recreate to drop the e-wallet\'s tables first.\n',
  });
  expect(await digests(first)).toEqual(before);
});

test.each([
  [['--rows', '-1'], '--rows must be a whole number, not -1.'],
  [['--rows', '1.5'], '--rows must be a whole number, not 1.5.'],
  [['--days', '0'], '--days must be at least 1.'],
  [['--end-date', 'soon'], '--end-date must be an ISO date such as 2026-01-31T00:00:00Z, not soon.'],
])('%j is refused in one clear line', async (args, message) => {
  const refused = await seed(second, args);
  expect({ code: refused.code, stderr: refused.stderr }).toEqual({
    code: 1,
    stderr: `ewallet-simulator: ${message}\n`,
  });
});

test('zero transactions make a wallet without movements', async () => {
  const empty = await seed(second, ['--recreate', '--rows', '0', '--end-date', END]);
  expect(JSON.parse(empty.stdout)).toMatchObject({ users: 20, transactions: 0, currencies: 6 });
});
