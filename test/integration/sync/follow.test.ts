import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../support/command';
import { destinationConfig } from '../../support/configurations';
import { committedRecords } from '../../support/destination/committed-records';
import { eventually } from '../../support/eventually';
import { services } from '../../support/services';
import { capturedWallet, type CapturedWallet } from '../../support/source/captured-wallet';
import { FollowProcess, keptPosition } from '../../support/sync/follow-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(300_000);

let directory: string;
let wallet: CapturedWallet;
let topics: string;
let config: string;
let running: FollowProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-follow-'));
  const stack = await services();
  wallet = await capturedWallet(
    stack.source,
    `create table accounts (id bigint primary key, balance bigint not null);
     create table legs (id bigserial primary key, account bigint not null, amount bigint not null);
     create table noise (id bigserial primary key, junk text);
     create view totals as select sum(balance) as balance from accounts;
     insert into accounts select i, 1000 from generate_series(1, 20) i`,
  );
  topics = uniqueName('followed');
  config = path.join(directory, 'sync.json');
  await writeFile(
    config,
    JSON.stringify({
      state_directory: 'state',
      source: { config: wallet.config({ cdc_fields: 'all' }) },
      destination: { config: destinationConfig(stack, `${topics}.{stream}`) },
      except: ['noise', 'totals'],
      backoff_seconds: 0.2,
    }),
  );
});

afterEach(async () => {
  await running?.end();
  running = undefined;
  await wallet.close();
  await rm(directory, { recursive: true, force: true });
});

const start = (): FollowProcess => (running = FollowProcess.start(config));

/** A transfer is four changes in one transaction. */
async function transfer(from: number, to: number): Promise<void> {
  await wallet.admin.query(
    `begin; update accounts set balance = balance - 1 where id = ${from};
     update accounts set balance = balance + 1 where id = ${to};
     insert into legs (account, amount) values (${from}, -1), (${to}, 1); commit`,
  );
}

async function transfers(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) await transfer(1 + (round % 20), 1 + ((round * 7 + 3) % 20));
}

interface Landed {
  readonly id: number;
  readonly xid: number | null;
  readonly lsn: bigint;
  readonly row: string;
  readonly value: Readonly<Record<string, unknown>>;
}

async function landed(stream: 'accounts' | 'fees' | 'legs' | 'vouchers'): Promise<readonly Landed[]> {
  const stack = await services();
  const records = await committedRecords(
    { brokers: [stack.kafka.bootstrapServers] },
    stack.schemaRegistry.url,
    `${topics}.${stream}`,
  );
  return records.flatMap(({ value }) => {
    // A deletion is told twice: by a record that says when, and by a tombstone.
    if (value === null) return [];
    const row = value as Record<string, number | bigint | null>;
    return {
      id: Number(row.id),
      xid: row._ab_cdc_xid === null ? null : Number(row._ab_cdc_xid),
      lsn: BigInt(row._ab_cdc_lsn ?? 0),
      value: row,
      row: stream === 'accounts' ? `${row.id} ${row.balance}` : `${row.id} ${row.account} ${row.amount}`,
    };
  });
}

async function inSource(stream: 'accounts' | 'legs'): Promise<readonly string[]> {
  const columns = stream === 'accounts' ? 'id, balance' : 'id, account, amount';
  const { rows } = await wallet.admin.query<{ row: string }>(
    `select concat_ws(' ', ${columns}) as row from ${stream} order by id`,
  );
  return rows.map(({ row }) => row);
}

/** The last version of each row, by its key. */
function latest(records: readonly Landed[]): readonly string[] {
  const byKey = new Map(records.map(({ id, row }) => [id, row]));
  return [...byKey].sort(([a], [b]) => a - b).map(([, row]) => row);
}

async function confirmed(): Promise<string> {
  const { rows } = await wallet.admin.query<{ lsn: string }>(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
    [wallet.slot],
  );
  return rows[0]?.lsn ?? '';
}

/** Resolves once everything that is committed now is in the state file. */
async function caughtUp(): Promise<void> {
  await wallet.admin.query('begin; insert into legs (account, amount) values (1, 0)');
  const { rows } = await wallet.admin.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
  await wallet.admin.query('commit');
  const target = place(rows[0]?.lsn ?? '');
  await eventually(async () => {
    expect(place(await keptPosition(path.join(directory, 'state')))).toBeGreaterThanOrEqual(target);
  });
}

