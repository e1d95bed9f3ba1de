import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

const LINEAGE =
  '_kafka_topic text, _kafka_partition integer, _kafka_offset bigint, _kafka_timestamp timestamptz, _loaded_at timestamptz';

test('a valid row that comes before the one it refers to is no bad record: the foreign key is refused by its name, and without it all land', async () => {
  const name = uniqueName('child');
  const topic = `${name}.${name}`;
  const parent = `${name}_parent`;
  await createTopic(sinks.kafka, topic, 1);
  await sinks.rows('create schema if not exists raw');
  await sinks.rows(`create table raw."${parent}" (id bigint primary key, ${LINEAGE})`);
  await sinks.rows(
    `create table raw."${name}" (id bigint primary key, parent_id bigint constraint "of parent" references raw."${parent}", ${LINEAGE})`,
  );
  const properties = { id: { type: 'integer' }, parent_id: { type: ['null', 'integer'] } };
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(producer, topic, [writer.record({ id: 1, parent_id: null }), writer.record({ id: 2, parent_id: 7 })]),
  );
  const config = sinks.config(name, { 'errors.tolerance': 'all' });
  const exit = await SinkProcess.start('run', config).exited;
  const drop = `alter table "raw"."${name}" drop constraint "of parent"`;
  expect({ code: exit.code, message: exit.stderr.trim().split('\n').at(-1) }).toEqual({
    code: 2,
    message:
      `sink-warehouse: Foreign key of parent of raw.${name} references raw.${parent}, which the sink fills: records of different topics come in no common order, so it refuses valid ones. ` +
      `Nothing of the batch was written, and no record was put aside. Run: ${drop}; then start the sink again. To test the reference, use dbt's relationships test.`,
  });
  expect(await sinks.rows(`select id from raw."${name}"`)).toEqual([]);
  expect(await sinks.rows('select topic from sink.dead_letters where topic = $1', [topic])).toEqual([]);
  await sinks.rows(drop);
  await sinks.whileRunning(config, async () =>
    eventually(async () => {
      expect(await sinks.rows(`select id::int from raw."${name}" order by id`)).toEqual([{ id: 1 }, { id: 2 }]);
    }),
  );
});

test('a row that refers to a table of somebody else, and to nothing there, is a bad record', async () => {
  const name = uniqueName('lookup');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  await sinks.rows('create schema if not exists raw');
  await sinks.rows(`create table raw."${name}_codes" (code bigint primary key)`);
  await sinks.rows(
    `create table raw."${name}" (id bigint primary key, code bigint constraint known references raw."${name}_codes")`,
  );
  const writer = await StreamWriter.register(sinks.registry, topic, name, {
    id: { type: 'integer' },
    code: { type: ['null', 'integer'] },
  });
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(producer, topic, [writer.record({ id: 1, code: 5 }), writer.record({ id: 2, code: null })]),
  );
  await sinks.whileRunning(sinks.config(name, { 'errors.tolerance': 'all' }), async () =>
    eventually(async () => {
      expect(await sinks.rows('select error_message from sink.dead_letters where topic = $1', [topic])).toEqual([
        { error_message: `raw.${name} refused the record: SQLSTATE 23503, constraint known` },
      ]);
    }),
  );
  expect(await sinks.rows(`select id::int from raw."${name}"`)).toEqual([{ id: 2 }]);
});

test('a row that goes before those that refer to it is no bad record, where the foreign key restricts its deletion too', async () => {
  const name = uniqueName('referred');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  await sinks.rows('create schema if not exists raw');
  await sinks.rows(`create table raw."${name}" (id bigint primary key, ${LINEAGE})`);
  await sinks.rows(
    `create table raw."${name}_child" (id bigint primary key, parent_id bigint constraint "of parent" references raw."${name}" on delete restrict, ${LINEAGE})`,
  );
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
  const config = sinks.config(name, { 'errors.tolerance': 'all' });
  const send = async (...records: Parameters<typeof transact>[2]) =>
    withProducer(sinks.kafka, name, async (producer) => transact(producer, topic, records));
  await send(writer.record({ id: 1 }));
  await sinks.whileRunning(config, async () =>
    eventually(async () => {
      expect(await sinks.rows(`select id::int from raw."${name}"`)).toEqual([{ id: 1 }]);
    }),
  );
  await sinks.rows(`insert into raw."${name}_child" (id, parent_id) values (1, 1)`);
  await send(writer.tombstone({ id: 1 }));
  const exit = await SinkProcess.start('run', config).exited;
  const drop = `alter table "raw"."${name}_child" drop constraint "of parent"`;
  expect({ code: exit.code, message: exit.stderr.trim().split('\n').at(-1) }).toEqual({
    code: 2,
    message:
      `sink-warehouse: Foreign key of parent of raw.${name}_child references raw.${name}, which the sink fills: records of different topics come in no common order, so it refuses valid ones. ` +
      `Nothing of the batch was written, and no record was put aside. Run: ${drop}; then start the sink again. To test the reference, use dbt's relationships test.`,
  });
  expect(await sinks.rows('select topic from sink.dead_letters where topic = $1', [topic])).toEqual([]);
  await sinks.rows(drop);
  await sinks.whileRunning(config, async () =>
    eventually(async () => {
      expect(await sinks.rows(`select id::int from raw."${name}"`)).toEqual([]);
    }),
  );
});
