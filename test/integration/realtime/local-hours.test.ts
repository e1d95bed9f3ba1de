import { parseConnectionUrl } from '@ewallet/postgres';
import type { Client } from 'pg';
import { readLocalHours } from '../../../realtime/src/verify/local-hours';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

let database: FreshDatabase;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'local_hours');
  client = await connectedTo(database);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const micros = (instant: string): string => String(Date.parse(instant) * 1_000);
const warehouse = () => ({ connection: parseConnectionUrl(database.url), schema: 'marts' });

test('without the mart that names the time zone, verify says what is missing', async () => {
  expect(await readLocalHours(warehouse(), [])).toBeInstanceOf(Function);
  await expect(readLocalHours(warehouse(), ['0'])).rejects.toThrow(
    /^Could not read the time zone of dbt's reporting_settings: relation "marts.reporting_settings" does not exist/,
  );
});

test.each([
  ['UTC', '2026-03-01T10:59:00Z', '2026-03-01T10:00:00Z'],
  ['UTC', '1969-12-31T23:59:00Z', '1969-12-31T23:00:00Z'],
  ['Asia/Kolkata', '2026-03-01T10:29:00Z', '2026-03-01T09:30:00Z'],
  ['Asia/Kolkata', '2026-03-01T10:30:00Z', '2026-03-01T10:30:00Z'],
  ['Asia/Kathmandu', '2026-03-01T10:14:00Z', '2026-03-01T09:15:00Z'],
  ['Asia/Kathmandu', '2026-03-01T10:15:00Z', '2026-03-01T10:15:00Z'],
  // The hour from one to two comes twice when summer time ends, and each of them is an hour.
  ['America/New_York', '2026-11-01T05:30:00Z', '2026-11-01T05:00:00Z'],
  ['America/New_York', '2026-11-01T06:30:00Z', '2026-11-01T06:00:00Z'],
])('where the reports are of %s, %s lies in the hour that began at %s', async (zone, minute, hour) => {
  await client.query('create schema if not exists marts');
  await client.query('drop table if exists marts.reporting_settings');
  await client.query('create table marts.reporting_settings as select $1::text as reporting_time_zone', [zone]);
  const hourOf = await readLocalHours(warehouse(), [micros(minute)]);
  expect(hourOf(micros(minute))).toBe(micros(hour));
});

test('a mart without a row is told to be built', async () => {
  await client.query('delete from marts.reporting_settings');
  const hourOf = await readLocalHours(warehouse(), ['0']);
  expect(() => hourOf('0')).toThrow(
    'dbt\'s reporting_settings in schema "marts" has no time zone. Build dbt\'s marts, then verify again.',
  );
});
