import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { configuredCatalog, records, runWalletSource } from '../../support/source/wallet-source';

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'slow');
  admin = await connectedTo(database);
  // 36 MB, more than the sockets between the server and the destination hold.
  await admin.query(`create table receipts (id int primary key, body text);
    alter table receipts alter body set storage plain;
    insert into receipts select g, repeat('x', 1900) from generate_series(1, 18000) g;
    create view receipts_view as select * from receipts;
    analyze receipts`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

test('a statement time-out does not stop a table whose destination takes longer than that for it', async () => {
  const config = sourceConfig(database, { statement_timeout_seconds: 2 });
  const catalog = await configuredCatalog(config, 'incremental', ['receipts']);
  const started = Date.now();
  const result = await runWalletSource('read', config, catalog, { untilTaken: () => sleep(25) });
  expect(result.messages.flatMap(({ trace }) => trace?.error?.message ?? [])).toEqual([]);
  expect({ code: result.code, rows: records(result).length }).toEqual({ code: 0, rows: 18_000 });
  // Otherwise the destination was not slow, and nothing was proved.
  expect(Date.now() - started).toBeGreaterThan(4000);
});

test('what is one statement and takes too long names the setting', async () => {
  const config = sourceConfig(database, { statement_timeout_seconds: 1 });
  const catalog = await configuredCatalog(config, 'full_refresh', ['receipts_view']);
  const result = await runWalletSource('read', config, catalog, { untilTaken: () => sleep(25) });
  expect(result.code).toBe(1);
  expect(result.messages.flatMap(({ trace }) => trace?.error?.message ?? [])).toEqual([
    'Could not read stream public.receipts_view: canceling statement due to statement timeout. It took longer than ' +
      'statement_timeout_seconds (1), which counts the time that the destination takes too: raise it, or set it to 0 for none.',
  ]);
});
