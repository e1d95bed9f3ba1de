import { SERVICE_NAMES, startStack, type StackConnections } from '@ewallet/local-stack';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { commandPath, PROJECT_ROOT, runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';

jest.setTimeout(240_000);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-stack-test-'));
});
afterEach(async () => {
  await runCommand('local-stack', ['down', '--purge', '--dir', dir]);
  await rm(dir, { recursive: true, force: true });
});

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const url = ({ username, password, host, port, database }: StackConnections['source']): string =>
  `postgresql://${username}:${password}@${host}:${port}/${database}`;

interface State {
  readonly services: readonly { readonly name: string; readonly process?: { readonly pid: number } }[];
}

async function pids(): Promise<number[]> {
  const state = JSON.parse(await readFile(path.join(dir, 'stack.json'), 'utf8')) as State;
  return state.services.flatMap((service) => service.process?.pid ?? []);
}

async function byName(): Promise<Record<string, number | undefined>> {
  const state = JSON.parse(await readFile(path.join(dir, 'stack.json'), 'utf8')) as State;
  return Object.fromEntries(state.services.map(({ name, process: at }) => [name, at?.pid]));
}

/** A zombie has ended: where nothing reaps orphans, as in many containers, it keeps its pid. */
function runs(pid: number | undefined): boolean {
  return /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
}

