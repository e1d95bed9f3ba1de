import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { commandPath, runCommand } from '../../support/command';
import { destinationConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { pipelineFindings } from '../../support/pipeline/pipeline-status';
import { walk } from '../../support/pipeline/remedy';
import { services } from '../../support/services';
import { BlackHole } from '../../support/sink/black-hole';
import { capture, capturedWallet, changes, errorOf, type CapturedWallet } from '../../support/source/captured-wallet';
import { ServerFamily, type WalletServer } from '../../support/source/replicated-wallet';
import { runWalletSource } from '../../support/source/wallet-source';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(300_000);

const isLong = process.env.EWALLET_LONG === '1';

/** A server of its own, as its settings are changed. */
let family: ServerFamily;
let server: WalletServer;
let wallet: CapturedWallet;

beforeAll(async () => {
  family = await ServerFamily.make();
  server = await family.start('wallet', { settings: { shared_buffers: '64MB', max_wal_size: '1GB' } });
});

afterAll(async () => {
  await family.end();
});

beforeEach(async () => {
  wallet = await capturedWallet(
    server.connection,
    `set synchronous_commit = local;
     create table payments (id bigint primary key, what text not null);
     insert into payments select i, 'copied' from generate_series(1, 20) i`,
  );
});

afterEach(async () => {
  jest.restoreAllMocks();
  await wallet.close();
});

async function setting(name: string, value: string | undefined): Promise<void> {
  await server.run(value === undefined ? `alter system reset ${name}` : `alter system set ${name} = '${value}'`);
  await server.run('select pg_reload_conf()');
}

const reread = { invalid_cdc_cursor_position_behavior: 'Re-read changed rows' };

/** Log of other databases: nothing of it is the publication's. */
async function foreignLog(megabytes: number): Promise<void> {
  const { admin } = wallet;
  for (let written = 0; written < megabytes; written += 50) {
    await admin.query(
      `select count(pg_logical_emit_message(false, 'foreign', repeat('x', 1000000))) from generate_series(1, 50)`,
    );
  }
}

async function slotIs(status: string): Promise<void> {
  await eventually(async () => {
    const { rows } = await wallet.admin.query('select wal_status from pg_replication_slots where slot_name = $1', [
      wallet.slot,
    ]);
    expect(rows).toEqual([{ wal_status: status }]);
  });
}

async function removeLog(): Promise<void> {
  await setting('max_slot_wal_keep_size', '1MB');
  await foreignLog(100);
  await wallet.admin.query('checkpoint');
  await slotIs('lost');
}

test('hundreds of megabytes of foreign log before the first wanted row neither end a sync early nor hold it up (airbyte#31312, #14932, #50435)', async () => {
  const config = wallet.config();
  const catalog = await wallet.catalog();
  const { state } = await capture(config, catalog, undefined);
  await foreignLog(isLong ? 3_000 : 300);
  await wallet.admin.query(`insert into payments values (21, 'behind it')`);
  const result = await capture(config, catalog, state);
  expect({ code: result.code, ids: changes(result).map(({ data }) => data.id) }).toEqual({ code: 0, ids: [21] });
  const { rows } = await wallet.admin.query<{ ahead: boolean }>('select $1::pg_lsn - $2::pg_lsn > 300000000 as ahead', [
    result.state?.global.shared_state.lsn,
    state?.global.shared_state.lsn,
  ]);
  expect(rows).toEqual([{ ahead: true }]);
});

test('the status names a lost slot, and what troubleshooting tells brings the rows that were written meanwhile', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-lost-slot-'));
  const topic = `${uniqueName('lost')}.{stream}`;
  const found = async (): Promise<readonly string[]> => pipelineFindings(path.join(directory, 'pipeline.json'));
  const write = async (file: string, content: unknown): Promise<void> =>
    writeFile(path.join(directory, file), JSON.stringify(content));
  await write('source.json', wallet.config());
  await write('sync.json', {
    source: { config_file: 'source.json' },
    destination: { config: destinationConfig(await services(), topic) },
    state_directory: 'state',
  });
  await write('pipeline.json', { ewallet: { config_file: 'source.json' }, sync: { config_file: 'sync.json' } });
  try {
    const config = path.join(directory, 'sync.json');
    expect((await runCommand('ewallet-sync', ['run', '--once', '--config', config])).code).toBe(0);
    await wallet.admin.query(`update payments set what = 'missed' where id = 3`);
    await removeLog();
    expect(await found()).toEqual(['slot-lost']);
    await setting('max_slot_wal_keep_size', undefined);
    await write('source.json', wallet.config({ ...reread, slot_creation: 'never' }));
    await walk('slot-lost', { directory, sql: wallet.admin, values: { slot: wallet.slot } });
    expect(await found()).toEqual([]);
    const { last_success } = JSON.parse(await readFile(path.join(directory, 'state/status.json'), 'utf8')) as {
      last_success: { records: number };
    };
    expect(last_success.records).toBe(1);
  } finally {
    await setting('max_slot_wal_keep_size', undefined);
    await rm(directory, { recursive: true });
  }
});

