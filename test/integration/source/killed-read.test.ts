import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { commandPath } from '../../support/command';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { configuredCatalog, type Message, type StreamState } from '../../support/source/wallet-source';

jest.setTimeout(240_000);

const rows = 60_000;
let database: FreshDatabase;
let admin: Client;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-source-killed-'));
  database = await freshDatabase((await services()).source, 'killed');
  admin = await connectedTo(database);
  await admin.query(`
    create table payments (id int primary key, version int not null, memo text, updated_at timestamptz default now());
    insert into payments select g, 1, repeat('x', 100) from generate_series(1, ${rows}) g;
    analyze payments;`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly messages: readonly Message[];
}

/** Reads with the built command; `signal` is sent once `after` bytes were written. What follows the last whole line is lost. */
async function read(
  states: readonly StreamState[],
  stop?: { readonly signal: NodeJS.Signals; readonly after: number },
): Promise<Ended> {
  const config = sourceConfig(database, { checkpoint_rows: 2_000 });
  const file = async (name: string, value: unknown): Promise<string> => {
    await writeFile(path.join(dir, name), JSON.stringify(value));
    return path.join(dir, name);
  };
  const catalog = await file('catalog', await configuredCatalog(config, 'incremental'));
  const args = ['read', '--config', await file('config', config), '--catalog', catalog];
  const child = spawn(commandPath('source-ewallet'), [...args, '--state', await file('state', states)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (stop !== undefined && size >= stop.after && !child.killed) child.kill(stop.signal);
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve([child.exitCode, child.signalCode]);
    else
      child.once('exit', (...how) => {
        resolve(how);
      });
  });
  const lines = Buffer.concat(chunks).toString('utf8').split('\n').slice(0, -1);
  return { code, signal, messages: lines.map((line) => JSON.parse(line) as Message) };
}

/** What a platform keeps: the records before the last state, and that state. */
function kept(run: Ended, before: readonly StreamState[]): { states: readonly StreamState[]; ids: readonly string[] } {
  const last = run.messages.findLastIndex(({ type }) => type === 'STATE');
  const state = run.messages[last]?.state;
  const ids = run.messages
    .slice(0, last + 1)
    .flatMap(({ record }) =>
      record === undefined ? [] : [`${String(record.data.id)}:${String(record.data.version)}`],
    );
  return { states: state === undefined ? before : [state], ids };
}

async function wanted(): Promise<readonly string[]> {
  const found = await admin.query<{ row: string }>(`select id || ':' || version as row from payments`);
  return found.rows.map(({ row }) => row);
}

test('killed with SIGKILL at random moments and resumed from its last STATE, no row version is lost', async () => {
  const seed = Number(process.env.EWALLET_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (EWALLET_TEST_SEED)`);
  const random = generator(seed);
  let states: readonly StreamState[] = [];
  const landed: string[] = [];
  let killed = 0;
  for (let round = 0; round < 6; round += 1) {
    const run = await read(states, { signal: 'SIGKILL', after: Math.floor(random() * 4_000_000) });
    if (run.signal === 'SIGKILL') killed += 1;
    const { states: next, ids } = kept(run, states);
    states = next;
    landed.push(...ids);
    // Rows that were passed already, and rows still to come, are written again between two attempts.
    await admin.query('update payments set version = version + 1, updated_at = now() where id % 997 = $1', [round]);
  }
  const last = await read(states);
  expect({ code: last.code, signal: last.signal }).toEqual({ code: 0, signal: null });
  landed.push(...kept(last, states).ids);
  expect(killed).toBeGreaterThan(0);
  const got = new Set(landed);
  expect((await wanted()).filter((row) => !got.has(row))).toEqual([]);
  expect(landed).toHaveLength(got.size);
});

test('SIGTERM ends with exit code 143 behind a state from which nothing is lost and nothing doubled', async () => {
  const stopped = await read([], { signal: 'SIGTERM', after: 1 });
  expect({ code: stopped.code, signal: stopped.signal }).toEqual({ code: 143, signal: null });
  const last = stopped.messages.findLastIndex(({ type }) => type === 'STATE');
  expect(stopped.messages.slice(last + 1).filter(({ type }) => type === 'RECORD')).toEqual([]);
  const first = kept(stopped, []);
  const rest = kept(await read(first.states), first.states);
  expect(first.ids.length).toBeLessThan(rows);
  expect([...first.ids, ...rest.ids].sort()).toEqual([...(await wanted())].sort());
});

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
