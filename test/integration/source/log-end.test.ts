import type { Client } from 'pg';
import { queryFlushedPast, queryWritten } from '../../../source-ewallet/src/capture/server-place';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

let database: FreshDatabase;
let client: Client;
let writer: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'log_end');
  client = await connectedTo(database);
  writer = await connectedTo(database);
  await writer.query('create table notes (id int)');
});

afterAll(async () => {
  await writer.end();
  await client.end();
  await database.drop();
});

test('the end on disk is waited for until another session’s commit has passed what was written, and not for longer than asked', async () => {
  await writer.query('begin');
  await writer.query('insert into notes select generate_series(1, 10)');
  const place = await queryWritten(client);
  const passed = queryFlushedPast(client, place, 30_000);
  await writer.query('commit');
  expect((await passed) >= place).toBe(true);

  const beyond = (await queryWritten(client)) + 2n ** 40n;
  expect((await queryFlushedPast(client, beyond, 50)) < beyond).toBe(true);
});