function place(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

test('changes follow in order, PostgreSQL is told only of positions that are on disk, and Ctrl-C ends behind a state with exit code 0', async () => {
  const process = start();
  await process.follows();
  const watching = new AbortController();
  const ahead: string[] = [];
  const watch = (async () => {
    while (!watching.signal.aborted) {
      const told = await confirmed();
      const kept = await keptPosition(path.join(directory, 'state'));
      if (place(told) > place(kept)) ahead.push(`${told} > ${kept}`);
      await sleep(20);
    }
  })();
  await transfers(60);
  await wallet.admin.query('delete from accounts where id = 20');
  await caughtUp();
  watching.abort();
  await watch;
  expect(ahead).toEqual([]);
  await eventually(async () => {
    expect(await confirmed()).toBe(await keptPosition(path.join(directory, 'state')));
  });
  process.kill('SIGINT');
  const { code, printed } = await process.ended();
  expect({ code, result: JSON.parse(printed) as unknown }).toEqual({
    code: 0,
    result: expect.objectContaining({ status: 'stopped' }) as unknown,
  });
  expect(await confirmed()).toBe(await keptPosition(path.join(directory, 'state')));
  const accounts = await landed('accounts');
  expect(latest(accounts.filter(({ id }) => id !== 20))).toEqual(await inSource('accounts'));
  expect(latest(await landed('legs'))).toEqual(await inSource('legs'));
  // Nothing was killed, so every version is there once, in the order of the log.
  for (let id = 1; id <= 19; id += 1) {
    const places = accounts.filter((record) => record.id === id && record.xid !== null).map(({ lsn }) => lsn);
    expect(places).toEqual([...new Set(places)].sort((a, b) => (a < b ? -1 : 1)));
  }
  expect(process.log.filter(({ event }) => event === 'attempt failed')).toEqual([]);
});

test('SIGKILL of the source, the destination and ewallet-sync: it continues, nothing is lost, no transaction is cut', async () => {
  let process = start();
  await process.follows();
  const trading = transfers(400);
  const large = async (): Promise<void> => {
    await wallet.admin.query(`insert into legs (account, amount) select 1, 0 from generate_series(1, 10000)`);
  };
  await sleep(500);
  await large();
  globalThis.process.kill(await process.follows(), 'SIGKILL');
  await eventually(() => {
    expect(process.log.filter(({ event }) => event === 'starting again')).toHaveLength(1);
  });
  await process.follows();
  await sleep(1_000);
  globalThis.process.kill(await process.connector('destination-kafka'), 'SIGKILL');
  await eventually(() => {
    expect(process.log.filter(({ event }) => event === 'starting again')).toHaveLength(2);
  });
  await process.follows();
  await large();
  process.kill('SIGKILL');
  await process.ended();
  process = start();
  await trading;
  await process.follows();
  await caughtUp();
  process.kill('SIGTERM');
  expect((await process.ended()).code).toBe(0);
  expect(latest(await landed('accounts'))).toEqual(await inSource('accounts'));
  const legs = await landed('legs');
  expect(latest(legs)).toEqual(await inSource('legs'));
  // What was committed and not acknowledged comes again, but whole.
  const whole = new Map<number, number>();
  for (const { xid, id } of new Map(legs.map((leg) => [leg.id, leg])).values()) {
    if (xid !== null && id > 0) whole.set(xid, (whole.get(xid) ?? 0) + 1);
  }
  const came = new Map<number, number>();
  for (const { xid } of legs) if (xid !== null) came.set(xid, (came.get(xid) ?? 0) + 1);
  expect([...came].filter(([xid, count]) => count % (whole.get(xid) ?? 1) !== 0)).toEqual([]);
});

test('a destination that stalls for longer than wal_sender_timeout breaks no connection', async () => {
  await wallet.admin.query(
    `do $$ begin execute format('alter database %I set wal_sender_timeout = %L', current_database(), '1s'); end $$`,
  );
  const process = start();
  await process.follows();
  await transfers(5);
  await caughtUp();
  const walsender = async (): Promise<unknown> =>
    (
      await wallet.admin.query(
        'select active_pid, confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
        [wallet.slot],
      )
    ).rows[0];
  const destination = await process.connector('destination-kafka');
  globalThis.process.kill(destination, 'SIGSTOP');
  await wallet.admin.query(`insert into legs (account, amount) select 1, 0 from generate_series(1, 20000)`);
  await sleep(1_000);
  const before = await walsender();
  await sleep(4_000);
  expect(await walsender()).toEqual(before);
  globalThis.process.kill(destination, 'SIGCONT');
  await caughtUp();
  process.kill('SIGTERM');
  expect((await process.ended()).code).toBe(0);
  expect(process.log.filter(({ event }) => event === 'attempt failed')).toEqual([]);
  expect(latest(await landed('legs'))).toEqual(await inSource('legs'));
});

test('a column added while changes are followed is discovered before the first row that has it (airbyte#80920)', async () => {
  const process = start();
  await process.follows();
  await transfers(5);
  await wallet.admin.query(`begin; insert into legs (account, amount) values (7, 7);
    alter table accounts add column note text; update accounts set note = 'new' where id <= 3; commit`);
  await transfers(5);
  await process.follows();
  await caughtUp();
  process.kill('SIGTERM');
  expect((await process.ended()).code).toBe(0);
  expect(process.log.map(({ message }) => message)).toContain(
    'The columns of public.accounts changed. Discover them again.',
  );
  const accounts = await landed('accounts');
  expect(latest(accounts)).toEqual(await inSource('accounts'));
  expect(accounts.filter(({ value }) => value.note === 'new').map(({ id }) => id)).toEqual(
    expect.arrayContaining([1, 2, 3]),
  );
  expect(process.log.filter(({ event }) => event === 'attempt failed')).toEqual([]);
});

test('a table that is new is found, copied and followed', async () => {
  const json = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...json, rediscover_seconds: 1 }));
  const process = start();
  await process.follows();
  await wallet.admin.query(`create table vouchers (id int primary key); insert into vouchers values (1), (2)`);
  await eventually(async () => {
    await wallet.admin.query('insert into vouchers select max(id) + 1 from vouchers');
    const kept = await readFile(path.join(directory, 'state', 'state.json'), 'utf8');
    expect(kept).toContain('"name":"vouchers"');
  });
  await caughtUp();
  process.kill('SIGTERM');
  expect((await process.ended()).code).toBe(0);
  const { rows: vouchers } = await wallet.admin.query<{ id: number }>('select id from vouchers order by id');
  expect([...new Set((await landed('vouchers')).map(({ id }) => id))].sort((a, b) => a - b)).toEqual(
    vouchers.map(({ id }) => id),
  );
  expect(process.log.filter(({ event }) => event === 'attempt failed')).toEqual([]);
});

