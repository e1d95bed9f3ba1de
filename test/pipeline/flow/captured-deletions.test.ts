import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expectEqualRows } from '../../support/audit/equal-rows';
import { dbtOn, expectSuccess } from '../../integration/dbt/run-dbt';
import { commandPath, runCommand } from '../../support/command';
import { destinationConfig, sinkConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { capturedWallet, type CapturedWallet } from '../../support/source/captured-wallet';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(300_000);

let dir: string;
let wallet: CapturedWallet;
let warehouse: FreshDatabase;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-captured-'));
  const stack = await services();
  warehouse = await freshDatabase(stack.warehouse, 'captured');
  wallet = await capturedWallet(
    stack.source,
    `create table wallets (id bigint primary key, balance numeric(20,4) not null, note text, currency text not null default 'PHP');
     insert into wallets select i, i, 'first' from generate_series(1, 100) i`,
  );
});

afterAll(async () => {
  await wallet.close();
  await warehouse.drop();
  await rm(dir, { recursive: true, force: true });
});

const write = (name: string, content: unknown): Promise<void> =>
  writeFile(path.join(dir, name), JSON.stringify(content));

async function sync(): Promise<void> {
  const result = await runCommand('ewallet-sync', ['run', '--config', path.join(dir, 'sync.json')], { cwd: dir });
  expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({ code: 0, stderr: '' });
  expect(result.stderr).toContain('state confirmed');
}

test('deletions, key changes and keys used again reach the warehouse by key, and every version its history', async () => {
  const stack = await services();
  const topics = uniqueName('captured');
  await write('sync.json', {
    name: topics,
    source: { command: [commandPath('source-ewallet')], config: wallet.config({ cdc_fields: 'all' }) },
    destination: {
      command: [commandPath('destination-kafka')],
      config: destinationConfig(stack, `${topics}.{stream}`),
    },
  });
  await sync();
  await wallet.admin.query(`begin; update wallets set balance = balance - 5 where id = 1;
    update wallets set balance = balance + 5 where id = 2; commit;
    delete from wallets where id between 10 and 19;
    update wallets set id = 1000 where id = 20;
    begin; delete from wallets where id = 30; insert into wallets values (30, 7, 'again'); commit;
    begin; insert into wallets values (500, 1); update wallets set balance = 2 where id = 500; delete from wallets where id = 500; commit`);
  await sync();
  await write('sink.json', sinkConfig(stack, warehouse, topics));
  await write(
    'history.json',
    sinkConfig(stack, warehouse, topics, {
      name: `${topics}-history`,
      'insert.mode': 'insert',
      'pk.mode': 'none',
      'delete.enabled': false,
      'table.name.format': 'history.${stream}',
    }),
  );
  const sinks = ['sink.json', 'history.json'].map((file) =>
    spawn(commandPath('sink-warehouse'), ['run', '--config', path.join(dir, file)], { stdio: 'ignore' }),
  );
  const client = await connectedTo(warehouse);
  try {
    await expectEqualRows({ directory: dir, wallet: wallet.database, warehouse }, ['public.wallets']);
    await eventually(async () => {
      const { rows } = await client.query(
        `select _ab_cdc_op as op, count(*)::int as n from history.wallets where id = 500 group by 1 order by 1`,
      );
      expect(rows).toEqual([
        { op: 'delete', n: 1 },
        { op: 'insert', n: 1 },
        { op: 'update', n: 1 },
      ]);
    });
    const dbt = await dbtOn(warehouse);
    const models = ['currency_map', 'stg_ewallet__wallet_versions', 'wallet_balance_history'];
    expectSuccess(await dbt.run(['build', '--select', ...models]));
    const periods = await client.query(
      `select wallet_id::int, version_number::int, currency, balance::float8, balance_change::float8, is_current
       from marts.wallet_balance_history where wallet_id in (1, 10, 20, 30, 500, 1000) order by 1, 2`,
    );
    expect(periods.rows.map((row: Readonly<Record<string, unknown>>) => Object.values(row))).toEqual([
      [1, 1, 'PHP', 1, null, false],
      [1, 2, 'PHP', -4, -5, true],
      [10, 1, 'PHP', 10, null, false],
      [20, 1, 'PHP', 20, null, false],
      [30, 1, 'PHP', 30, null, false],
      [30, 2, 'PHP', 7, null, true],
      [500, 1, 'PHP', 1, null, false],
      [500, 2, 'PHP', 2, 1, false],
      [1000, 1, 'PHP', 20, null, true],
    ]);
    // The history's last versions are what the wallet has now.
    const now = await client.query(
      `select wallet_id::text as id, balance::text from marts.wallet_balance_history where is_current order by wallet_id`,
    );
    const { rows: inWallet } = await wallet.admin.query(
      'select id::text, balance::text from wallets order by wallets.id',
    );
    expect(now.rows).toEqual(inWallet);
  } finally {
    await client.end();
    for (const sink of sinks) sink.kill('SIGTERM');
    for (const sink of sinks) if (sink.exitCode === null) await once(sink, 'close');
  }
  const state = JSON.parse(await readFile(path.join(dir, `${topics}-state`, 'state.json'), 'utf8')) as {
    states: { global: { global: { shared_state: { lsn: string } } } };
  };
  const { rows } = await wallet.admin.query<{ lsn: string }>(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
    [wallet.slot],
  );
  expect(rows[0]?.lsn).toBe(state.states.global.global.shared_state.lsn);
});