test('a slot whose log was removed is told with the setting; changed rows are read again where the user says so (powersync-service#554, spiceai#13221)', async () => {
  const config = wallet.config();
  const catalog = await wallet.catalog();
  const { state } = await capture(config, catalog, undefined);
  await wallet.admin.query(`update payments set what = 'missed' where id = 3`);
  try {
    await removeLog();
    const check = await runWalletSource('check', config);
    expect(check.messages.find((message) => message.connectionStatus)?.connectionStatus?.message).toContain(
      `The server invalidated replication slot ${wallet.slot} (invalidation_reason wal_removed): ` +
        'more log was written between two syncs than max_slot_wal_keep_size allows; raise it, or sync more often.',
    );
    const failed = await capture(config, catalog, state);
    expect({ code: failed.code, records: changes(failed), error: errorOf(failed) }).toMatchObject({
      code: 1,
      records: [],
      error: {
        failure_type: 'config_error',
        message: expect.stringContaining('(invalidation_reason wal_removed)') as string,
      },
    });
    const again = await capture(wallet.config(reread), catalog, state);
    expect({ code: again.code, error: errorOf(again) }).toEqual({ code: 0, error: undefined });
    expect(changes(again).map(({ data }) => [data.id, data.what])).toEqual([[3, 'missed']]);
    await wallet.admin.query('delete from payments where id = 4');
    const next = await capture(wallet.config(reread), catalog, again.state);
    expect(changes(next).map(({ data }) => [data.id, data._ab_cdc_deleted_at !== null])).toEqual([[4, true]]);
  } finally {
    await setting('max_slot_wal_keep_size', undefined);
  }
});

/** A destination that stalls at the first record: nothing more is taken until it is released. */
class StallingDestination {
  private release: () => void = () => undefined;
  private readonly released = new Promise<void>((resolve) => (this.release = resolve));
  private hasStalled = false;
  private stall: () => void = () => undefined;
  /** Resolves once it takes nothing more. */
  readonly stalled = new Promise<void>((resolve) => (this.stall = resolve));

  readonly untilTaken = async (chunk: Buffer): Promise<void> => {
    this.hasStalled ||= chunk.includes('"type":"RECORD"');
    if (!this.hasStalled) return;
    this.stall();
    await this.released;
  };

  takesAgain(): void {
    this.release();
  }
}

/** More than the sockets between server and source hold. */
const manyRows = `insert into payments select i, repeat('x', 1000) from generate_series(1000, 60000) i`;

/** A sync after a first one, of many rows, whose destination stalls at the first of them. A second of its clock is a tenth. */
async function stalledReading({ port, follow }: { readonly port?: number; readonly follow?: PassThrough } = {}) {
  const config = { ...wallet.config(), ...(port === undefined ? {} : { port }) };
  const catalog = await wallet.catalog();
  const { state } = await capture(config, catalog, undefined);
  await wallet.admin.query(manyRows);
  hurryClock();
  const destination = new StallingDestination();
  const { untilTaken } = destination;
  const reading = capture(config, catalog, state, { untilTaken, ...(follow === undefined ? {} : { follow }) });
  const again = (): ReturnType<typeof capture> => capture(config, catalog, state);
  return { destination, reading, again };
}

