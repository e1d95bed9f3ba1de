import { mkdir, chown, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import {
  baseBackup,
  postgresqlTool,
  postgresqlToolsAreAvailable,
  storageSnapshot,
  TOOLS_VERSION,
} from '../../support/source/postgresql-tools';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import {
  configuredCatalog,
  lastStates,
  records,
  runWalletSource,
  type RunResult,
  type StreamState,
  warnings,
} from '../../support/source/wallet-source';

jest.setTimeout(240_000);

const withTools = postgresqlToolsAreAvailable() ? describe : describe.skip;

async function sync(server: WalletServer, state: readonly StreamState[], database?: string): Promise<RunResult> {
  const config = sourceConfig({ ...server.connection, database: database ?? server.connection.database });
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const result = await runWalletSource('read', config, catalog, { state });
  expect(result.messages.flatMap(({ trace }) => trace?.error ?? [])).toEqual([]);
  expect(result.code).toBe(0);
  return result;
}

/** Rows of the copy that a warehouse, which merged by key what the syncs gave in their order, has otherwise or not at all. */
function wrong(rows: readonly Record<string, unknown>[], given: readonly RunResult[]): readonly unknown[] {
  const landed = new Map(given.flatMap((result) => records(result).map((row) => [row.id, row.status])));
  return rows.filter(({ id, status }) => landed.get(id) !== status);
}

const payments = `create table payments (id int generated always as identity primary key, status text default 'pending')`;
const all = 'select id, status from payments order by id';

/** One payment after the other in transactions of their own, while every tenth completes an old one. */
const trade = (count: number): string => `do $$ begin for i in 1..${count} loop
  insert into payments default values;
  if i % 10 = 0 then update payments set status = 'completed ' || i where id = i; end if;
  commit; end loop; end $$`;

/**
 * What the state covers, and the copy does not have: a payment that was completed before the sync and, by the copy, is
 * pending again, with a row version that every earlier sync had seen.
 */
const UNDONE = `update payments set status = 'completed, and then restored' where id in (3, 77)`;

withTools('copies of a wallet’s server by PostgreSQL’s own tools', () => {
  let family: ServerFamily;
  let primary: WalletServer;
  let archive: string;

  beforeAll(async () => {
    family = await ServerFamily.make();
    archive = family.folder('archive');
    await mkdir(archive);
    primary = await family.start('primary', {
      version: TOOLS_VERSION,
      settings: { archive_mode: 'on', archive_command: `cp %p ${archive}/%f` },
    });
    const { uid, gid } = await stat(primary.data);
    await chown(archive, uid, gid);
    await primary.run(`${payments}; insert into payments select from generate_series(1, 0); analyze payments`);
    await primary.run(trade(300));
  });
  afterAll(async () => family.end());

  async function archived(): Promise<void> {
    const [wanted] = await primary.run('select pg_walfile_name(pg_switch_wal()) as file');
    await eventually(async () => {
      const [done] = await primary.run('select last_archived_wal as file from pg_stat_archiver');
      expect(String(done?.file) >= String(wanted?.file)).toBe(true);
    });
  }

  /** A backup that is taken while others write, and replays what was archived after it. */
  async function restored(name: string, settings: Record<string, string>): Promise<WalletServer> {
    const server = await family.start(name, {
      version: TOOLS_VERSION,
      settings: {
        archive_mode: 'off',
        restore_command: `cp ${archive}/%f %p`,
        recovery_target_action: 'promote',
        ...settings,
      },
      files: { 'recovery.signal': '' },
    });
    await eventually(async () => {
      expect(await server.run('select pg_is_in_recovery() as recovering')).toEqual([{ recovering: false }]);
    });
    return server;
  }

  test('pg_basebackup under write load, then recovery to a time: payments that the restored wallet has as they were come again, and it trades on', async () => {
    const trading = primary.run(trade(400));
    await baseBackup(primary.connection, primary.data, family.dataOf('to_time'));
    await trading;
    const before = await sync(primary, []);
    await sleep(20);
    const [{ at } = { at: '' }] = await primary.run('select clock_timestamp()::text as at');
    await sleep(20);
    await primary.run(UNDONE);
    await primary.run(trade(30));
    const after = await sync(primary, lastStates(before));
    await archived();

    const copy = await restored('to_time', { recovery_target_time: String(at) });
    await copy.run(trade(50));
    const back = await sync(copy, lastStates(after));
    expect(warnings(back)).toEqual([
      expect.stringMatching(
        /^Stream public\.payments is read again from the start: the server was restored from a backup or failed over \(timeline 2, the state is of 1\), so rows may be as they were before they were sent\. Rows that only the lost time had stay where they were sent: refresh the stream to be rid of them\.$/,
      ),
    ]);
    expect(wrong(await copy.run(all), [before, after, back])).toEqual([]);
    await copy.run(trade(20));
    const next = await sync(copy, lastStates(back));
    expect(warnings(next)).toEqual([]);
    expect(records(next)).toHaveLength(22);
    expect(wrong(await copy.run(all), [before, after, back, next])).toEqual([]);
    await copy.stack.stop();
  });

  test('recovery to a transaction before the state’s, and to the end of the log, which loses nothing and is read on', async () => {
    for (const name of ['to_xid', 'to_end']) await baseBackup(primary.connection, primary.data, family.dataOf(name));
    const [{ xid } = { xid: '' }] = await primary.run(
      `insert into payments (status) values ('the last') returning xmin::text as xid`,
    );
    await primary.run(UNDONE);
    const state = await sync(primary, []);
    await archived();

    const early = await restored('to_xid', { recovery_target_xid: String(xid) });
    await early.run(trade(200)); // its transaction ids overtake the state's
    const back = await sync(early, lastStates(state));
    expect(warnings(back)).toHaveLength(1);
    expect(wrong(await early.run(all), [state, back])).toEqual([]);
    await early.stack.stop();

    const whole = await restored('to_end', { recovery_target_timeline: 'current' });
    await whole.run(trade(10));
    const on = await sync(whole, lastStates(state));
    expect(warnings(on)).toEqual([
      'Stream public.payments continues: the server was restored from a backup or failed over (timeline 2, the state is of 1) after all that the state covers.',
    ]);
    expect(records(on)).toHaveLength(11);
    expect(wrong(await whole.run(all), [state, on])).toEqual([]);
    await whole.stack.stop();
  });

  test('a snapshot of the storage under write load, started while its transaction ids are behind the state’s', async () => {
    const trading = primary.run(trade(300));
    await storageSnapshot(primary.stack.service('source').pid ?? 0, primary.data, family.dataOf('snapshot'));
    await trading;
    await primary.run(UNDONE);
    const state = await sync(primary, []);
    const copy = await family.start('snapshot', { version: TOOLS_VERSION, settings: { archive_mode: 'off' } });
    await copy.run(trade(5));
    const back = await sync(copy, lastStates(state));
    expect(warnings(back)).toHaveLength(1);
    expect(wrong(await copy.run(all), [state, back])).toEqual([]);
    await copy.stack.stop();
  });

  test('pg_dump | psql into a database of the old name: every row is read again', async () => {
    const server = primary.connection;
    await primary.run('create database dumped');
    const wallet = { ...server, database: 'dumped' };
    await postgresqlTool('psql', server, ['-qd', 'dumped', '-c', payments, '-c', trade(100)]);
    const dump = path.join(archive, 'dump.sql');
    await postgresqlTool('pg_dump', server, ['--file', dump, wallet.database]);
    await postgresqlTool('psql', server, ['-qd', 'dumped', '-c', UNDONE, '-c', trade(10)]);
    const state = await sync(primary, [], 'dumped');
    await primary.run('drop database dumped');
    await primary.run('create database dumped');
    await postgresqlTool('psql', server, ['-qd', 'dumped', '-v', 'ON_ERROR_STOP=1', '-f', dump]);
    await postgresqlTool('psql', server, ['-qd', 'dumped', '-c', trade(10)]);
    const back = await sync(primary, lastStates(state), 'dumped');
    expect(warnings(back)).toEqual([
      expect.stringMatching(/^Stream public\.payments is read again from the start: the database is another one/),
    ]);
    const rows = await postgresqlTool('psql', server, ['-qAtd', 'dumped', '-c', `copy (${all}) to stdout csv`]);
    const restoredRows = rows
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    expect(
      wrong(
        restoredRows.map(([id, status]) => ({ id: Number(id), status })),
        [state, back],
      ),
    ).toEqual([]);
  });
});
