import { mkdtemp, rm } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { TEST_PYTHON } from '../../support/airbyte-models';
import { commandPath, runCommand } from '../../support/command';
import { committedRecords } from '../../support/destination/committed-records';
import { destinationConfig, sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(400_000);

let dir: string;
let wallet: FreshDatabase;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-pyairbyte-'));
  wallet = await freshDatabase((await services()).source, 'pyairbyte');
  const seeded = await runCommand('ewallet-simulator', ['seed', '--database-url', wallet.url, '--rows', '300']);
  expect(seeded.code).toBe(0);
});
afterAll(async () => {
  await wallet.drop();
  await rm(dir, { recursive: true, force: true });
});

function pyAirbyte(job: Readonly<Record<string, unknown>>): unknown {
  const script = path.join(__dirname, '../../support/pyairbyte_sync.py');
  const { status, stdout, stderr } = spawnSync(TEST_PYTHON, [script], {
    input: JSON.stringify({ ...job, cache: path.join(dir, String(job.kind)) }),
    encoding: 'utf8',
    cwd: dir,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`PyAirbyte ended with ${status}:\n${stderr.slice(-4000)}`);
  return JSON.parse(stdout);
}

async function counted(client: Client): Promise<{ rows: Record<string, number>; amounts: string }> {
  const one = async (sql: string): Promise<string> =>
    (await client.query<{ value: string }>(`select (${sql})::text as value`)).rows[0]!.value;
  const rows: Record<string, number> = {};
  for (const table of ['currencies', 'merchants', 'transactions', 'user_activity', 'users', 'wallets']) {
    rows[table] = Number(await one(`select count(*) from ${table}`));
  }
  return { rows, amounts: await one('select sum(amount) from transactions') };
}

test('PyAirbyte checks, discovers and reads the source in full, then only what changed', async () => {
  const job = { kind: 'read', executable: commandPath('source-ewallet'), config: sourceConfig(wallet) };
  const client = await connectedTo(wallet);
  try {
    const before = await counted(client);
    const all = Object.values(before.rows).reduce((sum, count) => sum + count, 0);
    const streams = Object.keys(before.rows);
    const first = pyAirbyte(job) as Record<string, unknown>;
    expect({ ...first, amounts: Number(first.amounts) }).toEqual({
      streams,
      processed: all,
      cached: before.rows,
      amounts: Number(before.amounts),
    });

    await client.query(`update users set full_name = full_name || ' II' where id in (select id from users limit 3)`);
    await client.query(
      `insert into user_activity (user_id, event, session_id, device)
       select id, 'login', gen_random_uuid(), 'ios' from users limit 2`,
    );
    const second = pyAirbyte(job) as Record<string, unknown>;
    expect({ ...second, amounts: Number(second.amounts) }).toEqual({
      streams,
      processed: 5,
      cached: (await counted(client)).rows,
      amounts: Number(before.amounts),
    });
  } finally {
    await client.end();
  }
});

test("PyAirbyte writes airbyte-source-faker's records through the destination: each is in Kafka once", async () => {
  const stack = await services();
  const { kafka, schemaRegistry } = stack;
  const prefix = uniqueName('faker');
  const written = pyAirbyte({
    kind: 'write',
    executable: commandPath('destination-kafka'),
    faker: path.join(path.dirname(TEST_PYTHON), 'source-faker'),
    config: destinationConfig(stack, `${prefix}.{stream}`),
  });
  // A stream that is overwritten ends with a control record in each partition, which is no row.
  const ids = async (stream: string): Promise<unknown[]> =>
    (await committedRecords({ brokers: [kafka.bootstrapServers] }, schemaRegistry.url, `${prefix}.${stream}`))
      .filter(({ headers }) => headers.control === undefined)
      .map(({ value }) => (value as { id: number }).id)
      .sort((a, b) => a - b);
  const fifty = Array.from({ length: 50 }, (_, index) => index + 1);
  expect({ written, users: await ids('users'), products: await ids('products') }).toEqual({
    written: { processed: 100 },
    users: fifty,
    products: fifty,
  });
});
