import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { commandPath, runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
import { standInConnectors } from './stand-in-connectors';

jest.setTimeout(60_000);

let directory: string;
let connectors: { source: string[]; destination: string[] };

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-sync-test-'));
  connectors = await standInConnectors(directory);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function configure(source: object, destination: object, more: object = {}): Promise<string> {
  const file = path.join(directory, 'sync.json');
  const config = {
    state_directory: 'state',
    source: { command: connectors.source, config: { runs: path.join(directory, 'runs'), ...source } },
    destination: {
      command: connectors.destination,
      config: { log: path.join(directory, 'landed'), died: path.join(directory, 'died'), ...destination },
    },
    retries: 3,
    backoff_seconds: 0.01,
    ...more,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

const run = (config: string, env: Readonly<Record<string, string>> = {}) =>
  runCommand('ewallet-sync', ['run', '--config', config, '--log-format', 'json'], { env });

async function stateFile(): Promise<{ sync_id: number; unfinished: boolean; states: Record<string, unknown> }> {
  return JSON.parse(await readFile(path.join(directory, 'state', 'state.json'), 'utf8')) as Awaited<
    ReturnType<typeof stateFile>
  >;
}

function batchOf(state: unknown): number {
  return (state as { stream: { stream_state: { batch: number } } }).stream.stream_state.batch;
}

async function landed(): Promise<number[]> {
  return (await readFile(path.join(directory, 'landed'), 'utf8')).trim().split('\n').map(Number);
}

test('a sync reports what was acknowledged, keeps the state, and the next one finds nothing new', async () => {
  const config = await configure({ streams: ['users', 'wallets'] }, {});
  const first = await run(config);
  expect({ code: first.code, result: JSON.parse(first.stdout) as unknown }).toEqual({
    code: 0,
    result: {
      sync: 1,
      status: 'succeeded',
      attempts: 1,
      streams: { 'public.users': 30, 'public.wallets': 30 },
      records: 60,
      seconds: expect.any(Number) as number,
    },
  });
  const second = await run(config);
  expect(JSON.parse(second.stdout)).toMatchObject({ sync: 2, status: 'succeeded', records: 0 });
  expect(await landed()).toHaveLength(60);
  expect((await stateFile()).unfinished).toBe(false);
});

test('a transient error is tried again from the last acknowledged state, and no record is sent twice', async () => {
  const config = await configure({ failure: 'transient_error', failures: 1, batches: 4 }, {});
  const { code, stdout } = await run(config);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ sync: 1, attempts: 2, records: 40 });
  expect(await landed()).toEqual(Array.from({ length: 40 }, (_, index) => index + 10));
});

test('a source killed without a word keeps what was acknowledged and is tried again', async () => {
  const { code, stdout } = await run(await configure({ failure: 'crash', failures: 2, batches: 5 }, {}));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ attempts: 2, records: 50 });
});

test('a destination killed in the middle does not hang the source, and its records come again', async () => {
  const config = await configure({ batches: 20, width: 100_000 }, { dieAfter: 55 });
  const { code, stdout } = await run(config);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ attempts: 2 });
  expect(new Set(await landed()).size).toBe(200);
  expect(batchOf((await stateFile()).states['public.users'])).toBe(20);
});

test('an error that only the user can mend ends it at once with exit code 2 and the connector’s own words', async () => {
  const { code, stderr, stdout } = await run(await configure({ failure: 'config_error', failures: 9 }, {}));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('ewallet-sync: the config_error of the stand-in\n');
  expect(await readFile(path.join(directory, 'runs'), 'utf8')).toBe('.');
});

test('after the last attempt it ends with exit code 1, and the next run continues the same sync', async () => {
  const config = await configure({ failure: 'transient_error', failures: 1, batches: 4 }, {}, { retries: 0 });
  expect((await run(config)).code).toBe(1);
  expect(await stateFile()).toMatchObject({ sync_id: 1, unfinished: true });
  expect(JSON.parse((await run(config)).stdout)).toMatchObject({ sync: 1, records: 20 });
});

test('a destination that wrote fewer records than the source counted fails the sync, and the state is not kept', async () => {
  const { code, stderr } = await run(await configure({}, { lose: 15 }, { retries: 0 }));
  expect(code).toBe(1);
  expect(stderr).toContain(
    'ewallet-sync: Records of public.users do not add up: the source counted 10 before a state, the destination wrote 9 and rejected 0.\n',
  );
  expect(batchOf((await stateFile()).states['public.users'])).toBe(1);
});

test('a destination that acknowledges nothing fails the sync', async () => {
  const { code, stderr } = await run(await configure({}, { silent: true }, { retries: 0 }));
  expect(code).toBe(1);
  expect(stderr).toContain('The destination ended without acknowledging states of public.users (3).');
  expect((await stateFile()).states).toEqual({});
});

test('what is not a message is logged and goes no further', async () => {
  const { code, stderr } = await run(await configure({ print: 'Debugger attached.' }, {}));
  expect(code).toBe(0);
  expect(stderr).toContain('"event":"source wrote what is not a message","text":"Debugger attached."');
});

