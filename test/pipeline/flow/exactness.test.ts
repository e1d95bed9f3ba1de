import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expectEqualRows, SIMULATED_STREAMS } from '../../support/audit/equal-rows';
import { commandPath, runCommand } from '../../support/command';
import { destinationConfig, sinkConfig, sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(600_000);

let dir: string;
let ewallet: FreshDatabase;
let warehouse: FreshDatabase;
const running: ChildProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-pipeline-'));
  const stack = await services();
  ewallet = await freshDatabase(stack.source, 'pipeline');
  warehouse = await freshDatabase(stack.warehouse, 'pipeline');
  const topics = uniqueName('pipeline');
  await write('source.json', sourceConfig(ewallet));
  await write('destination.json', destinationConfig(stack, `${topics}.{stream}`));
  await write('sync.json', {
    name: topics,
    source: { command: [commandPath('source-ewallet')], config_file: 'source.json' },
    destination: { command: [commandPath('destination-kafka')], config_file: 'destination.json' },
  });
  await write('sink.json', sinkConfig(stack, warehouse, topics));
});
afterAll(async () => {
  for (const child of running) await end(child);
  await ewallet.drop();
  await warehouse.drop();
  await rm(dir, { recursive: true, force: true });
});

async function write(name: string, content: unknown): Promise<void> {
  await writeFile(path.join(dir, name), JSON.stringify(content));
}

function start(name: string, args: readonly string[]): ChildProcess {
  const child = spawn(commandPath(name), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  running.push(child);
  return child;
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return closed;
}

async function sync(): Promise<Record<string, unknown>> {
  const run = await runCommand('ewallet-sync', ['run', '--once', '--config', path.join(dir, 'sync.json')], {
    timeoutMs: 240_000,
  });
  expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(run.stdout) as Record<string, unknown>;
}

test('while the e-wallet trades, syncs and sink land every row of every stream, equal to the last digit', async () => {
  const seed = ['seed', '--database-url', ewallet.url, '--rows', '1000', '--seed', '11'];
  expect((await runCommand('ewallet-simulator', seed)).code).toBe(0);
  const sink = start('sink-warehouse', ['run', '--config', path.join(dir, 'sink.json')]);
  const trade = start('ewallet-simulator', ['trade', '--database-url', ewallet.url, '--rate', '40', '--seed', '12']);
  await sync();
  await sync();
  expect(await end(trade)).toBe(0);
  await sync();

  await expectEqualRows({ directory: dir, wallet: ewallet, warehouse }, SIMULATED_STREAMS);
  const reconciled = await eventually(
    async () => {
      const run = await runCommand('sink-warehouse', ['reconcile', '--config', path.join(dir, 'sink.json')]);
      expect({ code: run.code, output: run.code === 0 ? '' : run.stdout + run.stderr }).toEqual({
        code: 0,
        output: '',
      });
      return run;
    },
    { timeoutMs: 120_000, everyMs: 500 },
  );
  expect(reconciled.stdout).not.toBe('');
  expect(await end(sink)).toBe(0);
});

test('a sync that finds nothing new writes nothing and keeps its state', async () => {
  expect(await sync()).toMatchObject({ status: 'succeeded', records: 0 });
});
