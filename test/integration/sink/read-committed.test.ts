import path from 'node:path';
import type { Producer } from 'kafkajs';
import { TEST_PYTHON } from '../../support/airbyte-models';
import { PROJECT_ROOT, runProgram } from '../../support/command';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer, type KeyValue } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

/** A topic of one partition, and records whose `v` says whether they should be seen. */
async function topicOf(name: string): Promise<{ topic: string; record: (id: number, v: string) => KeyValue }> {
  const topic = `${name}.${name}_rows`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, `${name}_rows`, {
    id: { type: 'integer' },
    v: { type: ['null', 'string'] },
  });
  return { topic, record: (id, v) => writer.record({ id, v }) };
}

/** Reads the topic with fetches of at most `fetchBytes`, so that they begin within transactions, and returns what landed. */
async function landed(name: string, lastId: number, fetchBytes: number): Promise<unknown[]> {
  const config = sinks.config(name, {
    'consumer.override.fetch.max.bytes': fetchBytes,
    'consumer.override.max.partition.fetch.bytes': fetchBytes,
    'insert.mode': 'insert',
    'pk.mode': 'none',
  });
  const table = `raw.${name}_rows`;
  await sinks.whileRunning(config, async () =>
    eventually(async () => {
      expect(await sinks.rows(`select 1 as there from ${table} where id = $1`, [lastId])).toEqual([{ there: 1 }]);
    }),
  );
  const reconciled = await runSink('reconcile', config);
  expect({ code: reconciled.code, stderr: reconciled.stderr }).toEqual({ code: 0, stderr: '' });
  return sinks.rows(`select v, count(*)::int as n, count(distinct id)::int as ids from ${table} group by v order by v`);
}

test('records of overlapping aborted transactions never land, however the fetches cut them', async () => {
  const name = uniqueName('overlap');
  const { topic, record } = await topicOf(name);
  const padding = 'x'.repeat(300);
  let id = 0;
  await withProducer(sinks.kafka, `${name}a`, async (one) =>
    withProducer(sinks.kafka, `${name}b`, async (two) => {
      for (let round = 0; round < 6; round += 1) {
        const first = await one.transaction();
        const second = await two.transaction();
        for (let part = 0; part < 4; part += 1) {
          await first.send({ topic, messages: many(50, () => record((id += 1), `aborted${padding}`)) });
          await second.send({ topic, messages: many(50, () => record((id += 1), `aborted${padding}`)) });
        }
        await first.abort();
        await second.send({ topic, messages: many(50, () => record((id += 1), `aborted${padding}`)) });
        await second.abort();
        await transact(
          one,
          topic,
          many(20, () => record((id += 1), 'committed')),
        );
      }
      await transact(two, topic, [record((id += 1), 'last')]);
    }),
  );
  expect(await landed(name, id, 65_536)).toEqual([
    { v: 'committed', n: 120, ids: 120 },
    { v: 'last', n: 1, ids: 1 },
  ]);
});

test('a fetch with many aborted transactions and a transaction longer than a fetch both land exactly', async () => {
  const name = uniqueName('many');
  const { topic, record } = await topicOf(name);
  let id = 0;
  await withProducer(sinks.kafka, name, async (producer) => {
    for (let round = 0; round < 40; round += 1) {
      await transact(producer, topic, [record((id += 1), 'aborted')], 'abort');
      await transact(producer, topic, [record((id += 1), 'committed')]);
    }
    const padding = 'y'.repeat(2000);
    await sendInParts(producer, topic, 30, () => record((id += 1), padding), 'abort');
    await sendInParts(producer, topic, 30, () => record((id += 1), padding), 'commit');
    await transact(producer, topic, [record((id += 1), 'last')]);
  });
  expect(await landed(name, id, 65_536)).toEqual([
    { v: 'committed', n: 40, ids: 40 },
    { v: 'last', n: 1, ids: 1 },
    { v: 'y'.repeat(2000), n: 300, ids: 300 },
  ]);
});

test('a key of four zero bytes is a key and not an abort marker', async () => {
  const name = uniqueName('zero');
  const { topic, record } = await topicOf(name);
  const zeroKey = (id: number, v: string): KeyValue => ({ ...record(id, v), key: Buffer.alloc(4) });
  await withProducer(sinks.kafka, name, async (producer) => {
    await transact(producer, topic, [zeroKey(1, 'aborted'), zeroKey(2, 'aborted')], 'abort');
    await transact(producer, topic, [record(3, 'last')]);
  });
  expect(await landed(name, 3, 1_048_576)).toEqual([{ v: 'last', n: 1, ids: 1 }]);
});

test('records of librdkafka’s transactions that were aborted midway, or left open by a process that died, never land', async () => {
  const name = uniqueName('librdkafka');
  const { topic, record } = await topicOf(name);
  let id = 0;
  const step = (outcome: 'commit' | 'abort' | 'die', count: number, v: string) => ({
    outcome,
    records: many(count, () => record((id += 1), v)).map(({ key, value }) =>
      [key, value].map((bytes) => bytes?.toString('base64')),
    ),
  });
  const write = async (...steps: readonly ReturnType<typeof step>[]) => {
    const script = path.join(PROJECT_ROOT, 'test', 'support', 'sink', 'librdkafka_transactions.py');
    const result = await runProgram(TEST_PYTHON, [script, sinks.stack.kafka.bootstrapServers, topic, name], {
      input: JSON.stringify(steps),
    });
    // librdkafka warns while the broker still ends the transaction before.
    expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({ code: 0, stderr: '' });
  };
  await write(step('abort', 60, 'aborted'), step('commit', 20, 'committed'), step('abort', 60, 'aborted'));
  await write(step('commit', 20, 'committed'), step('die', 60, 'left open'));
  // The next producer of the same id ends the transaction that was left open.
  await write(step('commit', 1, 'last'));
  expect(await landed(name, id, 65_536)).toEqual([
    { v: 'committed', n: 40, ids: 40 },
    { v: 'last', n: 1, ids: 1 },
  ]);
});

function many(count: number, make: () => KeyValue): KeyValue[] {
  return Array.from({ length: count }, make);
}

async function sendInParts(
  producer: Producer,
  topic: string,
  parts: number,
  make: () => KeyValue,
  outcome: 'commit' | 'abort',
): Promise<void> {
  const transaction = await producer.transaction();
  for (let part = 0; part < parts; part += 1) await transaction.send({ topic, messages: many(10, make) });
  await transaction[outcome]();
}
