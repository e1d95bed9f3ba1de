import { sourceConfig } from '../../support/configurations';
import { capture, captureConfig, errorOf } from '../../support/source/captured-wallet';
import { UPGRADABLE, upgradeCluster, upgradeIsAvailable, type Upgrade } from '../../support/source/postgresql-upgrade';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import {
  configuredCatalog,
  type ConfiguredCatalog,
  lastStates,
  records,
  runWalletSource,
  warnings,
  type RunResult,
  type StreamState,
} from '../../support/source/wallet-source';

jest.setTimeout(300_000);

const payments = `create table payments (id int generated always as identity primary key, status text default 'pending',
  amount numeric(20, 2) default 0.1, at timestamptz default clock_timestamp())`;
const all = 'select id, status from payments order by id';

/** One payment after the other in transactions of their own, while every tenth completes an old one. */
const trade = (count: number): string => `do $$ begin for i in 1..${count} loop
  insert into payments default values;
  if i % 10 = 0 then update payments set status = 'completed ' || i || ' ' || clock_timestamp() where id = i; end if;
  commit; end loop; end $$`;

async function sync(server: WalletServer, state: readonly StreamState[]): Promise<RunResult> {
  const config = sourceConfig(server.connection);
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const result = await runWalletSource('read', config, catalog, { state });
  expect(result.messages.flatMap(({ trace }) => trace?.error ?? [])).toEqual([]);
  expect(result.code).toBe(0);
  return result;
}

/** Rows of the server that a warehouse, which merged by key what the syncs gave in their order, has otherwise or not at all. */
async function wrong(server: WalletServer, given: readonly RunResult[]): Promise<readonly unknown[]> {
  const landed = new Map(given.flatMap((result) => records(result).map((row) => [row.id, row.status])));
  return (await server.run(all)).filter(({ id, status }) => landed.get(id) !== status);
}

const isAnother = String.raw`the server is another one \(system identifier \d+, the state is of \d+\)`;

const upgrades: readonly Upgrade[] = [
  { from: 15, to: 17, mode: 'copy' },
  { from: 15, to: 17, mode: 'link' },
  { from: 17, to: 18, mode: 'copy' },
  { from: 17, to: 18, mode: 'link' },
];

