import { Client } from 'pg';
import { connectedTo, freshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

test('a fresh database is empty, lies on the server it was asked for, and is gone once dropped', async () => {
  const { warehouse } = await services();
  const database = await freshDatabase(warehouse);
  const client = await connectedTo(database);
  const { rows } = await client.query<{ name: string; tables: string }>(
    `select current_database() as name, (select count(*) from pg_tables where schemaname = 'public') as tables`,
  );
  await client.end();
  await database.drop();
  expect(rows).toEqual([{ name: database.database, tables: '0' }]);
  const again = new Client({ connectionString: database.url });
  await expect(again.connect()).rejects.toMatchObject({ code: '3D000' });
});

test('the schema registry answers the Confluent API', async () => {
  const { schemaRegistry } = await services();
  const response = await fetch(`${schemaRegistry.url}/schemas/types`);
  expect(await response.json()).toEqual(expect.arrayContaining(['AVRO']));
});
