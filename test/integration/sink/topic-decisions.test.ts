import { migrateSinkSchema } from '@ewallet/sink-schema';
import { exactAvroType, frame } from '@ewallet/avro';
import { decideTable } from '../../../sink-warehouse/src/state/topic-tables';
import type { TopicDecision } from '../../../sink-warehouse/src/tables/topic-decision';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
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

async function send(topic: string, ...records: KeyValue[]): Promise<void> {
  await withProducer(sinks.kafka, topic, async (producer) => transact(producer, topic, records));
}

/** Runs a sink until it has read this many records of the topic. */
async function landed(config: string, topic: string, records: number): Promise<void> {
  await sinks.whileRunning(config, async () =>
    eventually(
      async () => {
        const sql = 'select sum(records + dead_letters)::int as n from sink.offsets where topic = $1';
        expect(await sinks.rows(sql, [topic])).toEqual([{ n: records }]);
      },
      { timeoutMs: 60_000 },
    ),
  );
}

async function verdicts(config: string): Promise<unknown> {
  const { stdout } = await runSink('reconcile', config);
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { topic: string; verdict: string })
      .map(({ topic, verdict }) => [topic, verdict]),
  );
}

test('a second topic that would fill a table is refused, also after a restart and by another connector, until the first is given up', async () => {
  const name = uniqueName('decide');
  const [eu, us] = [`${name}.eu.pay_${name}`, `${name}.us.pay_${name}`];
  const config = sinks.config(name);
  await createTopic(sinks.kafka, eu);
  const writer = await StreamWriter.register(sinks.registry, eu, `pay_${name}`, properties);
  await send(eu, writer.record({ id: 1, label: 'of eu' }));
  await landed(config, eu, 1);
  await createTopic(sinks.kafka, us);
  const other = await StreamWriter.register(sinks.registry, us, `pay_${name}`, properties);
  await send(us, other.record({ id: 1, label: 'of us' }), other.tombstone({ id: 1 }));

  const rows = async () => sinks.rows(`select label from raw."pay_${name}"`);
  for (const [more, whose] of [
    [{ topics: us, 'topics.regex': undefined }, ''],
    [{ name: `${name}-2`, topics: us, 'topics.regex': undefined }, ` for connector ${name}`],
  ] as const) {
    const exit = await SinkProcess.start('run', sinks.config(name, more)).exited;
    expect(exit.code).toBe(2);
    expect(exit.stderr).toContain(
      `Topics ${eu} and ${us} would both fill raw.pay_${name}, which ${eu} fills${whose}. ` +
        'Set table.name.format so that they differ, for example raw.${namespace}_${stream}. ' +
        `If ${us} takes the place of ${eu}, see that nothing writes to ${eu} any more, and run: delete from sink.tables where connector = '${name}' and topic = '${eu}';\n`,
    );
    expect(await rows()).toEqual([{ label: 'of eu' }]);
  }
  await sinks.rows(`delete from sink.tables where connector = '${name}' and topic = '${eu}'`);
  await landed(config, us, 2);
  expect(await rows()).toEqual([]);
});

test('a header named stream of another producer chooses no table; that of our destination chooses it once', async () => {
  const name = uniqueName('headers');
  const topic = `${name}.clicks_${name}`;
  await createTopic(sinks.kafka, topic);
  const value = { type: 'record', name: 'click', fields: [{ name: 'n', type: 'long' }] };
  const valueId = await sinks.registry.register(`${topic}-value`, value);
  const click = (n: number, stream: string): KeyValue => ({
    key: null,
    value: frame(valueId, exactAvroType(value).toBuffer({ n })),
    headers: { stream },
  });
  await send(topic, click(1, 'session-17'), click(2, 'session-18'));
  const config = sinks.config(name);
  await landed(config, topic, 2);
  await send(topic, click(3, 'session-19'));
  await landed(config, topic, 3);
  expect(await sinks.rows(`select n::int from raw."clicks_${name}" order by n`)).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);

  const ours = `${name}.topic_of_${name}`;
  await createTopic(sinks.kafka, ours);
  const writer = await StreamWriter.register(sinks.registry, ours, `named_${name}`, properties);
  await send(ours, writer.record({ id: 1 }));
  await landed(config, ours, 1);
  await send(ours, { ...writer.record({ id: 2 }), headers: { stream: `elsewhere_${name}` } });
  await landed(config, ours, 2);
  expect(await sinks.rows(`select id::int from raw."named_${name}" order by id`)).toEqual([{ id: 1 }, { id: 2 }]);
});

test('a record without a key does not make a keyed topic one without keys: it is a bad record, and the others land by key', async () => {
  const name = uniqueName('nullkey');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic);
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  const record = (id: number, label: string) => writer.record({ id, label });
  await send(
    topic,
    { ...record(6, 'without'), key: null },
    record(7, 'first'),
    record(7, 'second'),
    record(8, 'kept'),
    writer.tombstone({ id: 7 }),
  );
  const config = sinks.config(name, { 'errors.tolerance': 'all' });
  await landed(config, topic, 5);
  await send(topic, record(8, 'newest'));
  await landed(config, topic, 6);
  expect(await sinks.rows(`select id::int, label from raw."${name}"`)).toEqual([{ id: 8, label: 'newest' }]);
  expect(
    await sinks.rows('select "offset"::int, error_message as why from sink.dead_letters where topic = $1', [topic]),
  ).toEqual([{ offset: 0, why: 'the record has no key' }]);
  expect(await verdicts(config)).toEqual({ [topic]: 'equal' });
  expect(await sinks.rows('select keyed from sink.tables where topic = $1', [topic])).toEqual([{ keyed: true }]);
});