describe.each(upgrades)('a server that pg_upgrade took from $from to $to (--$mode)', (upgrade) => {
  const { from, to, mode } = upgrade;
  const given = upgradeIsAvailable(from, to) ? test : test.skip;
  let family: ServerFamily;
  let old: WalletServer;
  let upgraded: WalletServer;
  let state: readonly StreamState[];
  let landed: readonly RunResult[];
  let captured: Awaited<ReturnType<typeof capture>>;

  const cdc = (server: WalletServer, behaviour?: string): Record<string, unknown> =>
    captureConfig(
      server.connection,
      behaviour === undefined ? {} : { invalid_cdc_cursor_position_behavior: behaviour },
    );
  const catalog = async (server: WalletServer): Promise<ConfiguredCatalog> =>
    configuredCatalog(cdc(server), 'incremental', ['payments']);

  beforeAll(async () => {
    family = await ServerFamily.make();
    if (!upgradeIsAvailable(from, to)) return;
    old = await family.start('old', { version: from, hba: UPGRADABLE });
    await old.run(`${payments}; create publication wallet for all tables; analyze payments`);
    await old.run(trade(300));
    captured = await capture(cdc(old), await catalog(old), undefined);
    expect(errorOf(captured)).toBeUndefined();
    const first = await sync(old, []);
    landed = [first];
    state = lastStates(first);
    await old.run(trade(40));
    // From 17 on pg_upgrade takes slots along, and refuses those that have something to read.
    await old.run(`select pg_replication_slot_advance('wallet', pg_current_wal_lsn())`);
    await old.stack.stop();
    await upgradeCluster(family, old, 'upgraded', upgrade);
    upgraded = await family.start('upgraded', { version: to });
    await upgraded.run(trade(30));
  });
  afterAll(async () => family.end());

  given('is read on: what was written before and after the upgrade comes once, and nothing a second time', async () => {
    const after = await sync(upgraded, state);
    expect(warnings(after)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Stream public\\.payments continues: ${isAnother}, but its rows are as they were up to transaction \\d+\\. What was written later is read\\.$`,
        ),
      ),
    ]);
    const ids = records(after).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const completed = [10, 20, 30, 40]; // 300 rows were there; 10, 20 and 30 were completed once more after the upgrade
    const added = Array.from({ length: 70 }, (_, index) => 301 + index);
    expect(ids.map(Number).sort((a, b) => a - b)).toEqual([...completed, ...added]);
    expect(await wrong(upgraded, [...landed, after])).toEqual([]);
    const next = await sync(upgraded, lastStates(after));
    expect({ warnings: warnings(next), records: records(next) }).toEqual({ warnings: [], records: [] });
    landed = [...landed, after];
    state = lastStates(after);
  });

  given('has changes that the slot did not see: captured changes stop, and say what to choose', async () => {
    const refused = await capture(cdc(upgraded), await catalog(upgraded), captured.state);
    expect({ code: refused.code, records: records(refused) }).toEqual({ code: 1, records: [] });
    expect(errorOf(refused)).toMatchObject({
      failure_type: 'config_error',
      message: expect.stringMatching(
        new RegExp(
          `^Changes since [0-9A-F/]+ cannot be read: ${isAnother}\\. ` +
            'Set replication_method\\.invalid_cdc_cursor_position_behavior to "Re-read changed rows" \\(.*\\) or to "Re-sync data" \\(.*\\), or reset the connection\\.$',
        ),
      ) as unknown,
    });
  });

  given.each([
    ['Re-read changed rows', 7],
    ['Re-sync data', 17],
  ])('%s is a way back: no row is lost, and changes are captured from there on', async (behaviour, id) => {
    const back = await capture(cdc(upgraded, behaviour), await catalog(upgraded), captured.state);
    expect(errorOf(back)).toBeUndefined();
    expect(await wrong(upgraded, [captured, back])).toEqual([]);
    await upgraded.run(`insert into payments (status) values ('new')`);
    await upgraded.run(`update payments set status = 'refunded' where id = ${id}`);
    await upgraded.run(`delete from payments where id = ${id + 1}`);
    const on = await capture(cdc(upgraded), await catalog(upgraded), back.state);
    expect({ error: errorOf(on), warnings: warnings(on) }).toEqual({ error: undefined, warnings: [] });
    expect(records(on)).toMatchObject([
      { status: 'new', _ab_cdc_deleted_at: null },
      { id, status: 'refunded', _ab_cdc_deleted_at: null },
      { id: id + 1, _ab_cdc_deleted_at: expect.any(String) as unknown },
    ]);
  });

  if (mode === 'link') return; // the old cluster is not to be started again then

  given('is given up for the old server: its rows come as they are there', async () => {
    await upgraded.stack.stop();
    const back = await family.start('old', { version: from, hba: UPGRADABLE });
    await back.run(trade(5));
    const again = await sync(back, state);
    expect(warnings(again)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Stream public\\.payments is read again from the start: ${isAnother}\\. ` +
            'Rows that only the other one has stay where they were sent: refresh the stream to be rid of them\\.$',
        ),
      ),
    ]);
    expect(await wrong(back, [...landed, again])).toEqual([]);
    await back.stack.stop();
  });

  given('was a copy of an earlier time: rows that it has as they were before they were sent come again', async () => {
    await family.copy(old, 'earlier');
    const server = await family.start('old', { version: from, hba: UPGRADABLE });
    await server.run(`update payments set status = 'completed, and then set back' where id in (3, 77)`);
    await server.run('insert into payments select from generate_series(1, 20)');
    const later = await sync(server, []);
    await server.stack.stop();
    await upgradeCluster(family, { data: family.dataOf('earlier') }, 'upgraded-earlier', upgrade);
    const earlier = await family.start('upgraded-earlier', { version: to });
    const back = await sync(earlier, lastStates(later));
    expect(warnings(back)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Stream public\\.payments is read again from the start: ${isAnother}, so rows may be as they were before they were sent\\. ` +
            'Rows that only the other one has stay where they were sent: refresh the stream to be rid of them\\.$',
        ),
      ),
    ]);
    expect(await wrong(earlier, [later, back])).toEqual([]);
    await earlier.stack.stop();
  });
});