/** Resolves once the server waits for the source to read. */
async function senderIs(waitEvent: string): Promise<void> {
  await eventually(async () => {
    const { rows } = await wallet.admin.query(
      `select wait_event from pg_stat_activity join pg_replication_slots on active_pid = pid where slot_name = $1`,
      [wallet.slot],
    );
    expect(rows).toEqual([{ wait_event: waitEvent }]);
  });
}

/** A second of the source's clock takes a tenth of one. */
function hurryClock(): void {
  const now = performance.now.bind(performance);
  const began = now();
  jest.spyOn(performance, 'now').mockImplementation(() => began + (now() - began) * 10);
}

async function shortReports(): Promise<void> {
  await wallet.admin.query(
    `do $$ begin execute format('alter database %I set wal_sender_timeout = ''3s''', current_database()); end $$`,
  );
}

test.each(['a sync that ends', '--follow'])(
  'while its destination stalls, %s does not hold up a checkpoint that removes the slot’s log, and says why it ended',
  async (kind) => {
    await shortReports();
    const acknowledged = new PassThrough();
    const { destination, reading, again } = await stalledReading(kind === '--follow' ? { follow: acknowledged } : {});
    try {
      await senderIs('WalSenderWriteData');
      await setting('max_slot_wal_keep_size', '1MB');
      await foreignLog(100);
      // Not for ever, where the connection is not given up.
      await wallet.admin.query(`set statement_timeout = '120s'`);
      await wallet.admin.query('checkpoint');
      await wallet.admin.query('reset statement_timeout');
      await slotIs('lost');
      destination.takesAgain();
      const { code, ...result } = await reading;
      expect({ code, error: errorOf({ code, ...result }) }).toMatchObject({
        code: 1,
        error: {
          failure_type: 'transient_error',
          // The second where the server could write its last words at once, and they were lost with the connection.
          message: expect.stringMatching(
            `^(The server ended the replication connection, as slot ${wallet.slot} is further behind than max_slot_wal_keep_size allows: ` +
              'the destination has taken nothing for a while. Look at why it stalls, and raise the setting to what the disk can spare.' +
              `|Changes cannot be read any more: the server invalidated replication slot ${wallet.slot} \\(invalidation_reason wal_removed\\): .*)$`,
          ) as string,
        },
      });
      expect(errorOf(await again())).toMatchObject({
        failure_type: 'config_error',
        message: expect.stringContaining('(invalidation_reason wal_removed)') as string,
      });
    } finally {
      destination.takesAgain();
      acknowledged.end();
      await reading;
      await setting('max_slot_wal_keep_size', undefined);
    }
  },
);

test('a server shuts down while the destination stalls, and the next sync has every row', async () => {
  await shortReports();
  const { destination, reading, again } = await stalledReading();
  await senderIs('WalSenderWriteData');
  wallet.admin.on('error', () => undefined);
  const shutDown = server.stack.service('source').stop();
  try {
    await shutDown;
    destination.takesAgain();
    const result = await reading;
    expect({ code: result.code, error: errorOf(result) }).toMatchObject({
      code: 1,
      error: {
        failure_type: 'transient_error',
        message: expect.stringMatching(/shutting down|terminating connection due to administrator command/) as string,
      },
    });
  } finally {
    destination.takesAgain();
    await server.stack.service('source').start();
    await wallet.reconnect();
  }
  const next = await again();
  expect({ code: next.code, count: changes(next).length }).toEqual({ code: 0, count: 59_001 });
});

