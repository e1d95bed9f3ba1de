import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink, SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer, type KeyValue } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

const properties = { id: { type: 'integer' }, label: { type: ['null', 'string'] } };

async function prepared(prefix: string) {
  const name = uniqueName(prefix);
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  await sinks.warehouse.query('create schema if not exists raw');
  await sinks.warehouse.query(
    `create table raw."${name}" (id bigint primary key, label text, constraint short check (length(label) < 20))`,
  );
  return { name, topic, writer };
}

test('bad records among thousands go to the dead letter topic with Connect’s headers and their own bytes; the rest lands, and the key’s last good record stays', async () => {
  const { name, topic, writer } = await prepared('bad');
  const deadTopic = `dead_${name}`;
  const config = sinks.config(name, {
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': deadTopic,
    'flush.interval.ms': 1000,
  });
  const good = Array.from({ length: 5000 }, (_, id) => writer.record({ id, label: `good ${id}` }));
  const tooLong = writer.record({ id: 77, label: 'far too long for the constraint' });
  const nul = writer.record({ id: 78, label: 'nul \u0000 byte' });
  const garbage: KeyValue = { ...writer.record({ id: 79, label: 'x' }), value: Buffer.from('no Avro at all') };
  const cut: KeyValue = { ...good[80]!, value: good[80]!.value!.subarray(0, 12) };
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(producer, topic, [...good, tooLong, nul, garbage, cut]),
  );
  const seen: { key: string; value: Buffer; offset: string; stage: string; message: string; connector: string }[] = [];
  const consumer = sinks.kafka.consumer({ groupId: name });
  await sinks.whileRunning(config, async () => {
    await eventually(async () => {
      expect(
        await sinks.rows(
          `select count(*)::int as n from sink.dead_letters where produced_at is not null and connector = $1`,
          [name],
        ),
      ).toEqual([{ n: 4 }]);
    });
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: deadTopic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        const header = (part: string) => String(message.headers?.[`__connect.errors.${part}`]);
        seen.push({
          key: message.key!.toString('hex'),
          value: message.value!,
          offset: header('offset'),
          stage: header('stage'),
          message: header('exception.message'),
          connector: header('connector.name'),
        });
        return Promise.resolve();
      },
    });
    await eventually(() => {
      expect(seen).toHaveLength(4);
    });
  } finally {
    await consumer.disconnect();
  }
  const letter = (record: KeyValue, offset: number, stage: string, message: string) => ({
    key: record.key!.toString('hex'),
    value: record.value!,
    offset: String(offset),
    stage,
    message,
    connector: name,
  });
  expect(seen.sort((a, b) => Number(a.offset) - Number(b.offset))).toEqual([
    letter(tooLong, 5000, 'TASK_PUT', `raw.${name} refused the record: SQLSTATE 23514, constraint short`),
    letter(nul, 5001, 'TASK_PUT', `raw.${name} refused the record: SQLSTATE 22021`),
    letter(garbage, 5002, 'VALUE_CONVERTER', 'the value is not in Confluent’s wire format'),
    letter(cut, 5003, 'VALUE_CONVERTER', 'the record ends within a field'),
  ]);
  expect(await sinks.rows(`select id::int, label from raw."${name}" where id between 76 and 81 order by id`)).toEqual(
    [76, 77, 78, 79, 80, 81].map((id) => ({ id, label: `good ${id}` })),
  );
  const reconciled = await runSink('reconcile', config);
  expect({ code: reconciled.code, report: JSON.parse(reconciled.stdout) as unknown }).toEqual({
    code: 0,
    report: {
      topic,
      table: `raw.${name}`,
      records: 5000,
      deadLetters: 4,
      expected: 5000,
      found: 5000,
      verdict: 'equal',
    },
  });
});

test('with errors.tolerance=none the sink stops with exit 2, names topic, partition and offset, and commits nothing of the batch', async () => {
  const { name, topic, writer } = await prepared('strict');
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(producer, topic, [
      writer.record({ id: 1, label: 'good' }),
      writer.record({ id: 2, label: 'far too long for the constraint' }),
      writer.record({ id: 3, label: 'good' }),
    ]),
  );
  const exit = await SinkProcess.start('run', sinks.config(name)).exited;
  expect({ code: exit.code, message: exit.stderr.trim().split('\n').at(-1) }).toEqual({
    code: 2,
    message: `sink-warehouse: ${topic} partition 0 offset 1: raw.${name} refused the record: SQLSTATE 23514, constraint short. Correct the table, or set errors.tolerance=all to put such records aside in the dead letter queue.`,
  });
  expect(await sinks.rows(`select count(*)::int as n from raw."${name}"`)).toEqual([{ n: 0 }]);
});

test('a flood of bad records trips the breaker: exit 2, and none of them is put aside', async () => {
  const { name, topic, writer } = await prepared('flood');
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(
      producer,
      topic,
      Array.from({ length: 30 }, (_, id) => ({ ...writer.record({ id }), value: Buffer.from('bad') })),
    ),
  );
  const exit = await SinkProcess.start(
    'run',
    sinks.config(name, { 'errors.tolerance': 'all', 'errors.breaker.max.per.minute': 10 }),
  ).exited;
  expect({
    code: exit.code,
    stored: await sinks.rows('select 1 from sink.dead_letters where connector = $1', [name]),
  }).toEqual({
    code: 2,
    stored: [],
  });
});

test('a repaired dead letter is put back by replay and lands', async () => {
  const { name, topic, writer } = await prepared('replay');
  const config = sinks.config(name, { 'errors.tolerance': 'all' });
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(producer, topic, [{ ...writer.record({ id: 1 }), value: Buffer.from('bad') }]),
  );
  await sinks.whileRunning(config, async () => {
    await eventually(async () => {
      expect(await sinks.rows('select count(*)::int as n from sink.dead_letters where connector = $1', [name])).toEqual(
        [{ n: 1 }],
      );
    });
    await sinks.warehouse.query('update sink.dead_letters set value = $2 where connector = $1', [
      name,
      writer.record({ id: 1, label: 'repaired' }).value,
    ]);
    const replayed = await runSink('replay', config);
    expect({ code: replayed.code, stdout: replayed.stdout }).toEqual({ code: 0, stdout: '{"replayed":1}\n' });
    expect((await runSink('replay', config)).stdout).toBe('{"replayed":0}\n');
    await eventually(async () => {
      expect(await sinks.rows(`select id::int, label from raw."${name}"`)).toEqual([{ id: 1, label: 'repaired' }]);
    });
  });
});
