import { startStack, type RunningStack } from '@ewallet/local-stack';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
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

const started: RunningStack[] = [];
let dir: string;
let primary: RunningStack;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-source-history-'));
  await chmod(dir, 0o711); // PostgreSQL's user, when this runs as root, has to get to its files
  primary = await server('primary');
  await execute(
    primary,
    `create table payments (id int generated always as identity primary key, version uuid default gen_random_uuid(),
       updated_at timestamptz default now());
     insert into payments select from generate_series(1, 500);
     analyze payments;`,
  );
});

afterAll(async () => {
  for (const stack of started) await stack.stop();
  await rm(dir, { recursive: true, force: true });
});

async function server(name: string, options: Parameters<typeof startStack>[0]['source'] = {}): Promise<RunningStack> {
  const stack = await startStack({ dir: path.join(dir, name), only: ['source'], source: options });
  started.push(stack);
  return stack;
}

/** What a disk snapshot or a file copy of a stopped server is: the whole data directory. */
async function copyOfStopped(stack: RunningStack, name: string): Promise<void> {
  const target = path.join(dir, name, 'source');
  await mkdir(target, { recursive: true });
  await promisify(execFile)('cp', ['-a', path.join(stack.dir, 'source', 'data'), target]);
}

async function execute(stack: RunningStack, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = await connectedTo(stack.connections.source);
  try {
    const answer = await client.query<Record<string, unknown>>(sql);
    return Array.isArray(answer) ? [] : answer.rows;
  } finally {
    await client.end();
  }
}

/** Each in a transaction of its own, so that transaction ids are used up. */
async function insertOneByOne(stack: RunningStack, count: number, updatedAt = 'now()'): Promise<void> {
  await execute(
    stack,
    `do $$ begin for i in 1..${count} loop insert into payments (updated_at) values (${updatedAt}); commit; end loop; end $$`,
  );
}

async function sync(stack: RunningStack, state: readonly StreamState[]): Promise<RunResult> {
  const config = sourceConfig(stack.connections.source, { recovery_look_back_seconds: 3600 });
  const result = await runWalletSource('read', config, await configuredCatalog(config, 'incremental', ['payments']), {
    state,
  });
  expect({ code: result.code, errors: result.messages.flatMap(({ trace }) => trace?.error ?? []) }).toEqual({
    code: 0,
    errors: [],
  });
  return result;
}

const versions = (rows: readonly Record<string, unknown>[]): readonly string[] =>
  rows.map(({ id, version }) => `${String(id)} ${String(version)}`).sort();

/** Rows of the server that neither the syncs before nor this one gave. */
async function lost(stack: RunningStack, given: readonly RunResult[]): Promise<readonly string[]> {
  const landed = new Set(given.flatMap((result) => versions(records(result))));
  return versions(await execute(stack, 'select id, version from payments')).filter((row) => !landed.has(row));
}

test('a server that was merely started again is recognised by rows that are as they were: nothing comes twice', async () => {
  const first = await sync(primary, []);
  expect(records(first)).toHaveLength(500);
  await primary.service('source').stop();
  await primary.service('source').start();
  await insertOneByOne(primary, 3);
  // The newest rows are written again, as a payment is that completes: older ones have to vouch for the history.
  await execute(primary, 'update payments set version = gen_random_uuid() where id > 501');
  const second = await sync(primary, lastStates(first));
  expect({ warnings: warnings(second), versions: versions(records(second)) }).toEqual({
    warnings: [],
    versions: versions(await execute(primary, 'select id, version from payments where id > 500')),
  });
  await primary.service('source').kill();
  await primary.service('source').start();
  const third = await sync(primary, lastStates(second));
  expect({ warnings: warnings(third), records: records(third) }).toEqual({ warnings: [], records: [] });
});