test('a slot that is lost during the first copy ends the sync with the setting, and no state says that the copy is complete', async () => {
  await wallet.admin.query(manyRows);
  const config = wallet.config();
  const catalog = await wallet.catalog();
  const destination = new StallingDestination();
  const { untilTaken } = destination;
  const reading = capture(config, catalog, undefined, { untilTaken });
  try {
    await eventually(async () => {
      const { rows } = await wallet.admin.query(
        `select wait_event from pg_stat_activity where application_name = 'source-ewallet' and wait_event = 'ClientWrite'`,
      );
      expect(rows).toHaveLength(1);
    });
    await removeLog();
    destination.takesAgain();
    const result = await reading;
    expect({ code: result.code, error: errorOf(result) }).toMatchObject({
      code: 1,
      error: {
        failure_type: 'transient_error',
        message:
          `Changes cannot be read any more: the server invalidated replication slot ${wallet.slot} (invalidation_reason wal_removed): ` +
          'more log was written between two syncs than max_slot_wal_keep_size allows; raise it, or sync more often.',
      },
    });
    expect(errorOf(await capture(config, catalog, result.state))).toMatchObject({
      failure_type: 'config_error',
      message: expect.stringContaining('(invalidation_reason wal_removed)') as string,
    });
    const again = await capture(wallet.config(reread), catalog, result.state);
    expect({ code: again.code, error: errorOf(again) }).toEqual({ code: 0, error: undefined });
    const all = [...changes(result), ...changes(again)].map(({ data }) => Number(data.id));
    expect(new Set(all).size).toBe(59_021);
  } finally {
    destination.takesAgain();
    await reading;
    await setting('max_slot_wal_keep_size', undefined);
  }
});

test('a slot that was idle for too long is told with its own setting', async () => {
  const config = wallet.config();
  const catalog = await wallet.catalog();
  const { state } = await capture(config, catalog, undefined);
  await setting('idle_replication_slot_timeout', '1s');
  try {
    await sleep(1_500);
    await wallet.admin.query('checkpoint');
    await slotIs('lost');
    expect(errorOf(await capture(config, catalog, state))?.message).toContain(
      '(invalidation_reason idle_timeout): no sync ran for longer than idle_replication_slot_timeout; raise it, or sync more often',
    );
  } finally {
    await setting('idle_replication_slot_timeout', undefined);
  }
});

test('a commit that synchronous replication holds is in the log before it is visible, and comes once (electric#2313, pipelinewise#929)', async () => {
  const { admin, slot } = wallet;
  await admin.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  const others = [await connectedTo(wallet.database), await connectedTo(wallet.database)];
  const isHeld = (count: number): Promise<void> =>
    eventually(async () => {
      const { rows } = await admin.query(
        `select count(*)::int as held from pg_stat_activity where wait_event = 'SyncRep'`,
      );
      expect(rows).toEqual([{ held: count }]);
    });
  const [first, second] = others as [Client, Client];
  // Commits wait once the checkpointer has read the setting, which is some time after the reload.
  const holdCommits = async (): Promise<void> => {
    await setting('synchronous_standby_names', 'nobody');
    await eventually(async () => {
      let isOver = false;
      const probe = second.query(`select pg_logical_emit_message(true, 'probe', '')`).then(() => (isOver = true));
      const { rows } = await eventually(async () => {
        const found = await admin.query(
          `select pg_cancel_backend(pid) as held from pg_stat_activity where wait_event = 'SyncRep'`,
        );
        if (!isOver && found.rows.length === 0) throw new Error('the probe has not come to its commit');
        return found;
      });
      await probe;
      expect(rows).toEqual([{ held: true }]);
    });
  };
  try {
    await holdCommits();
    const held = [first.query(`insert into payments values (21, 'held in the copy')`)];
    await isHeld(1);
    const config = wallet.config();
    const catalog = await wallet.catalog();
    const copying = capture(config, catalog, undefined);
    await sleep(1_000);
    await setting('synchronous_standby_names', undefined);
    await Promise.all(held);
    const copied = await copying;
    await holdCommits();
    held.push(second.query(`update payments set what = 'held in the stream' where id = 21`));
    await isHeld(1);
    const streamed = await capture(config, catalog, copied.state);
    await setting('synchronous_standby_names', undefined);
    await Promise.all(held);
    const last = await capture(config, catalog, streamed.state);
    const all = [copied, streamed, last].flatMap((result) => changes(result));
    expect(all.filter(({ data }) => data.id === 21).map(({ data }) => data.what)).toEqual([
      'held in the copy',
      'held in the stream',
    ]);
    expect(all).toHaveLength(22);
  } finally {
    await setting('synchronous_standby_names', undefined);
    for (const other of others) await other.end();
  }
});