test('up --json --detach prints the connections, a second up finds the same stack, down ends it and keeps the data', async () => {
  const up = await runCommand('local-stack', ['up', '--json', '--detach', '--dir', dir]);
  expect({ code: up.code, lines: up.stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 1 });
  const connections = JSON.parse(up.stdout) as StackConnections;
  const shape = up.stdout.replaceAll(/127\.0\.0\.1:\d+/g, 'H:N').replaceAll(/"port":\d+/g, '"port":N');
  expect(shape).toBe(
    '{"source":{"host":"127.0.0.1","port":N,"database":"wallet","username":"ewallet","password":"ewallet"},' +
      '"warehouse":{"host":"127.0.0.1","port":N,"database":"warehouse","username":"ewallet","password":"ewallet"},' +
      '"kafka":{"bootstrapServers":"H:N"},"schemaRegistry":{"url":"http://H:N/apis/ccompat/v7"}}\n',
  );
  await query(url(connections.source), 'create table kept as select 42 as answer');
  const registered = await fetch(`${connections.schemaRegistry.url}/subjects/kept/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: '"string"' }),
  });
  expect(await registered.json()).toEqual({ id: 1 });

  const again = await runCommand('local-stack', ['up', '--json', '--detach', '--dir', dir]);
  expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 0, stdout: up.stdout });
  const status = await runCommand('local-stack', ['status', '--dir', dir]);
  expect(status.stdout.replaceAll(/\d+/g, 'N').split('\n')).toEqual([
    'source          runs, pid N',
    'warehouse       runs, pid N',
    'kafka           runs, pid N',
    'schemaRegistry  runs, pid N',
    '',
  ]);
  const started = await pids();
  const down = await runCommand('local-stack', ['down', '--dir', dir]);
  expect({ code: down.code, left: started.filter(runs) }).toEqual({ code: 0, left: [] });
  const stopped = await runCommand('local-stack', ['status', '--dir', dir]);
  expect({ code: stopped.code, stderr: stopped.stderr }).toEqual({
    code: 1,
    stderr: `local-stack: no stack runs in ${dir}\n`,
  });

  const restarted = await runCommand('local-stack', ['up', '--json', '--detach', '--dir', dir]);
  expect(restarted.stdout).toBe(up.stdout);
  expect(await query(url(connections.source), 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect(await (await fetch(`${connections.schemaRegistry.url}/schemas/ids/1`)).json()).toMatchObject({
    schema: '"string"',
  });
});

test('up in the foreground takes every service down with it on Ctrl-C', async () => {
  const up = spawn(commandPath('local-stack'), ['up', '--dir', dir], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise<number | null>((resolve) => up.once('close', resolve));
  await new Promise((resolve) => up.stdout.once('data', resolve));
  const started = await pids();
  expect(started.filter(runs)).toHaveLength(SERVICE_NAMES.length);
  up.kill('SIGINT');
  expect(await closed).toBe(0);
  expect(started.filter(runs)).toEqual([]);
});

test('up starts only what died, and ends all of it with the stack', async () => {
  const up = await runCommand('local-stack', ['up', '--json', '--detach', '--dir', dir]);
  const before = await byName();
  process.kill(before.source ?? 0, 'SIGKILL');
  const again = await runCommand('local-stack', ['up', '--json', '--detach', '--dir', dir]);
  expect({ code: again.code, stdout: again.stdout, stderr: again.stderr }).toEqual({
    code: 0,
    stdout: up.stdout,
    stderr: `starting again: source\na stack runs in ${dir} already\n`,
  });
  const after = await byName();
  expect({ ...after, source: 0 }).toEqual({ ...before, source: 0 });
  expect(after.source).not.toBe(before.source);
  expect(await query(url((JSON.parse(up.stdout) as StackConnections).source), 'select 1 as one')).toEqual([{ one: 1 }]);
  const other = await runCommand('local-stack', ['up', '--detach', '--dir', dir, '--registry-port', '1234']);
  expect({ code: other.code, stderr: other.stderr.replace(/port \d+ and/, 'port N and') }).toEqual({
    code: 1,
    stderr: `local-stack: a stack runs in ${dir} already, with port N and not 1234 for registry: leave --registry-port out, or end it with "local-stack down --dir ${dir}" first\n`,
  });
  await runCommand('local-stack', ['down', '--dir', dir]);
  expect(Object.values(after).filter(runs)).toEqual([]);
});

test('a killed up leaves nothing, also of what another up started again, and the next one works at once', async () => {
  const up = spawn(commandPath('local-stack'), ['up', '--dir', dir], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise((resolve) => up.once('close', resolve));
  await new Promise((resolve) => up.stdout.once('data', resolve));
  const first = await byName();
  process.kill(first.warehouse ?? 0, 'SIGKILL');
  expect((await runCommand('local-stack', ['up', '--detach', '--dir', dir])).code).toBe(0);
  const started = [...Object.values(first), ...Object.values(await byName())];
  up.kill('SIGKILL');
  await closed;
  // While what was left is being ended.
  const next = await runCommand('local-stack', ['up', '--detach', '--dir', dir]);
  expect({ code: next.code, log: next.code === 0 ? '' : next.stderr }).toEqual({ code: 0, log: '' });
  expect(started.filter(runs)).toEqual([]);
  const status = await runCommand('local-stack', ['status', '--dir', dir]);
  expect({ code: status.code, stderr: status.stderr }).toEqual({ code: 0, stderr: '' });
});

test('an up that is killed while it prepares leaves no program of its own, no lock in the way and no password', async () => {
  const up = spawn(commandPath('local-stack'), ['up', '--dir', dir], { stdio: 'ignore' });
  const closed = new Promise((resolve) => up.once('close', resolve));
  const at = (): readonly string[] => programsIn(dir).filter((line) => /initdb|StorageTool/.test(line));
  await eventually(() => {
    expect(at().length).toBeGreaterThan(1);
  });
  up.kill('SIGKILL');
  await closed;
  await eventually(async () => {
    expect(programsIn(dir)).toEqual([]);
    const files = (await readdir(dir, { recursive: true })).filter((name) => /password|format\./.test(name));
    expect(files).toEqual([]);
  });
  const stack = await startStack({ dir, only: ['source'] });
  await stack.stop();
});

/** Command lines that name this folder, of processes that have not ended. */
function programsIn(folder: string): readonly string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(folder) && !line.startsWith('Z'));
}

test('services end with the process that started them, even when it is killed', async () => {
  const script = `require('@ewallet/local-stack').startStack({dir: process.argv[1], only: ['source']})
    .then(() => { console.log('ready'); setInterval(() => {}, 1000); })`;
  const owner = spawn(process.execPath, ['-e', script, dir], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => owner.stdout.once('data', resolve));
  const started = await pids();
  expect(started.filter(runs)).toHaveLength(1);
  owner.kill('SIGKILL');
  await eventually(() => {
    expect(started.filter(runs)).toEqual([]);
  });
});

test('what a killed run left behind is stopped, and the stack starts again on its data', async () => {
  const first = await startStack({ dir, only: ['source'], outlive: true });
  await query(url(first.connections.source), 'create table kept as select 1 as answer');
  const [leftover] = await pids();
  // As after a crash: the lock of a process that is gone, a service of the same directory gone, another one left.
  await writeFile(path.join(dir, 'stack.lock'), JSON.stringify({ pid: process.pid, startedAt: '1' }));
  const state = JSON.parse(await readFile(path.join(dir, 'stack.json'), 'utf8')) as { services: unknown[] };
  state.services.push({ name: 'kafka', launch: { stopSignal: 'SIGTERM' }, process: { pid: 1, startedAt: 'long ago' } });
  await writeFile(path.join(dir, 'stack.json'), JSON.stringify(state));
  const second = await startStack({ dir, only: ['source'] });
  try {
    expect(leftover === undefined || runs(leftover)).toBe(false);
    expect(await query(url(second.connections.source), 'select answer from kept')).toEqual([{ answer: 1 }]);
  } finally {
    await second.stop();
  }
});

test('a directory whose first start was cut off is recreated', async () => {
  await mkdir(path.join(dir, 'source', 'data.new'), { recursive: true });
  await writeFile(path.join(dir, 'source', 'data.new', 'PG_VERSION'), '18');
  await mkdir(path.join(dir, 'kafka', 'data'), { recursive: true });
  await writeFile(path.join(dir, 'kafka', 'data', 'meta.properties'), 'version=1\n');
  const stack = await startStack({ dir, only: ['source', 'kafka'] });
  await stack.stop();
  expect((await stat(path.join(dir, 'kafka', 'formatted'))).isFile()).toBe(true);
});

test('a service that was killed comes back on its port with its data', async () => {
  const stack = await startStack({ dir, only: ['source'] });
  try {
    await query(url(stack.connections.source), 'create table kept as select 1 as answer');
    await stack.service('source').kill();
    await expect(query(url(stack.connections.source), 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await stack.service('source').start();
    expect(await query(url(stack.connections.source), 'select answer from kept')).toEqual([{ answer: 1 }]);
    expect(() => stack.service('kafka')).toThrow(`the stack in ${dir} was started without kafka`);
  } finally {
    await stack.stop();
  }
});

test('a service that cannot be prepared ends the preparation of the others, and is what the message names', async () => {
  // A file where the folder of the second server belongs: that one fails while initdb and the formatter are running.
  await writeFile(path.join(dir, 'warehouse'), '');
  await expect(startStack({ dir })).rejects.toThrow(/EEXIST.*warehouse/);
  expect(programsIn(dir)).toEqual([]);
  expect(await readdir(path.join(dir, 'kafka'))).toEqual(['log4j2.properties', 'server.properties']);
});

test('a port that is in use is one clear line', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  try {
    const up = await runCommand('local-stack', ['up', '--dir', dir, '--detach', '--source-port', String(port)]);
    expect({ code: up.code, stderr: up.stderr.split('\n').slice(1) }).toEqual({
      code: 1,
      stderr: [
        `local-stack: port ${port}, asked for source, is in use by another process: choose another port, or leave it out to have a free one`,
        '',
      ],
    });
  } finally {
    server.close();
  }
});

test('a missing Java is one clear line', async () => {
  const up = await runCommand('local-stack', ['up', '--dir', dir, '--detach'], { env: { JAVA_HOME: dir } });
  expect({ code: up.code, stderr: up.stderr.split('\n').slice(1) }).toEqual({
    code: 1,
    stderr: [
      `local-stack: Java 17 or later is needed: "${dir}/bin/java" does not run (install a JRE, or set JAVA_HOME)`,
      '',
    ],
  });
});

test('settings of PostgreSQL and of the broker can be overridden, and a wrong one ends with the log', async () => {
  const stack = await startStack({ dir, only: ['warehouse'], warehouse: { settings: { max_connections: '17' } } });
  try {
    expect(await query(url(stack.connections.warehouse), 'show max_connections')).toEqual([{ max_connections: '17' }]);
  } finally {
    await stack.stop();
  }
  await expect(
    startStack({ dir, only: ['warehouse'], warehouse: { settings: { max_connections: 'many' } } }),
  ).rejects.toThrow(/^warehouse ended .*invalid value for parameter "max_connections": "many"/s);
  await expect(
    startStack({ dir, only: ['kafka'], kafka: { properties: { 'process.roles': 'nothing' } } }),
  ).rejects.toThrow(/^Kafka refused its settings in /);
});