test('SIGTERM ends a sync with exit code 143 and a state to continue from; nothing runs on', async () => {
  const config = await configure({ batches: 1_000, slow: 30 }, {});
  const child = spawn(commandPath('ewallet-sync'), ['run', '--config', config]);
  const closed = once(child, 'close');
  await eventually(async () => {
    expect(batchOf((await stateFile()).states['public.users'])).toBeGreaterThan(3);
  });
  child.kill('SIGTERM');
  expect(await closed).toEqual([143, null]);
  const stopped = await stateFile();
  expect(stopped.unfinished).toBe(true);
  // Everything that reached the destination's acknowledgement is in the state.
  expect(batchOf(stopped.states['public.users'])).toBe(Math.floor((await landed()).length / 10));
  expect(await readdir(path.join(directory, 'state'))).toEqual(['state.json', 'status.json']);
});

test('two syncs of a connection never overlap: the second one ends with exit code 3', async () => {
  const config = await configure({ batches: 1_000, slow: 30 }, {});
  const first = spawn(commandPath('ewallet-sync'), ['run', '--config', config]);
  const closed = once(first, 'close');
  await eventually(async () => {
    expect(batchOf((await stateFile()).states['public.users'])).toBeGreaterThan(0);
  });
  const second = await run(config);
  first.kill('SIGTERM');
  await closed;
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(
    `Another sync of this connection is running (process ${first.pid} on ${hostname()}, lock ${directory}/state/lock). Wait for it to end.`,
  );
});

test('the lock of a sync that was killed is taken over at once, also where its process id is in use again', async () => {
  const config = await configure({}, {});
  expect((await run(config)).code).toBe(0);
  const lock = path.join(directory, 'state', 'lock');
  for (const pid of [999_999_999, process.pid]) {
    await writeFile(lock, JSON.stringify({ pid, host: hostname(), started: '1', id: 'x' }));
    expect((await run(config)).code).toBe(0);
  }
  expect(await readdir(path.join(directory, 'state'))).toEqual(['state.json', 'status.json']);
});

test('a schedule syncs again and again, survives a failing sync, and ends with exit code 0 on SIGTERM', async () => {
  const config = await configure({ failure: 'transient_error', failures: 1 }, {}, { retries: 0 });
  const child = spawn(commandPath('ewallet-sync'), ['run', '--config', config, '--every', '1s']);
  const closed = once(child, 'close');
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  await eventually(() => {
    expect(stdout.split('\n').length).toBeGreaterThan(2);
  });
  child.kill('SIGTERM');
  expect((await closed)[0]).toBe(stdout.includes('"stopped"') ? 143 : 0);
  const syncs = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { sync: number }).sync);
  expect(syncs.slice(0, 2)).toEqual([1, 2]);
});

test('configurations with secrets are where only their owner can go, and are gone afterwards', async () => {
  const config = await configure({}, {});
  const temporary = await mkdtemp(path.join(directory, 'tmp-'));
  expect((await run(config, { TMPDIR: temporary })).code).toBe(0);
  expect([await readdir(temporary), await readdir(path.join(directory, 'state'))]).toEqual([
    [],
    ['state.json', 'status.json'],
  ]);
});

test('a sync killed with SIGKILL leaves no connector and no file with a secret, and the next run works at once', async () => {
  // A source that says nothing more does not notice that nobody reads it.
  const config = await configure({ batches: 2, hang: true, password: 'a secret' }, {});
  const child = spawn(commandPath('ewallet-sync'), ['run', '--config', config]);
  const closed = once(child, 'close');
  await eventually(async () => {
    expect(batchOf((await stateFile()).states['public.users'])).toBe(2);
  });
  const [attempt = ''] = (await readdir(path.join(directory, 'state'))).filter((name) => name.startsWith('attempt'));
  expect(await readFile(path.join(directory, 'state', attempt, 'files', 'source.json'), 'utf8')).toContain('a secret');
  expect((await stat(path.join(directory, 'state', attempt))).mode & 0o777).toBe(0o700);
  expect(connectorsRunning()).toHaveLength(2);
  child.kill('SIGKILL');
  await closed;
  await eventually(async () => {
    expect(connectorsRunning()).toEqual([]);
    expect(await readdir(path.join(directory, 'state'))).toEqual(['lock', 'state.json', 'status.json']);
  });
  expect((await run(await configure({}, {}))).code).toBe(0);
  expect(await readdir(path.join(directory, 'state'))).toEqual(['state.json', 'status.json']);
});

test('configurations that a sync left whose machine stopped are removed by the next run', async () => {
  const state = path.join(directory, 'state');
  for (const name of ['attempt', 'attempt-7d1c']) {
    await mkdir(path.join(state, name, 'files'), { recursive: true });
    await writeFile(path.join(state, name, 'files', 'source.json'), '{"password":"a secret"}');
  }
  expect((await run(await configure({}, {}))).code).toBe(0);
  expect(await readdir(state)).toEqual(['state.json', 'status.json']);
});

/** Command lines of the stand-ins of this test that run. A zombie has ended. */
function connectorsRunning(): readonly string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  const stand = [connectors.source, connectors.destination].map((command) => command.at(-1) ?? '');
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('Z') && stand.some((program) => line.includes(` ${program} `)));
}

test.each([
  ['{', 'is not JSON (line 1, column 2). YAML is not read: write it as JSON.'],
  ['{"source":1}', '`source` must be a JSON object.'],
])('configuration %s ends with exit code 2', async (text, message) => {
  const file = path.join(directory, 'broken.json');
  await writeFile(file, text);
  const { code, stderr } = await run(file);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
