import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { destinationConfig, sourceConfig } from '../../support/configurations';
import { committedRecords } from '../../support/destination/committed-records';
import { eventually } from '../../support/eventually';
import { services } from '../../support/services';
import { BlackHole } from '../../support/sink/black-hole';
import { capture, changes, errorOf, type GlobalState } from '../../support/source/captured-wallet';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import { configuredCatalog, runWalletSource } from '../../support/source/wallet-source';
import { FollowProcess } from '../../support/sync/follow-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(300_000);

let family: ServerFamily;
let primary: WalletServer;
let standby: WalletServer;
/** The state of a sync that ended after the copy `behind` was made. */
let state: GlobalState | undefined;

const method = (slot: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  replication_method: { method: 'CDC', replication_slot: slot, publication: 'wallet', cdc_fields: 'all', ...more },
});
const cdc = (server: WalletServer, slot: string, more: Record<string, unknown> = {}): Record<string, unknown> =>
  sourceConfig(server.connection, method(slot, more));

/** Each in a transaction of its own, so that transaction ids are used up. */
const payments = (from: number, count: number, what: string): string =>
  `do $$ begin for i in ${from}..${from + count - 1} loop insert into payments values (i, '${what}'); commit; end loop; end $$`;

const ids = (result: { readonly kept: Parameters<typeof changes>[0]['kept'] }): readonly unknown[] =>
  changes(result).map(({ data }) => data.id);

const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);

beforeAll(async () => {
  family = await ServerFamily.make();
  const settings = { synchronized_standby_slots: 'standby', max_wal_size: '1GB', shared_buffers: '64MB' };
  primary = await family.start('primary', { settings });
  await primary.run(
    `create table payments (id int primary key, what text);
     create publication wallet for all tables`,
  );
  await primary.run(`select pg_create_physical_replication_slot('standby')`);
  await primary.run(`select pg_create_logical_replication_slot('wallet', 'pgoutput', failover => true)`);
  await primary.run(payments(1, 20, 'copied'));
  await primary.stack.service('source').stop();
  await family.copy(primary, 'standby');
  await family.copy(primary, 'behind');
  await primary.stack.service('source').start();
  const { host, port, username, password, database } = primary.connection;
  standby = await family.start('standby', {
    settings: {
      primary_conninfo: `host=${host} port=${port} user=${username} password=${password} dbname=${database}`,
      primary_slot_name: 'standby',
      sync_replication_slots: 'on',
      hot_standby_feedback: 'on',
      shared_buffers: '64MB',
    },
    files: { 'standby.signal': '' },
  });
  const config = cdc(primary, 'wallet');
  const first = await capture(config, await configuredCatalog(config, 'incremental', ['payments']), undefined);
  await primary.run(payments(21, 40, 'only the old primary has it'));
  const second = await capture(config, await configuredCatalog(config, 'incremental', ['payments']), first.state);
  expect([...ids(first), ...ids(second)]).toEqual(range(1, 60));
  state = second.state;
});

afterAll(async () => {
  await family.end();
});

test('changes are captured from a standby; its copy of a failover slot is refused until it is promoted', async () => {
  await standby.follows(primary);
  const config = cdc(standby, 'on_standby', { slot_creation: 'if_missing' });
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  // The standby can create a slot only once its primary has logged which transactions run, which an idle one does not.
  const copying = capture(config, catalog, undefined);
  const nudging = new AbortController();
  const nudge = (async () => {
    while (!nudging.signal.aborted) {
      await primary.run('select pg_log_standby_snapshot()');
      await sleep(200);
    }
  })();
  const first = await copying;
  nudging.abort();
  await nudge;
  expect({ error: errorOf(first), ids: ids(first) }).toEqual({ error: undefined, ids: range(1, 60) });
  await primary.run(`delete from payments where id = 60; insert into payments values (60, 'again')`);
  await standby.follows(primary);
  const second = await capture(config, catalog, first.state);
  expect(changes(second).map(({ data }) => [data._ab_cdc_op, data.id, data.what])).toEqual([
    ['delete', 60, null],
    ['insert', 60, 'again'],
  ]);
  expect((await runWalletSource('confirm', config, undefined, { state: [second.state] })).code).toBe(0);

  await eventually(async () => {
    expect(await standby.run(`select 1 as n from pg_replication_slots where slot_name = 'wallet' and synced`)).toEqual([
      { n: 1 },
    ]);
  });
  const refused =
    'Replication slot wallet is this standby’s copy of its primary’s, which can be read only once the standby is promoted: connect to the primary.';
  const check = await runWalletSource('check', cdc(standby, 'wallet'));
  expect(check.messages.at(-1)?.connectionStatus).toEqual({ status: 'FAILED', message: refused });
  const read = await capture(cdc(standby, 'wallet'), catalog, state);
  expect(errorOf(read)).toMatchObject({ failure_type: 'transient_error', message: refused });
});

