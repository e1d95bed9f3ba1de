import type { Client } from 'pg';
import { findWarnings, queryServerFacts, type ServerFacts } from '../../../source-ewallet/src/check';
import { parseSourceConfig } from '../../../source-ewallet/src/config/source-config';
import { sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { runWalletSource } from '../../support/source/wallet-source';

jest.setTimeout(120_000);

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'checked');
  admin = await connectedTo(database);
  await admin.query(`
    create table payments (id int primary key, updated_at timestamptz);
    create table ledger (id int primary key, updated_at timestamptz);
    create index on ledger (updated_at);`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

async function check(more: Record<string, unknown>): Promise<unknown> {
  const { messages } = await runWalletSource('check', sourceConfig(database, more));
  return {
    warnings: messages.flatMap(({ log }) => (log?.level === 'WARN' ? [log.message] : [])),
    status: messages.at(-1)?.connectionStatus?.status,
  };
}

test('a cursor without an index is named with the statement that makes one, where the method goes by the cursor', async () => {
  const warning =
    'Cursor updated_at of public.payments has no index, so each sync reads the whole table: ' +
    'CREATE INDEX ON "public"."payments" ("updated_at");';
  for (const method of ['Window', 'Cursor']) {
    expect(await check({ replication_method: { method } })).toEqual({ warnings: [warning], status: 'SUCCEEDED' });
  }
  expect(await check({})).toEqual({ warnings: [], status: 'SUCCEEDED' });
  await admin.query('create index on payments (updated_at)');
  expect(await check({ replication_method: { method: 'Window' } })).toEqual({ warnings: [], status: 'SUCCEEDED' });
});

test('an open transaction is seen by how long it is open and by how many began since, a prepared one too', async () => {
  const writer = await connectedTo(database);
  try {
    await writer.query('begin');
    await writer.query('insert into payments values (1)');
    await admin.query('do $$ begin for i in 1..50 loop insert into ledger values (i); commit; end loop; end $$');
    const open = await eventually(async () => {
      const facts = await queryServerFacts(admin, ['public']);
      expect(facts.oldestTransaction).toBeGreaterThan(0.2);
      return facts;
    });
    expect(open.transactionsSince).toBeGreaterThanOrEqual(50);
    await writer.query(`prepare transaction 'kept ${database.database}'`);
    const prepared = await queryServerFacts(admin, ['public']);
    expect(prepared.oldestTransaction).toBeGreaterThan(0);
    expect(prepared.transactionsSince).toBeGreaterThanOrEqual(50);
    await writer.query(`rollback prepared 'kept ${database.database}'`);
  } finally {
    await writer.end();
  }
});

test.each<[string, Partial<ServerFacts>, string]>([
  ['long', { oldestTransaction: 7260, transactionsSince: 3 }, 'A transaction has been open for 121 minutes'],
  [
    'beside many',
    { oldestTransaction: 0, transactionsSince: 250_000 },
    'A transaction has been open while 250000 others began',
  ],
])('a transaction open %s is worth a warning with where to look', async (_, more, begins) => {
  const facts = await queryServerFacts(admin, ['public']);
  expect(findWarnings(parseSourceConfig(sourceConfig(database)), { ...facts, ...more }, [])).toEqual([
    `${begins}: until it ends each state grows with the transactions after it. ` +
      'See pg_stat_activity and pg_prepared_xacts (GRANT pg_read_all_stats to see the sessions of others).',
  ]);
});

test('a schema that is mistyped or may not be used fails discover, too: its tables would be missing without a word', async () => {
  const discover = async (schemas: readonly string[]): Promise<unknown> => {
    const { messages } = await runWalletSource('discover', { ...(sourceConfig(database, {}) as object), schemas });
    return messages.map(({ trace }) => trace?.error?.message);
  };
  expect(await discover(['public', 'walet'])).toEqual([
    `There is no schema walet in database ${database.database}: correct \`schemas\`.`,
  ]);
});

test('check and discover name a table that the role may not read, with the GRANT, and offer the others', async () => {
  const role = `r "of" ${database.database}`;
  const quoted = `"${role.replaceAll('"', '""')}"`;
  await admin.query(`create role ${quoted} login password 'a-secret'; grant select on ledger to ${quoted}`);
  try {
    const config = { ...(sourceConfig(database, {}) as object), username: role, password: 'a-secret' };
    const { messages } = await runWalletSource('discover', config);
    expect({
      warnings: messages.flatMap(({ log }) => (log?.level === 'WARN' ? [log.message] : [])),
      streams: messages.flatMap(({ catalog }) => catalog?.streams.map(({ name }) => name) ?? []),
    }).toEqual({
      warnings: [`Table public.payments is left out: GRANT SELECT ON "public"."payments" TO ${quoted};`],
      streams: ['ledger'],
    });
    expect(await check({ username: role, password: 'a-secret' })).toEqual({
      warnings: [`Table public.payments is left out: GRANT SELECT ON "public"."payments" TO ${quoted};`],
      status: 'SUCCEEDED',
    });
  } finally {
    await admin.query(`drop owned by ${quoted}; drop role ${quoted}`);
  }
});