describe('of a copy of the server as it was, with another future', () => {
  let before: RunResult;
  let state: readonly StreamState[];
  let landed: readonly RunResult[];

  beforeAll(async () => {
    before = await sync(primary, []);
    await primary.service('source').stop();
    await copyOfStopped(primary, 'behind');
    await copyOfStopped(primary, 'overtaken');
    await copyOfStopped(primary, 'standby');
    await primary.service('source').start();
    await insertOneByOne(primary, 40);
    const after = await sync(primary, lastStates(before));
    state = lastStates(after);
    landed = [before, after];
  });

  test('a restored backup whose transaction ids lie behind is told, and what was written after the fork is read, whatever its cursor', async () => {
    const restored = await server('behind');
    await insertOneByOne(restored, 5, `'2001-01-01'`);
    const result = await sync(restored, state);
    expect(warnings(result)).toEqual([
      expect.stringMatching(
        /^Stream public\.payments continues: the server was restored from a backup \(its next transaction is \d+, the state knows \d+\), but its rows are as they were up to transaction \d+\. What was written later is read\. Rows that are here as they were before they were sent do not come again: refresh the stream to have them right\.$/,
      ),
    ]);
    expect(await lost(restored, [...landed, result])).toEqual([]);
    await restored.stop();
  });

  test('a restored backup that has overtaken the state is told by rows that are not as they were, and nothing of it is lost', async () => {
    const restored = await server('overtaken');
    await insertOneByOne(restored, 120, `'2001-01-01'`);
    const result = await sync(restored, state);
    expect(warnings(result)).toEqual([
      expect.stringMatching(
        /^Stream public\.payments continues: the server was started again \(.*\), so it may be a copy of an earlier time, but its rows are as they were up to transaction \d+\. What was written later is read\. Rows that are here as they were before they were sent do not come again: refresh the stream to have them right\.$/,
      ),
    ]);
    expect(await lost(restored, [...landed, result])).toEqual([]);
    const next = await sync(restored, lastStates(result));
    expect({ warnings: warnings(next), records: records(next) }).toEqual({ warnings: [], records: [] });
    await restored.stop();
  });

  test('a streaming standby gives what the primary would, and once promoted is told apart, and nothing is lost', async () => {
    const { host, port, username, password } = primary.connections.source;
    const standby = await server('standby', {
      settings: { primary_conninfo: `host=${host} port=${port} user=${username} password=${password}` },
      files: { 'standby.signal': '' },
    });
    const replayed = async (): Promise<void> => {
      const [wanted] = await execute(primary, 'select pg_current_wal_lsn()::text as lsn');
      await eventually(async () => {
        const [found] = await execute(
          standby,
          `select pg_last_wal_replay_lsn() >= '${String(wanted?.lsn)}'::pg_lsn as done`,
        );
        expect(found).toEqual({ done: true });
      });
    };
    await replayed();
    const same = await sync(standby, state);
    expect({ warnings: warnings(same), records: records(same) }).toEqual({ warnings: [], records: [] });
    await insertOneByOne(primary, 2);
    await replayed();
    const two = await sync(standby, lastStates(same));
    expect({ warnings: warnings(two), count: records(two).length }).toEqual({ warnings: [], count: 2 });

    const check = await runWalletSource('check', sourceConfig(standby.connections.source));
    expect(warnings(check)).toEqual([
      'The server is a standby that cancels reads after max_standby_streaming_delay = 30s: ' +
        'set hot_standby_feedback = on there, or raise it above the longest sync.',
    ]);
    expect(check.messages.at(-1)?.connectionStatus).toEqual({ status: 'SUCCEEDED' });

    await execute(primary, 'create unlogged table sessions (id int primary key)');
    await replayed();
    const withUnlogged = await runWalletSource('check', sourceConfig(standby.connections.source));
    expect(warnings(withUnlogged)[0]).toBe(
      'Table public.sessions is left out: a standby has no rows of unlogged tables. Connect to the primary to read it.',
    );
    const offered = await configuredCatalog(sourceConfig(standby.connections.source), 'incremental');
    expect(offered.streams.map(({ stream }) => (stream as { name: string }).name)).toEqual(['payments']);
    const asOnPrimary = await configuredCatalog(sourceConfig(primary.connections.source), 'incremental', ['sessions']);
    const refused = await runWalletSource('read', sourceConfig(standby.connections.source), asOnPrimary);
    expect({
      code: refused.code,
      error: refused.messages.flatMap(({ trace }) => trace?.error?.message ?? [])[0],
    }).toEqual({
      code: 1,
      error:
        'Table public.sessions has no rows here: a standby has none of unlogged tables. Connect to the primary, or leave the stream out.',
    });

    await primary.stop();
    await execute(standby, 'select pg_promote()');
    await insertOneByOne(standby, 4);
    const promoted = await sync(standby, lastStates(two));
    expect(warnings(promoted)).toEqual([
      expect.stringContaining('the server was restored from a backup or failed over (timeline 2, the state is of 1)'),
    ]);
    expect(await lost(standby, [...landed, same, two, promoted])).toEqual([]);
    const next = await sync(standby, lastStates(promoted));
    expect({ warnings: warnings(next), records: records(next) }).toEqual({ warnings: [], records: [] });
  });
});