test('a server that is frozen without a word is given up, also where wal_sender_timeout is 0 (outboxx#108, firezone#9828)', async () => {
  await wallet.admin.query(
    `do $$ begin execute format('alter database %I set wal_sender_timeout = 0', current_database()); end $$`,
  );
  const proxy = await BlackHole.before(wallet.database.host, wallet.database.port);
  const config = { ...wallet.config(), port: proxy.port };
  const catalog = await wallet.catalog();
  const { state } = await capture(config, catalog, undefined);
  const now = performance.now.bind(performance);
  const began = now();
  // A minute of silence is six seconds here.
  hurryClock();
  const acknowledged = new PassThrough();
  try {
    const following = capture(config, catalog, state, {
      follow: acknowledged,
      onLine: (line) => {
        if (line.startsWith('{"type":"RECORD"')) proxy.swallow();
      },
    });
    await sleep(1_500);
    await wallet.admin.query(`insert into payments values (21, 'the last word')`);
    const result = await following;
    expect({ code: result.code, error: errorOf(result) }).toMatchObject({
      code: 1,
      error: {
        failure_type: 'transient_error',
        message: expect.stringMatching(
          /^The server has been silent on the replication connection for \d+ s\.$/,
        ) as string,
      },
    });
    expect(now() - began).toBeLessThan(110_000);
  } finally {
    acknowledged.end();
    proxy.close();
  }
});

test('a server that freezes while its changes wait for the destination is given up too', async () => {
  const proxy = await BlackHole.before(wallet.database.host, wallet.database.port);
  const acknowledged = new PassThrough();
  const { destination, reading } = await stalledReading({ port: proxy.port, follow: acknowledged });
  try {
    await destination.stalled;
    proxy.swallow();
    // The source asks the server how far it is before it reads on.
    await sleep(1_500);
    destination.takesAgain();
    expect(errorOf(await reading)).toMatchObject({
      failure_type: 'transient_error',
      message: expect.stringMatching(
        /^The server has been silent on the replication connection for \d+ s\.$/,
      ) as string,
    });
  } finally {
    destination.takesAgain();
    acknowledged.end();
    proxy.close();
  }
});

test('a stalled destination costs no connection where the server is well, and gets every row', async () => {
  await shortReports();
  const { destination, reading } = await stalledReading();
  await senderIs('WalSenderWriteData');
  // Longer than wal_sender_timeout, and several looks at the server.
  await sleep(4_000);
  destination.takesAgain();
  const result = await reading;
  expect({ code: result.code, error: errorOf(result), count: changes(result).length }).toEqual({
    code: 0,
    error: undefined,
    count: 59_001,
  });
});

