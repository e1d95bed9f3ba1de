import type { Admin } from 'kafkajs';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
let admin: Admin;
beforeAll(async () => {
  sinks = await SinkCase.open();
  admin = sinks.kafka.admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  await sinks.close();
});

async function prepared(prefix: string) {
  const name = uniqueName(prefix);
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, {
    id: { type: 'integer' },
    v: { type: ['null', 'string'] },
  });
  const write = async (count: number, v: string) =>
    withProducer(sinks.kafka, name, async (producer) =>
      transact(
        producer,
        topic,
        Array.from({ length: count }, (_, id) => writer.record({ id, v })),
      ),
    );
  const landed = async (expected: unknown) =>
    eventually(
      async () => {
        expect(await sinks.rows(`select v, count(*)::int as n from raw."${name}" group by v order by v`)).toEqual(
          expected,
        );
      },
      { timeoutMs: 60_000 },
    );
  const recreate = async () => {
    await admin.deleteTopics({ topics: [topic] });
    await eventually(async () => {
      expect(await admin.listTopics()).not.toContain(topic);
    });
    await createTopic(sinks.kafka, topic, 1);
  };
  return { name, topic, write, landed, recreate };
}

const REMEDY =
  'Set topic.reset.policy=earliest to read what is there, or move the offset with PATCH /connectors/<name>/offsets.';
const lastLine = (text: string) => text.trim().split('\n').at(-1);

test('a topic that was deleted, recreated and has grown past the warehouse’s offset is recognised: fail stops, earliest reads it whole', async () => {
  const { name, topic, write, landed, recreate } = await prepared('recreated');
  await write(10, 'old');
  await sinks.whileRunning(sinks.config(name), async () => landed([{ v: 'old', n: 10 }]));
  await recreate();
  await write(50, 'new');
  const stopped = await runSink('run', sinks.config(name));
  expect({ code: stopped.code, message: lastLine(stopped.stderr) }).toEqual({
    code: 2,
    message: `sink-warehouse: ${topic} partition 0: the warehouse is at offset 11, but the topic holds 0 to 51: the topic was deleted and recreated, with another id under the same name. ${REMEDY}`,
  });
  const config = sinks.config(name, { 'topic.reset.policy': 'earliest' });
  await sinks.whileRunning(config, async () => landed([{ v: 'new', n: 50 }]));
  const reconciled = await runSink('reconcile', config);
  expect({ code: reconciled.code, stderr: reconciled.stderr }).toEqual({ code: 0, stderr: '' });
});

test('a topic that is recreated under a running sink and grows past its offset at once is read from its begin, not from the middle', async () => {
  const { name, write, landed, recreate } = await prepared('under');
  await sinks.whileRunning(sinks.config(name, { 'topic.reset.policy': 'earliest' }), async () => {
    await write(10, 'old');
    await landed([{ v: 'old', n: 10 }]);
    await recreate();
    await write(50, 'new');
    await landed([{ v: 'new', n: 50 }]);
  });
});

test('records that were deleted before they were read: fail stops with both ranges, earliest reads what is left', async () => {
  const { name, topic, write, landed } = await prepared('expired');
  await write(10, 'read');
  await sinks.whileRunning(sinks.config(name), async () => landed([{ v: 'read', n: 10 }]));
  await write(10, 'lost');
  await write(10, 'left');
  await admin.fetchTopicOffsets(topic); // kafkajs does not look up the leader by itself
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '22' }] });
  const stopped = await runSink('run', sinks.config(name));
  expect({ code: stopped.code, message: lastLine(stopped.stderr) }).toEqual({
    code: 2,
    message: `sink-warehouse: ${topic} partition 0: the warehouse is at offset 11, but the topic holds 22 to 33: the records before it have expired or were deleted, and are lost to the warehouse. ${REMEDY}`,
  });
  await sinks.whileRunning(sinks.config(name, { 'topic.reset.policy': 'earliest' }), async () =>
    landed([{ v: 'left', n: 10 }]),
  );
});

test('consumer.override.auto.offset.reset=latest begins an unknown partition at its end, and a gap before the first record is no loss', async () => {
  const { name, topic, write, landed } = await prepared('latest');
  await write(10, 'before');
  const config = sinks.config(name, { 'consumer.override.auto.offset.reset': 'latest' });
  await sinks.whileRunning(config, async (sink) => {
    await eventually(() => {
      expect(sink.stderr).toContain('partitions assigned');
    });
    await write(5, 'after');
    await landed([{ v: 'after', n: 5 }]);
  });
  expect(await sinks.rows('select next_offset::int as next from sink.offsets where topic = $1', [topic])).toEqual([
    { next: 17 },
  ]);
});
