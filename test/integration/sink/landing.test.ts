import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { SchemaRegistry } from '@ewallet/avro';
import { sinkConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services, type StackConnections } from '../../support/services';
import { SinkProcess, writeConfig } from '../../support/sink/sink-process';
import { createTopic, quietKafka, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let stack: StackConnections;
let database: FreshDatabase;
let warehouse: Client;
let registry: SchemaRegistry;
const directory = mkdtempSync(join(tmpdir(), 'sink-'));

beforeAll(async () => {
  stack = await services();
  database = await freshDatabase(stack.warehouse, 'sink');
  warehouse = await connectedTo(database);
  registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
});

afterAll(async () => {
  registry.close();
  await warehouse.end();
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

test('with the smallest configuration a stream lands in raw.<stream>, the last record of a key wins, and SIGTERM ends with exit 0', async () => {
  const name = uniqueName('wallet');
  const topic = `${name}.things`;
  const kafka = quietKafka(stack.kafka.bootstrapServers);
  await createTopic(kafka, topic, 2);
  const things = await StreamWriter.register(registry, topic, 'things', {
    id: { type: 'integer' },
    label: { type: ['null', 'string'] },
    amount: { type: ['null', 'number'], precision: 20, scale: 4 },
  });
  const rows = Array.from({ length: 500 }, (_, id) => ({ id, label: `first ${id}`, amount: `${id}.5000` }));
  const config = writeConfig(directory, sinkConfig(stack, database, name));
  const sink = SinkProcess.start('run', config);
  try {
    await withProducer(kafka, name, async (producer) => {
      await transact(
        producer,
        topic,
        rows.map((row) => things.record(row)),
      );
      await transact(
        producer,
        topic,
        rows.slice(0, 100).map((row) => things.record({ ...row, label: 'second' })),
      );
      await transact(
        producer,
        topic,
        rows.slice(100, 110).map((row) => things.tombstone(row)),
      );
    });
    await eventually(
      async () => {
        const { rows: counted } = await warehouse.query(
          `select count(*)::int as rows, count(*) filter (where label = 'second')::int as second, sum(amount)::text as amount
         from raw.things`,
        );
        expect(counted).toEqual([{ rows: 490, second: 100, amount: '123950.0000' }]);
      },
      { timeoutMs: 60_000 },
    );
  } finally {
    const exit = await sink.stop();
    expect({ code: exit.code, stderr: exit.code === 0 ? '' : exit.stderr }).toEqual({ code: 0, stderr: '' });
  }
  const { rows: offsets } = await warehouse.query(
    'select sum(records)::int as records, sum(dead_letters)::int as dead from sink.offsets where connector = $1',
    [name],
  );
  expect(offsets).toEqual([{ records: 610, dead: 0 }]);
});

test('a sink that starts on a table with rows copies new keys straight in, merges when it meets keys that are there, and both leave the last record of a key', async () => {
  const name = uniqueName('again');
  const topic = `${name}.${name}`;
  const kafka = quietKafka(stack.kafka.bootstrapServers);
  await createTopic(kafka, topic, 1);
  const writer = await StreamWriter.register(registry, topic, name, {
    id: { type: 'integer' },
    v: { type: ['null', 'string'] },
  });
  const config = writeConfig(directory, sinkConfig(stack, database, name), `${name}.json`);
  let landed = 0;
  /** Lands these records by a sink of their own. @returns the statements that wrote to the table, by their first word. */
  const land = async (rows: readonly { id: number; v: string }[]): Promise<string[]> => {
    await withProducer(kafka, name, async (producer) =>
      transact(
        producer,
        topic,
        rows.map((row) => writer.record(row)),
      ),
    );
    landed += rows.length;
    const sink = SinkProcess.start('run', config);
    try {
      await eventually(async () => {
        const found = await warehouse.query(
          'select sum(records)::int as landed from sink.offsets where connector = $1',
          [name],
        );
        expect(found.rows).toEqual([{ landed }]);
      });
    } finally {
      expect((await sink.stop()).code).toBe(0);
    }
    const seen = await warehouse.query<{ statement: string }>('delete from statements returning statement');
    return [...new Set(seen.rows.map(({ statement }) => statement.slice(0, 6)))];
  };
  const rows = (from: number, count: number, v: string) =>
    Array.from({ length: count }, (_, index) => ({ id: from + index, v }));

  await warehouse.query('create table statements (statement text)');
  await land(rows(0, 500, 'new'));
  await warehouse.query(
    `create function note() returns trigger language plpgsql as $$ begin insert into statements values (current_query()); return null; end $$;
     create trigger note after insert on raw."${name}" for each statement execute function note()`,
  );
  expect(await land(rows(500, 500, 'new'))).toEqual(['copy "']);
  expect(await land(rows(0, 500, 'updated'))).toEqual(['insert']);
  // One key in five hundred that is there, between those that the sample looks for: the COPY fails and rows are merged.
  const oneUpdate = rows(1000, 500, 'new').map((row, index) => (index === 3 ? { id: 999, v: 'updated' } : row));
  expect(await land(oneUpdate)).toEqual(['insert']);
  const found = await warehouse.query(
    `select v, count(*)::int as n, sum(id)::int as ids from raw."${name}" group by v order by v`,
  );
  expect(found.rows).toEqual([
    { v: 'new', n: 998, ids: 373_751 + 623_747 },
    { v: 'updated', n: 501, ids: 125_749 },
  ]);
});
