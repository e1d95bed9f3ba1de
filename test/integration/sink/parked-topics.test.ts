import { Client } from 'pg';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer, type KeyValue } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
  await sinks.rows('create schema if not exists raw');
});
afterAll(async () => sinks.close());

/** A connector over two topics, and what writes into them. */
async function twoTopics(prefix: string, more: Record<string, unknown> = {}) {
  const name = uniqueName(prefix);
  const streams = { well: `${name}_well`, ill: `${name}_ill` };
  const open = async (stream: string) => {
    const topic = `${name}.${stream}`;
    await createTopic(sinks.kafka, topic, 1);
    const writer = await StreamWriter.register(sinks.registry, topic, stream, { id: { type: 'integer' } });
    const send = async (records: readonly KeyValue[]) =>
      withProducer(sinks.kafka, topic, async (producer) => transact(producer, topic, records));
    const ids = async (...wanted: number[]) => send(wanted.map((id) => writer.record({ id })));
    const landed = async (...wanted: number[]) =>
      eventually(async () => {
        expect(await sinks.rows(`select id::int from raw."${stream}" order by id`)).toEqual(
          wanted.map((id) => ({ id })),
        );
      });
    return { topic, table: `raw."${stream}"`, send, ids, landed };
  };
  const config = sinks.config(name, { 'topics.retry.interval.ms': 500, ...more });
  return { name, config, well: await open(streams.well), ill: await open(streams.ill) };
}

/** Messages of the sink's log about a topic. */
const logged = (sink: SinkProcess, topic: string) =>
  sink.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((entry) => entry.topic === topic)
    .map(({ msg, reason }) => ({ msg, reason }));

test('a topic whose table is refused is parked with its reason, the others land as before, and it lands by itself once the table is mended', async () => {
  const { name, config, well, ill } = await twoTopics('parked');
  await sinks.rows(`create view ${ill.table} as select 1 as id`);
  await ill.ids(1);
  await well.ids(1);
  await sinks.whileRunning(config, async (sink) => {
    await well.landed(1);
    const reason = `raw.${name}_ill is a view, and rows land in tables only. Rename it, or set table.name.format so that the topic has another table, for example raw_\${topic}.`;
    await eventually(() => {
      expect(logged(sink, ill.topic)).toContainEqual({ msg: 'topic parked: the others continue', reason });
    });
    const url = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1] ?? '';
    await eventually(async () => {
      const status = (await (await fetch(`${url}/connectors/${name}/status`)).json()) as Record<string, unknown>;
      expect(status).toMatchObject({
        connector: { state: 'RUNNING' },
        tasks: [{ id: 0, state: 'RUNNING', trace: `${ill.topic} is parked: ${reason}` }],
        parked_topics: [ill.topic],
      });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain(`sink_parked_topics{topic="${ill.topic}",connector="${name}"} 1`);
    });
    await well.ids(2);
    await well.landed(1, 2);
    await ill.ids(2);
    await sinks.rows(`drop view ${ill.table}`);
    await ill.landed(1, 2);
    await well.ids(3);
    await well.landed(1, 2, 3);
    await eventually(() => {
      expect(logged(sink, ill.topic).at(-1)).toEqual({ msg: 'parked topic lands again', reason: undefined });
    });
    expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('sink_parked_topics{');
  });
});

test('a bad record with errors.tolerance=none ends the sink once the other topics have landed what there is', async () => {
  const { name, config, well, ill } = await twoTopics('untolerated', { 'flush.max.bytes': 65_536 });
  await ill.ids(1);
  await ill.send([{ key: null, value: Buffer.from('no Avro'), headers: {} }]);
  const many = Array.from({ length: 3000 }, (_, index) => index + 1);
  await well.ids(...many);
  const exit = await SinkProcess.start('run', config).exited;
  expect({ code: exit.code, message: exit.stderr.trim().split('\n').at(-1) }).toEqual({
    code: 2,
    message: `sink-warehouse: ${ill.topic} partition 0 offset 2: the value is not in Confluent’s wire format. Correct the producer, or set errors.tolerance=all to put such records aside in the dead letter queue.`,
  });
  await well.landed(...many);
  const [offset] = await sinks.rows(
    'select sum(next_offset)::int as next, sum(dead_letters)::int as letters from sink.offsets where connector = $1 and topic = $2',
    [name, ill.topic],
  );
  expect(offset).toEqual({ next: expect.any(Number) as number, letters: 0 });
  expect((offset as { next: number }).next).toBeLessThan(3);
});

test('a lock on one table holds up its topic alone, and what waited lands when it is released', async () => {
  const { config, well, ill } = await twoTopics('locked', { 'connection.timeout.ms': 2000 });
  await ill.ids(1);
  await well.ids(1);
  await sinks.whileRunning(config, async (sink) => {
    await ill.landed(1);
    await well.landed(1);
    const other = new Client({ connectionString: sinks.database.url });
    await other.connect();
    try {
      await other.query('begin');
      await other.query(`lock table ${ill.table} in access exclusive mode`);
      await ill.ids(2);
      await well.ids(2);
      await well.landed(1, 2);
      expect(logged(sink, ill.topic).at(0)?.reason).toMatch(/lock timeout/);
      await well.ids(3);
      await well.landed(1, 2, 3);
    } finally {
      await other.end();
    }
    await ill.landed(1, 2);
  });
});
