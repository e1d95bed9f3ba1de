import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditEveryRow } from '../../../tools/demo/src/run/audit';
import { Children } from '../../../tools/demo/src/run/children';
import { auditConfig } from '../../support/audit/audit-run';
import { PlantedTables } from '../../support/audit/planted-tables';

let tables: PlantedTables;
beforeAll(async () => {
  tables = await PlantedTables.open();
  await tables.plant('users', 'id int primary key, name text', `select i, 'user ' || i from generate_series(1, 300) i`);
  await tables.plant('orders', 'id int primary key, amount numeric(9,2)', `values (1, 2.50), (2, 3.75)`);
}, 60_000);
afterAll(async () => tables.close());

async function auditOf(streams: readonly string[]): ReturnType<typeof auditEveryRow> {
  const folder = await mkdtemp(path.join(tables.directory, 'demo-'));
  const file = path.join(folder, 'audit.json');
  await writeFile(file, JSON.stringify(auditConfig(tables, { settle_seconds: 0 })));
  try {
    const children = new Children(new AbortController().signal);
    return await auditEveryRow(children, file, streams, path.join(folder, 'audit.log'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const streams = ['public.orders', 'public.users'];

test('the demo shows each stream that is equal, and the verdict', async () => {
  const { lines, verdict } = await auditOf(streams);
  expect(lines).toEqual(['equal     public.orders: 2 rows', 'equal     public.users: 300 rows']);
  expect(verdict).toMatch(/^Equal: 302 rows of 2 streams\. \d+\.\d s\.$/);
});

test('one wrong value that no sum shows ends the demo, with its key and column', async () => {
  await tables.target.query(`update raw.users set name = name || ' ' where id = 7`);
  await expect(auditOf(streams)).rejects.toMatchObject({
    kind: 'system_error',
    message: expect.stringMatching(
      /^the warehouse is not the e-wallet:\nequal {5}public\.orders: 2 rows\nDIFFERENT public\.users: 300 rows, 1 different\n {2}different 7: name\nDifferent: 1 finding in 302 rows of 2 streams\. \d+\.\d s\.$/,
    ) as string,
  });
});

test('a stream that is not in the warehouse at all ends the demo', async () => {
  await tables.source.query('create table lost (id int primary key)');
  await expect(auditOf([...streams, 'public.lost'])).rejects.toMatchObject({
    message: expect.stringContaining('Stream public.lost: the warehouse has no table raw.lost') as string,
  });
});