test('rows of a partition that is attached while changes are followed are copied; resend says at once what stands in its way', async () => {
  await wallet.admin.query(`create table fees (id int, day date, primary key (id, day)) partition by range (day);
    create table fees_1 partition of fees for values from ('2026-01-01') to ('2026-02-01');
    insert into fees values (1, '2026-01-05')`);
  // Not by the discovery of new tables, which fees_2 is until it is attached.
  const json = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...json, rediscover_seconds: 3600 }));
  const process = start();
  await process.follows();
  const keys = path.join(directory, 'keys.json');
  await writeFile(keys, JSON.stringify({ streams: [{ stream: 'public.accounts', key: ['id'], keys: [['1']] }] }));
  const started = performance.now();
  const resend = await runCommand('ewallet-sync', ['resend', '--config', config, '--keys', keys]);
  expect({ code: resend.code, said: resend.stderr.trim().split('\n').at(-1) }).toEqual({
    code: 3,
    said:
      `ewallet-sync: \`ewallet-sync run --follow\` of this connection is running (process ${process.pid} on ${hostname()}, ` +
      `lock ${path.join(directory, 'state', 'lock')}) and does not end by itself. Stop it, run this, then start it again: it continues from its last state.`,
  });
  expect(performance.now() - started).toBeLessThan(30_000);

  await wallet.admin.query(`create table fees_2 (like fees including all)`);
  await wallet.admin.query(`insert into fees_2 select i, '2026-02-05' from generate_series(10, 12) i`);
  await wallet.admin.query(
    `alter table fees attach partition fees_2 for values from ('2026-02-01') to ('2026-03-01'); delete from fees where id = 11`,
  );
  await eventually(async () => {
    expect((await landed('fees')).map(({ id }) => id)).toEqual(expect.arrayContaining([1, 10, 12]));
  });
  process.kill('SIGTERM');
  expect((await process.ended()).code).toBe(0);
  // Whether it was seen while following, or by the copy that comes before.
  expect(process.log.map(({ message }) => message)).toContain(
    'Partitions that were attached to public.fees with rows are copied: "public"."fees_2".',
  );
  expect(process.log.filter(({ event }) => event === 'attempt failed')).toEqual([]);
});

test('what cannot be followed is refused with what to do', async () => {
  const refused = async (
    change: (json: Record<string, Record<string, unknown>>) => void,
    ...flags: string[]
  ): Promise<unknown> => {
    const json = JSON.parse(await readFile(config, 'utf8')) as Record<string, Record<string, unknown>>;
    change(json);
    const file = path.join(directory, 'refused.json');
    await writeFile(file, JSON.stringify(json));
    const { code, stderr } = await runCommand('ewallet-sync', ['run', '--config', file, '--follow', ...flags]);
    return { code, said: stderr.trim().split('\n').at(-1) };
  };
  expect(await refused(() => undefined, '--every', '5m')).toEqual({
    code: 2,
    said: 'ewallet-sync: --follow never ends by itself: leave out --once, --every and --cron, or leave out --follow.',
  });
  const searching = await refused((json) => {
    Object.assign(json, { detect_deletes: 'each_sync', audit: { config: {} } });
  });
  expect(searching).toEqual({
    code: 2,
    said:
      'ewallet-sync: `detect_deletes` has no use with replication_method CDC, which gives each deletion itself: leave it out. ' +
      'Rows that an earlier lost slot left behind are found by `ewallet-audit run --keys` and healed by `ewallet-audit repair`.',
  });
  const lossless = await refused((json) => {
    json.source = { config: { ...(json.source?.config as object), replication_method: { method: 'Lossless' } } };
  });
  expect(lossless).toEqual({
    code: 2,
    said: 'ewallet-sync: --follow needs a source that captures changes: set its replication_method to {"method": "CDC", "replication_slot": …, "publication": …}, or sync on a schedule with --every.',
  });
});