test('in a topic of records without keys one that has a key is a bad record, after a restart too', async () => {
  const name = uniqueName('keyless');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic);
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties, []);
  await send(topic, writer.record({ id: 1 }), writer.record({ id: 1 }));
  await landed(sinks.config(name), topic, 2);
  const keyed = await StreamWriter.register(sinks.registry, topic, name, properties);
  await send(topic, keyed.record({ id: 1, label: 'with key' }), keyed.tombstone({ id: 1 }));
  const strict = await SinkProcess.start('run', sinks.config(name)).exited;
  const why = `the record has a key, and raw.${name} is appended to, as the records of ${topic} had none when it was made (sink.tables.keyed of connector ${name}); write records with keys to a topic of their own`;
  expect(strict.code).toBe(2);
  expect(strict.stderr).toContain(`${topic} partition 0 offset 3: ${why}. Correct the producer, or `);
  const config = sinks.config(name, { 'errors.tolerance': 'all' });
  await landed(config, topic, 4);
  expect(await sinks.rows(`select id::int, label from raw."${name}"`)).toEqual([
    { id: 1, label: null },
    { id: 1, label: null },
  ]);
  expect(
    await sinks.rows('select error_message as why from sink.dead_letters where topic = $1 order by "offset"', [topic]),
  ).toEqual([{ why }, { why }]);
  expect(await verdicts(config)).toEqual({ [topic]: 'equal' });
});

test('reconcile finds a keyed topic that was taken for one without keys, whatever the table and sink.tables say', async () => {
  const name = uniqueName('mistaken');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic);
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  await send(topic, writer.record({ id: 7, label: 'old' }), writer.record({ id: 7, label: 'new' }));
  await landed(sinks.config(name, { 'insert.mode': 'insert', 'pk.mode': 'none' }), topic, 2);
  await sinks.rows('update sink.tables set keyed = false where topic = $1', [topic]);
  const upserts = sinks.config(name);
  expect(await verdicts(upserts)).toEqual({ [topic]: '1 unexpected (0:0)' });
  expect((await runSink('reconcile', upserts)).code).toBe(1);
});

test('a changed table.name.format does not part a topic in two: it is refused, with the way to fill the new table', async () => {
  const name = uniqueName('moved');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic);
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  await send(topic, writer.record({ id: 1 }));
  await landed(sinks.config(name), topic, 1);
  await send(topic, writer.record({ id: 2 }));
  const changed = sinks.config(name, { 'table.name.format': 'raw.${namespace}_${stream}' });
  const exit = await SinkProcess.start('run', changed).exited;
  const statements = /run: (.*;) and start/.exec(exit.stderr)?.[1] ?? '';
  expect(exit.code).toBe(2);
  expect(exit.stderr).toContain(
    `${topic} fills raw.${name}, and table.name.format now makes raw.public_${name} of it. Change table.name.format back. `,
  );
  await sinks.warehouse.query(statements);
  await landed(changed, topic, 2);
  expect(await sinks.rows(`select id::int from raw."public_${name}" order by id`)).toEqual([{ id: 1 }, { id: 2 }]);
  expect(await verdicts(changed)).toEqual({ [topic]: 'equal' });
});

test('of instances that decide at the same time one decides, and the others follow or are refused', async () => {
  await migrateSinkSchema(sinks.warehouse);
  const topic = uniqueName('race');
  const proposal = (over: Partial<TopicDecision>): TopicDecision => ({
    connector: 'race',
    topic,
    stream: 's',
    namespace: '',
    name: { schema: 'raw', table: topic },
    keyed: true,
    ...over,
  });
  const proposals = [
    proposal({}),
    proposal({}),
    proposal({ keyed: false }),
    proposal({ name: { schema: 'raw', table: `${topic}-other` } }),
    proposal({ topic: `${topic}-b` }),
    proposal({ topic: `${topic}-b`, connector: 'race 2' }),
  ];
  const outcomes = await Promise.all(
    proposals.map(async (wanted) => {
      const client = await connectedTo(sinks.database);
      try {
        await client.query('begin');
        await decideTable(client, wanted, ['id']);
        await client.query('commit');
        return 'decided';
      } catch (error) {
        return (error as { kind?: string }).kind;
      } finally {
        await client.end();
      }
    }),
  );
  const stored = (await sinks.rows(
    'select connector, topic, table_name, keyed from sink.tables where table_name like $1',
    [`${topic}%`],
  )) as { connector: string; topic: string; table_name: string; keyed: boolean }[];
  // Each that was told "decided" is what the warehouse says, and no table has two topics.
  proposals.forEach((wanted, index) => {
    const agrees = stored.some(
      (row) =>
        row.connector === wanted.connector &&
        row.topic === wanted.topic &&
        row.table_name === wanted.name.table &&
        row.keyed === wanted.keyed,
    );
    expect({ index, outcome: outcomes[index] === 'decided' }).toEqual({ index, outcome: agrees });
  });
  const topics = new Map<string, Set<string>>();
  for (const row of stored) topics.set(row.table_name, (topics.get(row.table_name) ?? new Set()).add(row.topic));
  expect([...topics.values()].map(({ size }) => size)).toEqual([...topics.keys()].map(() => 1));
});
