import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Client } from 'pg';
import { insertPending, type Movement } from '../../../tools/demo/src/simulator/bookkeeping';
import { currencyByCode } from '../../../tools/demo/src/simulator/countries';
import { commandPath, runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { brokenInvariants } from './wallet-invariants';

let database: FreshDatabase;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'trade');
  const seeded = await runCommand('ewallet-simulator', ['seed', '--database-url', database.url, '--rows', '5000']);
  expect({ code: seeded.code, stderr: seeded.stderr }).toMatchObject({ code: 0 });
  client = await connectedTo(database);
}, 120_000);

afterAll(async () => {
  await client.end();
  await database.drop();
});

async function count(): Promise<number> {
  const { rows } = await client.query<{ count: number }>('select count(*)::int as count from transactions');
  return rows[0]!.count;
}

test('two traders at once keep the books: no deadlock, no balance lost, late commits seen', async () => {
  const trader = (seed: string) =>
    runCommand('ewallet-simulator', [
      'trade',
      '--database-url',
      database.url,
      '--rate',
      '120',
      '--seed',
      seed,
      '--duration',
      '8s',
    ]);
  const results = await Promise.all([trader('1'), trader('2')]);
  for (const { code, stdout, stderr } of results) {
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const summary = JSON.parse(stdout) as Record<string, number>;
    expect(summary.created).toBeGreaterThan(100);
    expect(summary.completed).toBeGreaterThan(10);
    expect(summary.committedLate).toBeGreaterThan(0);
  }
  expect(await brokenInvariants(client)).toEqual([]);
}, 60_000);

test('customers who were silent for a month stay silent: next to nobody comes back because trading continues', async () => {
  const { rows } = await client.query<{ moves: number; back: number }>(
    `with own as (
       select t.id, t.created_at, coalesce(case t.type when 'top_up' then r.user_id else p.user_id end, -1) as customer
         from transactions t join wallets p on p.id = t.source_wallet_id join wallets r on r.id = t.destination_wallet_id)
     select count(*)::int as moves, count(*) filter (where not exists (
         select from own as earlier where earlier.customer = own.customer and earlier.id <= 5000
           and earlier.created_at > own.created_at - interval '31 days'))::int as back
       from own join users u on u.id = own.customer
      where own.id > 5000 and u.created_at < now() - interval '31 days'`,
  );
  expect(rows[0]!.moves).toBeGreaterThan(100);
  expect(rows[0]!.back / rows[0]!.moves).toBeLessThan(0.02);
});

test('of two traders that give the same payment back at once, the second one waits for the first and then leaves it', async () => {
  const { rows } = await client.query<{
    id: string;
    source: string;
    destination: string;
    fees: string;
    amount: string;
  }>(
    `select t.id, t.source_wallet_id as source, t.destination_wallet_id as destination, fees.id as fees,
            (t.amount * 10 ^ c.scale)::bigint as amount
       from transactions t join currencies c on c.code = t.currency
       join wallets fees on fees.currency = t.currency and fees.kind = 'fee'
      where t.type = 'payment' and t.status = 'completed' and t.currency = 'USD'
        and not exists (select from transactions r where r.refund_of_id = t.id)
      limit 1`,
  );
  const payment = rows[0]!;
  const refund: Movement = {
    type: 'refund',
    channel: 'api',
    sourceWalletId: Number(payment.destination),
    destinationWalletId: Number(payment.source),
    feeWalletId: Number(payment.fees),
    refundOfId: Number(payment.id),
    currency: currencyByCode('USD')!,
    amount: Number(payment.amount),
    fee: 0,
    held: false,
  };
  const [first, second] = await Promise.all([connectedTo(database), connectedTo(database)]);
  try {
    await first.query('begin');
    const inserted = await insertPending(first, refund);
    await second.query('begin');
    const other = insertPending(second, refund);
    await eventually(async () => {
      const waiting = await client.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(waiting.rowCount).toBe(1);
    });
    await first.query('commit');
    expect({ inserted, other: await other }).toEqual({ inserted: expect.any(Number) as number, other: undefined });
    await second.query('rollback');
  } finally {
    await Promise.all([first.end(), second.end()]);
  }
}, 60_000);

test('a movement is pending in one database transaction and ended by a later one', async () => {
  const { rows } = await client.query(
    `select bool_and(xmin::text::bigint > 0) as written, bool_and(settled_at > created_at) as later
       from transactions where id > 5000 and status <> 'pending'`,
  );
  expect(rows).toEqual([{ written: true, later: true }]);
});

test('SIGTERM ends it with exit code 0, a summary, and no session left on the server', async () => {
  const child = spawn(commandPath('ewallet-simulator'), ['trade', '--database-url', database.url, '--rate', '50']);
  const closed = once(child, 'close');
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const before = await count();
  await eventually(async () => {
    expect(await count()).toBeGreaterThan(before + 20);
  });
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(JSON.parse(stdout)).toMatchObject({ skipped: 0 });
  const { rows } = await client.query(
    `select count(*)::int as sessions from pg_stat_activity
      where datname = $1 and application_name like 'ewallet-simulator%'`,
    [database.database],
  );
  expect(rows).toEqual([{ sessions: 0 }]);
  expect(await brokenInvariants(client)).toEqual([]);
}, 60_000);

test('a trader killed with SIGKILL leaves the books balanced, and the next one ends what it left pending', async () => {
  const child = spawn(commandPath('ewallet-simulator'), ['trade', '--database-url', database.url, '--rate', '200']);
  const closed = once(child, 'close');
  const before = await count();
  await eventually(async () => {
    expect(await count()).toBeGreaterThan(before + 100);
  });
  child.kill('SIGKILL');
  await closed;
  expect(await brokenInvariants(client)).toEqual([]);
  const left = await client.query<{ id: string }>(
    `select id from transactions where status = 'pending' and channel in ('app', 'qr', 'web')`,
  );
  await runCommand('ewallet-simulator', ['trade', '--database-url', database.url, '--rate', '1', '--duration', '8s']);
  const still = await client.query(`select id from transactions where status = 'pending' and id = any($1)`, [
    left.rows.map(({ id }) => id),
  ]);
  expect(left.rowCount).toBeGreaterThan(0);
  expect(still.rowCount).toBeLessThan(left.rowCount! / 2);
  expect(await brokenInvariants(client)).toEqual([]);
}, 60_000);

test('a database without a wallet is refused with the remedy', async () => {
  const empty = await freshDatabase((await services()).source, 'empty');
  try {
    const refused = await runCommand('ewallet-simulator', ['trade', '--database-url', empty.url]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Could not read the e-wallet to trade on: relation "users" does not exist');
  } finally {
    await empty.drop();
  }
});
