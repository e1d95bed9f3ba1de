import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { PROJECT_ROOT } from '../../support/command';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { configuredCatalog, lastStates, records, runWalletSource, warnings } from '../../support/source/wallet-source';

jest.setTimeout(120_000);

let database: FreshDatabase;
let admin: Client;
let role: string;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'documented');
  role = `reader_${database.database}`;
  admin = await connectedTo(database);
});

afterAll(async () => {
  await admin.query(`drop owned by "${role}"; drop role "${role}"`);
  await admin.end();
  await database.drop();
});

/** The blocks of a language in docs/source-ewallet.md, in order. */
async function blocks(language: string): Promise<readonly string[]> {
  const text = await readFile(path.join(PROJECT_ROOT, 'docs/source-ewallet.md'), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
}

test('the documented statements make a role that is enough to check, discover and read, and for nothing more', async () => {
  await admin.query(`
    create table payments (id int primary key, updated_at timestamptz default now());
    create table parts (id int primary key, updated_at timestamptz default now()) partition by range (id);
    create table parts_1 partition of parts for values from (0) to (10);
    insert into payments values (1); insert into parts values (2);`);
  const [sql = ''] = await blocks('sql');
  // Names of this test, so that it can run beside others on one server.
  await admin.query(
    sql.replaceAll('ewallet_reader', `"${role}"`).replaceAll('database wallet', `database "${database.database}"`),
  );
  // After the grants, as tables are added to a wallet.
  await admin.query(`create table later (id int primary key, updated_at timestamptz default now());
                     insert into later values (3)`);

  const [example = ''] = await blocks('json');
  const documented = JSON.parse(example) as Record<string, unknown>;
  const config = {
    ...documented,
    ...sourceConfig(database),
    username: role,
    password: documented.password,
  };
  const check = await runWalletSource('check', config);
  expect(check.messages).toEqual([{ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } }]);
  const catalog = await configuredCatalog(config, 'incremental');
  const first = await runWalletSource('read', config, catalog);
  expect({ code: first.code, ids: records(first).map(({ id }) => id) }).toEqual({ code: 0, ids: [3, 2, 1] });
  await admin.query('insert into parts values (4)');
  const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  expect({ code: second.code, ids: records(second).map(({ id }) => id) }).toEqual({ code: 0, ids: [4] });
  // Its state tells one server from another, which needs no privilege either.
  expect(lastStates(second)[0]?.stream.stream_state.snapshot).toMatchObject({
    system: expect.stringMatching(/^\d+$/) as string,
    timeline: 1,
    started: expect.any(String) as string,
  });

  const reader = await connectedTo({ ...database, username: role, password: String(config.password) });
  try {
    await expect(reader.query('update payments set id = 9')).rejects.toThrow('permission denied for table payments');
    await expect(reader.query('create table mine (id int)')).rejects.toThrow('permission denied for schema public');
  } finally {
    await reader.end();
  }
});

test('the documented state is one that the source takes', async () => {
  const state = (await blocks('json')).find((block) => block.includes('"snapshot"')) ?? '';
  const stream = {
    stream_descriptor: { name: 'payments', namespace: 'public' },
    stream_state: JSON.parse(state) as unknown,
  };
  const config = sourceConfig(database);
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const result = await runWalletSource('read', config, catalog, { state: [{ type: 'STREAM', stream }] });
  // It is of another server, which is told.
  expect({ code: result.code, warnings: warnings(result) }).toEqual({
    code: 0,
    warnings: [expect.stringContaining('the server is another one (system identifier')],
  });
});
