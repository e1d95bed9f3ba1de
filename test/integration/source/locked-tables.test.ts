import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { configuredCatalog, records, runWalletSource } from '../../support/source/wallet-source';

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source);
  admin = await connectedTo(database);
  await admin.query(`
    create table payments (id int primary key);
    insert into payments values (1);
    create table altered (id int primary key);
    create table parted (id int) partition by range (id);
    create table part partition of parted for values from (0) to (10);
    create materialized view summary as select count(*) from payments;`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

test('tables that another session has locked cost check, discover and the other streams nothing', async () => {
  const config = sourceConfig(database);
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  await admin.query('begin');
  try {
    await admin.query('lock table altered, parted in access exclusive mode; refresh materialized view summary');
    const check = await runWalletSource('check', config);
    expect(check.messages.flatMap(({ connectionStatus }) => connectionStatus ?? [])).toEqual([{ status: 'SUCCEEDED' }]);
    const { messages } = await runWalletSource('discover', config);
    const names = messages.flatMap((message) => message.catalog?.streams ?? []).map(({ name }) => name);
    expect(names).toEqual(['altered', 'parted', 'payments', 'summary']);
    const read = await runWalletSource('read', config, catalog);
    expect({ code: read.code, records: records(read) }).toEqual({ code: 0, records: [{ id: 1 }] });
  } finally {
    await admin.query('rollback');
  }
});