test('a promoted server that never had what was read says so, and what it wrote since is read again (debezium#3970, multigres#1394)', async () => {
  const behind = await family.start('behind', {
    settings: { primary_conninfo: 'host=127.0.0.1 port=1', shared_buffers: '64MB' },
    files: { 'standby.signal': '' },
  });
  await behind.run('select pg_promote()');
  // As many transactions as the old primary had since, and more: the same ids are other transactions now.
  await behind.run(payments(101, 90, 'only the new primary has it'));
  await behind.run(`update payments set what = 'changed by the new primary' where id = 5`);
  await behind.run(`select pg_create_logical_replication_slot('wallet', 'pgoutput', failover => true)`);
  const config = cdc(behind, 'wallet');
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const failed = await capture(config, catalog, state);
  expect({ code: failed.code, ids: ids(failed) }).toEqual({ code: 1, ids: [] });
  expect(errorOf(failed)).toMatchObject({ failure_type: 'config_error' });
  expect(String(errorOf(failed)?.message)).toMatch(
    /^Changes since [0-9A-F/]+ cannot be read: (the server failed over or was restored \(timeline 2, the state is of 1\) at [0-9A-F/]+, before the state’s [0-9A-F/]+: what was read after it may be gone|replication slot wallet stands at .*)\. Set replication_method/,
  );
  const reread = await capture(
    cdc(behind, 'wallet', { invalid_cdc_cursor_position_behavior: 'Re-read changed rows' }),
    catalog,
    state,
  );
  expect(errorOf(reread)).toBeUndefined();
  expect(ids(reread)).toEqual(expect.arrayContaining([5, ...range(101, 90)]));
  await behind.run(`delete from payments where id = 6`);
  const next = await capture(config, catalog, reread.state);
  expect(changes(next).map(({ data }) => [data._ab_cdc_op, data.id])).toEqual([['delete', 6]]);
  await behind.stack.stop();
});

test('--follow continues on a promoted standby by itself, and nothing is lost (xtdb#5828)', async () => {
  const stack = await services();
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-failed-over-'));
  let address = primary.connection;
  const proxy = await BlackHole.beforeLater(() => address);
  const topics = uniqueName('failed_over');
  const config = path.join(directory, 'sync.json');
  await primary.run(`select pg_create_logical_replication_slot('followed', 'pgoutput', failover => true)`);
  await writeFile(
    config,
    JSON.stringify({
      source: { config: sourceConfig({ ...address, port: proxy.port }, method('followed')) },
      destination: { config: destinationConfig(stack, `${topics}.{stream}`) },
      backoff_seconds: 0.2,
    }),
  );
  const landed = async (): Promise<readonly number[]> => {
    const records = await committedRecords(
      { brokers: [stack.kafka.bootstrapServers] },
      stack.schemaRegistry.url,
      `${topics}.payments`,
    );
    return records.map(({ value }) => Number((value as { id: number | bigint }).id));
  };
  const process = FollowProcess.start(config);
  try {
    await process.follows();
    const trading = primary.run(payments(1_001, 300, 'before'));
    await sleep(300);
    await trading.catch(() => undefined);
    await eventually(async () => {
      expect(
        await standby.run(
          `select 1 as n from pg_replication_slots where slot_name = 'followed' and synced and not temporary`,
        ),
      ).toEqual([{ n: 1 }]);
    });
    await primary.run(payments(2_001, 300, 'right before'));
    await primary.stack.service('source').kill();
    // The address moves before the promotion is done: what is there is a standby for a while.
    address = standby.connection;
    await sleep(1_500);
    await standby.run('select pg_promote()');
    await standby.run(payments(3_001, 300, 'after'));
    const { rows: kept } = { rows: await standby.run('select id from payments where id > 1000') };
    await eventually(async () => {
      const found = new Set(await landed());
      expect(kept.map(({ id }) => Number(id)).filter((id) => !found.has(id))).toEqual([]);
    });
    process.kill('SIGTERM');
    const { code } = await process.ended();
    expect({ code, last: process.log.slice(-5) }).toMatchObject({ code: 0 });
    expect(kept.length).toBeGreaterThan(300);
    // Nothing that the new primary does not have was given: it is told only of what its standby has.
    const found = new Set(await landed());
    const all = new Set((await standby.run('select id from payments')).map(({ id }) => Number(id)));
    expect([...found].filter((id) => !all.has(id))).toEqual([]);
  } finally {
    await process.end();
    proxy.close();
    await rm(directory, { recursive: true, force: true });
  }
});
