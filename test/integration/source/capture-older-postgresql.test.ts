import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack, type PostgresVersion, type RunningStack } from '@ewallet/local-stack';
import { connectedTo } from '../../support/fresh-database';
import {
  capture,
  capturedWallet,
  changes,
  errorOf,
  type CapturedRow,
  type CapturedWallet,
} from '../../support/source/captured-wallet';
import { runWalletSource } from '../../support/source/wallet-source';

jest.setTimeout(240_000);

/** The oldest version runs each time: it lacks most. `EWALLET_POSTGRES_VERSION=16` runs the other capture tests on another one. */
const VERSIONS: readonly PostgresVersion[] = process.env.EWALLET_LONG === '1' ? [14, 15, 16, 17] : [14];

const tables = `
  create table users (id bigint primary key, name text, note text, born date, doubled bigint generated always as (id * 2) stored);
  alter table users alter note set storage external;
  create table ledger (id bigint, day date, amount numeric(20,4), primary key (id, day)) partition by range (day);
  create table ledger_1 partition of ledger for values from ('2026-01-01') to ('2026-02-01');
  create table ledger_2 partition of ledger for values from ('2026-02-01') to ('2026-03-01');
  insert into users (id, name) select i, 'copied' from generate_series(1, 200) i;
  insert into ledger values (1, '2026-01-05', 10.0001)`;

describe.each(VERSIONS)('on PostgreSQL %s', (version) => {
  let dir: string;
  let server: RunningStack;
  let wallet: CapturedWallet;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ewallet-older-'));
    server = await startStack({ dir, only: ['source'], source: { version } });
    wallet = await capturedWallet(server.connections.source, tables);
  });

  afterAll(async () => {
    await wallet.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('a wallet’s life by change data capture: nothing lost or doubled where copy and stream meet, every change and deletion after it', async () => {
    const { rows: running } = await wallet.admin.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    );
    expect(running).toEqual([{ major: version }]);
    const config = wallet.config({ cdc_fields: 'all' });
    const check = await runWalletSource('check', config);
    expect(check.messages.at(-1)?.connectionStatus).toEqual({ status: 'SUCCEEDED' });
    const catalog = await wallet.catalog(['users', 'ledger']);

    // The seam: a transaction that is older than the copy commits in the middle of it, another one after it.
    const other = await connectedTo(wallet.database);
    await other.query(`begin; insert into users (id, name) values (501, 'at the seam')`);
    const copying = capture(config, catalog, undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await other.query(`savepoint s; update users set name = 'at the seam too' where id = 1; release s; commit`);
    await other.end();
    const first = await copying;
    expect({ code: first.code, error: errorOf(first) }).toEqual({ code: 0, error: undefined });

    const large = 'ü'.repeat(20_000);
    await wallet.admin.query(
      `insert into users (id, name, note, born) values (502, 'large', '${large}', '0044-03-15 BC')`,
    );
    await wallet.admin.query(`begin; update users set name = 'changed' where id = 502; delete from users where id = 2;
      insert into users (id) values (2); update users set id = 600 where id = 3; commit;
      insert into ledger values (2, '2026-02-05', 20); update ledger set day = '2026-02-06' where id = 1;
      delete from ledger where id = 2`);
    const second = await capture(config, catalog, first.state);
    expect({ code: second.code, error: errorOf(second) }).toEqual({ code: 0, error: undefined });

    const shown = ({ stream, data }: CapturedRow): unknown[] =>
      stream === 'users'
        ? [data._ab_cdc_op, data.id, data.name, data.note === large ? 'large' : data.note, data.born]
        : [data._ab_cdc_op, data.id, data.day, data.amount];
    expect(changes(second, 'users').map(shown)).toEqual([
      ['insert', 502, 'large', 'large', '0044-03-15 BC'],
      ['update', 502, 'changed', 'large', '0044-03-15 BC'],
      ['delete', 2, null, null, null],
      ['insert', 2, null, null, null],
      ['delete', 3, null, null, null],
      ['insert', 600, 'copied', null, null],
    ]);
    expect(changes(second, 'ledger').map(shown)).toEqual([
      ['insert', 2, '2026-02-05', 20],
      ['delete', 1, '2026-01-05', null],
      ['insert', 1, '2026-02-06', 10.0001],
      ['delete', 2, '2026-02-05', null],
    ]);
    const copied = changes(first, 'users').map(({ data }) => [data.id, data.name]);
    expect(copied).toHaveLength(201);
    expect(new Map(copied as [number, string][]).get(1)).toBe('at the seam too');
    expect(new Map(copied as [number, string][]).get(501)).toBe('at the seam');

    await wallet.admin.query('truncate ledger; insert into ledger values (9, $$2026-01-09$$, 9)');
    const truncated = await capture(config, catalog, second.state);
    expect({ code: truncated.code, error: errorOf(truncated)?.failure_type }).toEqual({
      code: 1,
      error: 'config_error',
    });
    const passed = await capture(wallet.config({ cdc_fields: 'all', on_truncate: 'ignore' }), catalog, second.state);
    expect(changes(passed).map(shown)).toEqual([['insert', 9, '2026-01-09', 9]]);
    const confirmed = await runWalletSource('confirm', config, undefined, { state: [passed.state] });
    expect(confirmed.code).toBe(0);

    // A slot that is gone is told, and what changed since is read again.
    await wallet.admin.query(`select pg_drop_replication_slot('${wallet.slot}')`);
    await wallet.admin.query(`update users set name = 'missed' where id = 10`);
    const lost = await capture(config, catalog, passed.state);
    expect(lost.code).toBe(1);
    const reread = await capture(
      wallet.config({ cdc_fields: 'all', invalid_cdc_cursor_position_behavior: 'Re-read changed rows' }),
      catalog,
      passed.state,
    );
    expect(changes(reread, 'users').map(({ data }) => [data.id, data.name])).toContainEqual([10, 'missed']);
  });
});
