import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { lastStates, runWalletSource, type RunResult } from '../../support/source/wallet-source';

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source);
  admin = await connectedTo(database);
  await admin.query(`
    create schema eu;
    create table eu.payments (id int primary key);
    insert into eu.payments values (1);
    create table eu.users (id int primary key);
    create table public.users (id int primary key);`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

const catalogOf = (name: string): unknown => ({
  streams: [{ stream: { name, namespace: null, json_schema: {} }, sync_mode: 'incremental' }],
});
const given = (result: RunResult): unknown => ({
  code: result.code,
  records: result.messages.flatMap(({ record }) =>
    record === undefined ? [] : [{ namespace: record.namespace, stream: record.stream, data: record.data }],
  ),
});

test('a stream without a namespace is the one table of that name in the configuration’s schemas, and continues from its state', async () => {
  const config = sourceConfig(database, { schemas: ['public', 'eu'] });
  const first = await runWalletSource('read', config, catalogOf('payments'));
  // Records, like states, carry the catalogue's own descriptor: a destination knows the stream by it.
  expect(given(first)).toEqual({ code: 0, records: [{ namespace: undefined, stream: 'payments', data: { id: 1 } }] });
  await admin.query('insert into eu.payments values (2)');
  const second = await runWalletSource('read', config, catalogOf('payments'), { state: lastStates(first) });
  expect(given(second)).toEqual({ code: 0, records: [{ namespace: undefined, stream: 'payments', data: { id: 2 } }] });
});

test('where two schemas have such a table, it is refused with both names', async () => {
  const config = sourceConfig(database, { schemas: ['public', 'eu'] });
  const { code, messages } = await runWalletSource('read', config, catalogOf('users'));
  expect({ code, error: messages.flatMap(({ trace }) => trace?.error?.message ?? []).at(0) }).toEqual({
    code: 1,
    error:
      'Stream users has no namespace in the catalogue, and schemas eu, public each have such a table: name one as its namespace.',
  });
});

test('a text that is not UTF-8 in an SQL_ASCII database is told as a matter of encoding, without its bytes', async () => {
  const name = `${database.database}_ascii`;
  await admin.query(`create database ${name} encoding 'SQL_ASCII' locale 'C' template template0`);
  try {
    const ascii = await connectedTo({ ...database, database: name });
    try {
      await ascii.query(`create table notes (id int primary key, note text)`);
      await ascii.query(`set client_encoding = 'SQL_ASCII'`);
      await ascii.query(`insert into notes values (1, E'caf\\351')`);
    } finally {
      await ascii.end();
    }
    const { code, messages } = await runWalletSource('read', sourceConfig({ ...database, database: name }), {
      streams: [{ stream: { name: 'notes', namespace: 'public', json_schema: {} }, sync_mode: 'full_refresh' }],
    });
    expect({ code, error: messages.flatMap(({ trace }) => trace?.error?.message ?? []).at(0) }).toEqual({
      code: 1,
      error:
        'Could not read stream public.notes: SQLSTATE 22021. A text is not valid in the database’s encoding, or has no ' +
        'equivalent in UTF-8 (SQL_ASCII lets any bytes in): correct that row’s text, or leave its column out of the stream.',
    });
  } finally {
    await admin.query(`drop database ${name} with (force)`);
  }
});
