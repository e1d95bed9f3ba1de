import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../../tools/demo/src/simulator/random';
import { expectEqualRows, SIMULATED_STREAMS } from '../../support/audit/equal-rows';
import { commandPath, runCommand } from '../../support/command';
import { destinationConfig, sinkConfig, sourceConfig } from '../../support/configurations';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services, type StackConnections } from '../../support/services';
import { SinkProcess, writeConfig } from '../../support/sink/sink-process';
import { uniqueName } from '../../support/unique-name';

const KILLS = process.env.EWALLET_LONG === '1' ? 30 : 3;
const seed = Number(process.env.EWALLET_SEED ?? Date.now() % 1_000_000);

let stack: StackConnections;
let database: FreshDatabase;
let warehouse: FreshDatabase;
let directory: string;

beforeAll(async () => {
  stack = await services();
  database = await freshDatabase(stack.source, 'sync');
  warehouse = await freshDatabase(stack.warehouse, 'sync');
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-sync-test-'));
});

afterAll(async () => {
  await database.drop();
  await warehouse.drop();
  await rm(directory, { recursive: true });
});

test('ewallet-sync killed with SIGKILL at random moments, while the wallet trades, loses no row version', async () => {
  console.log(`seed ${seed}: EWALLET_SEED=${seed} repeats the moments`);
  const prefix = uniqueName('killed');
  const config = await configure(prefix);
  await simulator('seed', '--rows', '5000');
  const trader = spawn(commandPath('ewallet-simulator'), ['trade', '--database-url', database.url, '--rate', '40']);
  const traded = once(trader, 'close');
  const random = new Random(seed, 1);
  for (let kill = 0; kill < KILLS; kill++) {
    const sync = spawn(commandPath('ewallet-sync'), ['run', '--config', config]);
    const closed = once(sync, 'close');
    await Promise.race([sleep(random.between(500, 6_000)), closed]);
    sync.kill('SIGKILL');
    await closed;
  }
  trader.kill('SIGTERM');
  expect(await traded).toEqual([0, null]);
  const last = await runCommand('ewallet-sync', ['run', '--config', config], { timeoutMs: 300_000 });
  expect({ code: last.code, log: last.code === 0 ? '' : last.stderr }).toEqual({ code: 0, log: '' });
  const sink = SinkProcess.start('run', writeConfig(directory, sinkConfig(stack, warehouse, prefix)));
  try {
    await expectEqualRows({ directory, wallet: database, warehouse }, SIMULATED_STREAMS);
    expect((await sink.stop()).code).toBe(0);
  } finally {
    await sink.kill();
  }
}, 300_000);

async function configure(prefix: string): Promise<string> {
  const file = path.join(directory, 'sync.json');
  const config = {
    state_directory: 'state',
    source: { config: sourceConfig(database) },
    destination: { config: destinationConfig(stack, `${prefix}.{stream}`) },
    backoff_seconds: 1,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

async function simulator(command: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runCommand('ewallet-simulator', [command, '--database-url', database.url, ...args]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}