test('a dropped publication, a table that left it, a dropped table and a second reader of the slot are each told with what to do (airbyte#38303, #27325)', async () => {
  const { admin, slot, database } = wallet;
  await admin.query(`create table fees (id int primary key); create table tips (id int primary key);
    drop publication wallet; create publication wallet for table payments, fees, tips`);
  const config = wallet.config();
  const catalog = await wallet.catalog(['payments', 'fees', 'tips']);
  const { state } = await capture(config, catalog, undefined);
  const messageOf = async (): Promise<unknown> => {
    const { failure_type: kind, message } = errorOf(await capture(config, catalog, state)) ?? {};
    return { kind, message };
  };
  await admin.query('insert into payments values (21, $$before$$); alter publication wallet drop table fees');
  expect(await messageOf()).toEqual({
    kind: 'config_error',
    message: 'Table public.fees is not in the publication: ALTER PUBLICATION "wallet" ADD TABLE "public"."fees";',
  });
  await admin.query('alter publication wallet add table fees; drop table tips');
  expect(await messageOf()).toEqual({
    kind: 'config_error',
    message:
      'Table public.tips is gone, or is no table: refresh the schema, or leave the stream out of the connection.',
  });
  await admin.query('create table tips (id int primary key); drop publication wallet');
  expect(await messageOf()).toEqual({
    kind: 'config_error',
    message:
      `There is no publication wallet in database ${database.database}: ` +
      'CREATE PUBLICATION "wallet" FOR ALL TABLES WITH (publish_via_partition_root = true); ' +
      '(as a superuser; or FOR TABLE and the tables to read, as their owner).',
  });
  // Nothing was lost by any of it: the log has what the publication of now publishes.
  await admin.query('create publication wallet for table payments, fees, tips');
  const stopped = new PassThrough();
  const reader = capture(config, catalog, state, { follow: stopped });
  await eventually(async () => {
    const { rows } = await admin.query('select active from pg_replication_slots where slot_name = $1', [slot]);
    expect(rows).toEqual([{ active: true }]);
  });
  expect(await messageOf()).toEqual({
    kind: 'transient_error',
    message: expect.stringMatching(
      new RegExp(
        `^Replication slot ${slot} is in use by process \\d+ of the server: end that one, or give this connection`,
      ),
    ) as string,
  });
  stopped.end();
  expect(changes(await reader).map(({ data }) => data.id)).toEqual([21]);
});

test('the memory of a transaction’s changes does not grow with their number (materialize#6827, mono#4075)', async () => {
  const config = wallet.config();
  const catalog = await wallet.catalog();
  const { state } = await capture(config, catalog, undefined);
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-large-'));
  const sizes = isLong ? [1_000_000, 10_000_000] : [50_000, 500_000];
  const peaks: number[] = [];
  try {
    for (const [name, value] of Object.entries({ config, catalog, state: [state] })) {
      await writeFile(path.join(directory, name), JSON.stringify(value));
    }
    let first = 1_000;
    for (const size of sizes) {
      await wallet.admin.query(`delete from payments where id >= 1000`);
      const { rows } = await wallet.admin.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
      const at = structuredClone(state);
      Object.assign(at?.global.shared_state ?? {}, { lsn: rows[0]?.lsn });
      await writeFile(path.join(directory, 'state'), JSON.stringify([at]));
      await wallet.admin.query(
        `insert into payments select i, 'one of many' from generate_series($1::int, $2::int) i`,
        [first, first + size - 1],
      );
      first += size;
      const { peak, records, code } = await peakOf(directory);
      expect({ code, records }).toEqual({ code: 0, records: size });
      peaks.push(peak);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const [small = 0, large = 0] = peaks;
  console.log(`peak resident memory: ${small} MB for ${sizes[0]} rows, ${large} MB for ${sizes[1]}`);
  expect(large).toBeLessThan(300);
  expect(large - small).toBeLessThan(60);
});

/** Runs the installed program, and gives the most memory in MB that it had resident. */
async function peakOf(directory: string): Promise<{ peak: number; records: number; code: number | null }> {
  const files = ['config', 'catalog', 'state'].flatMap((name) => [`--${name}`, path.join(directory, name)]);
  const child = spawn(commandPath('source-ewallet'), ['read', ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let peak = 0;
  let records = 0;
  const look = setInterval(() => {
    const status = readFileSync(`/proc/${child.pid}/status`, { encoding: 'utf8', flag: 'r' });
    peak = Math.max(peak, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
  }, 50);
  const needle = Buffer.from('"type":"RECORD"');
  let rest = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let at = bytes.indexOf(needle);
    let end = 0;
    for (; at !== -1; at = bytes.indexOf(needle, end)) {
      records += 1;
      end = at + needle.length;
    }
    rest = bytes.subarray(Math.max(end, bytes.length - needle.length + 1));
  }
  clearInterval(look);
  const [code] = (await closed) as [number | null];
  return { peak: Math.round(peak), records, code };
}
