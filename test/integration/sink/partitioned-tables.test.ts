import { eventually } from '../../support/eventually';
import { Dice } from '../../support/sink/schedule';
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

const properties = {
  id: { type: 'integer' },
  at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
  v: { type: ['null', 'string'] },
};

/** Microseconds of a UTC time, as Avro has them. */
const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;

async function prepared(prefix: string, partitions = 1) {
  const name = uniqueName(prefix);
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, partitions);
  const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
  const config = sinks.config(name, { 'table.partition.by.month': `${name}:at` });
  const record = (id: number, at: string | undefined, v: string): KeyValue =>
    writer.record({ id, at: at === undefined ? null : micros(at), v });
  return { name, topic, writer, config, record };
}

/** Waits until the warehouse has this many records of the connector. */
async function landed(name: string, records: number): Promise<void> {
  await eventually(
    async () => {
      const found = await sinks.rows('select sum(records)::int as n from sink.offsets where connector = $1', [name]);
      expect(found).toEqual([{ n: records }]);
    },
    { timeoutMs: 60_000 },
  );
}

const contents = async (name: string) =>
  sinks.rows(`select tableoid::regclass::text as place, id::int, v from raw."${name}" order by id`);
const place = (name: string, suffix: string) => `raw.${name}_${suffix}`;

async function verdict(config: string): Promise<unknown> {
  const { code, stdout, stderr } = await runSink('reconcile', config);
  return { code, stderr, verdict: (JSON.parse(stdout) as { verdict: unknown }).verdict };
}
const EQUAL = { code: 0, stderr: '', verdict: 'equal' };

test('rows lie in the partition of their month, made as it is needed; a row whose date changes moves, and nothing is doubled', async () => {
  const { name, topic, writer, config, record } = await prepared('months');
  const versions: KeyValue[][] = [
    [
      record(1, '2026-01-31T23:59:59.999Z', 'stays'),
      record(2, '2026-02-01T00:00:00Z', 'old'),
      record(3, undefined, 'old'),
      record(4, '2026-01-15T12:00:00Z', 'old'),
      record(5, '1970-01-01T00:00:00Z', 'strange'),
      record(6, '2026-02-03T00:00:00Z', 'old'),
      record(7, undefined, 'old'),
      record(9, '2026-01-01T00:00:00Z', 'gone'),
    ],
    [
      record(2, '2026-03-05T00:00:00Z', 'moved on'),
      record(3, '2026-01-01T00:00:00Z', 'got a date'),
      record(4, '2026-01-16T12:00:00Z', 'moved within its month'),
      record(6, undefined, 'lost its date'),
      record(7, undefined, 'still without a date'),
      record(8, '2026-03-31T00:00:00Z', 'new'),
      writer.tombstone({ id: 9 }),
    ],
    // Within one batch too: there and back again.
    [record(2, '2026-01-05T00:00:00Z', 'on its way'), record(2, '2026-02-05T00:00:00Z', 'moved back')],
  ];
  await sinks.whileRunning(config, async () =>
    withProducer(sinks.kafka, name, async (producer) => {
      let written = 0;
      for (const records of versions) {
        await transact(producer, topic, records);
        await landed(name, (written += records.length));
      }
    }),
  );
  expect(await contents(name)).toEqual([
    { place: place(name, 'p2026_01'), id: 1, v: 'stays' },
    { place: place(name, 'p2026_02'), id: 2, v: 'moved back' },
    { place: place(name, 'p2026_01'), id: 3, v: 'got a date' },
    { place: place(name, 'p2026_01'), id: 4, v: 'moved within its month' },
    { place: place(name, 'default'), id: 5, v: 'strange' },
    { place: place(name, 'default'), id: 6, v: 'lost its date' },
    { place: place(name, 'default'), id: 7, v: 'still without a date' },
    { place: place(name, 'p2026_03'), id: 8, v: 'new' },
  ]);
  expect(await verdict(config)).toEqual(EQUAL);
  const indexes = await sinks.rows(
    `select split_part(indexdef, ' USING ', 2) as index from pg_indexes where schemaname = 'raw' and tablename = $1 order by 1`,
    [`${name}_p2026_03`],
  );
  expect(indexes).toEqual([{ index: 'brin (at)' }, { index: 'btree (_loaded_at)' }, { index: 'btree (id, at)' }]);
});

test('two thousand random versions of a hundred keys over five months, from two instances, leave each key once, as its last version says', async () => {
  const { name, topic, config, record } = await prepared('shuffle', 2);
  const seed = Number(process.env.EWALLET_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const dice = new Dice(seed);
  const last = new Map<number, string>();
  const sinksRunning = [SinkProcess.start('run', config), SinkProcess.start('run', config)];
  try {
    await withProducer(sinks.kafka, name, async (producer) => {
      for (let round = 0; round < 20; round += 1) {
        const records = Array.from({ length: 100 }, (_, index) => {
          const key = dice.roll(100);
          const month = dice.roll(6);
          last.set(key, `${round}/${index}`);
          return record(
            key,
            month === 0 ? undefined : `2026-0${month}-1${dice.roll(10)}T00:00:00Z`,
            `${round}/${index}`,
          );
        });
        await transact(producer, topic, records);
      }
    });
    await landed(name, 2000);
  } finally {
    for (const sink of sinksRunning) expect((await sink.stop()).code).toBe(0);
  }
  expect(await sinks.rows(`select id::int, v from raw."${name}" order by id`)).toEqual(
    [...last].sort(([a], [b]) => a - b).map(([id, v]) => ({ id, v })),
  );
  expect(await verdict(config)).toEqual(EQUAL);
});

test('keys that only PostgreSQL sees as equal are one row, though their dates lie in different months', async () => {
  const name = uniqueName('loose');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, { ...properties, id: { type: 'number' } });
  const record = (id: string, at: string, v: string) => writer.record({ id, at: micros(at), v });
  const config = sinks.config(name, { 'table.partition.by.month': `${name}:at` });
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(producer, topic, [
      record('1.0', '2026-01-01T00:00:00Z', 'first'),
      record('2', '2026-01-01T00:00:00Z', 'other'),
      record('1.00', '2026-02-01T00:00:00Z', 'last'),
    ]),
  );
  await sinks.whileRunning(config, async () => landed(name, 3));
  expect(await sinks.rows(`select id::int, v from raw."${name}" order by id`)).toEqual([
    { id: 1, v: 'last' },
    { id: 2, v: 'other' },
  ]);
});

test('a month that cannot be made, as somebody reads the whole table, waits in the default partition and moves out of it later', async () => {
  const { name, topic, config, record } = await prepared('locked');
  await sinks.whileRunning(config, async () =>
    withProducer(sinks.kafka, name, async (producer) => {
      await transact(producer, topic, [record(1, '2026-01-01T00:00:00Z', 'first')]);
      await landed(name, 1);
      await sinks.warehouse.query('begin');
      await sinks.warehouse.query(`select count(*) from raw."${name}"`);
      await transact(producer, topic, [record(2, '2026-02-01T00:00:00Z', 'waits')]);
      await landed(name, 2);
      await sinks.warehouse.query('commit');
      const waiting = { place: place(name, 'default'), id: 2, v: 'waits' };
      expect((await contents(name)).slice(1)).toEqual([waiting]);
      await transact(producer, topic, [record(3, '2026-02-02T00:00:00Z', 'makes the month')]);
      await landed(name, 3);
    }),
  );
  expect((await contents(name)).slice(1)).toEqual([
    { place: place(name, 'p2026_02'), id: 2, v: 'waits' },
    { place: place(name, 'p2026_02'), id: 3, v: 'makes the month' },
  ]);
  expect(await verdict(config)).toEqual(EQUAL);
});

test('a table in one piece becomes a partitioned one by the statements of the guide, and continues', async () => {
  const { name, topic, config, record } = await prepared('rebuilt');
  const inOnePiece = sinks.config(name);
  const run = async (file: string, count: number) => sinks.whileRunning(file, async () => landed(name, count));
  await withProducer(sinks.kafka, name, async (producer) => {
    await transact(producer, topic, [record(1, '2026-01-01T00:00:00Z', 'before'), record(2, undefined, 'before')]);
    await run(inOnePiece, 2);
    await transact(producer, topic, [
      record(2, '2026-01-03T00:00:00Z', 'after'),
      record(3, '2026-01-04T00:00:00Z', 'after'),
    ]);
    const refused = await runSink('run', config);
    expect({ code: refused.code, message: refused.stderr.trim().split('\n').at(-1) }).toEqual({
      code: 2,
      message: `sink-warehouse: Table raw.${name}: it is not partitioned, and table.partition.by.month wants months of "at". Take the entry out, or rebuild the table as docs/sink-warehouse.md shows under "Partitioned tables".`,
    });
    for (const statement of [
      `alter table raw."${name}" rename to "${name}_default"`,
      `alter table raw."${name}_default" drop constraint "${name}_pkey"`,
      `alter table raw."${name}_default" alter column id drop not null`,
      `create table raw."${name}" (like raw."${name}_default" including defaults) partition by range (at)`,
      `create unique index on raw."${name}" (id, at)`,
      `create index on raw."${name}" (_loaded_at)`,
      `create index on raw."${name}" using brin (at)`,
      `alter table raw."${name}" attach partition raw."${name}_default" default`,
    ]) {
      await sinks.warehouse.query(statement);
    }
    await run(config, 4);
  });
  expect(await contents(name)).toEqual([
    { place: place(name, 'p2026_01'), id: 1, v: 'before' },
    { place: place(name, 'p2026_01'), id: 2, v: 'after' },
    { place: place(name, 'p2026_01'), id: 3, v: 'after' },
  ]);
  expect(await verdict(config)).toEqual(EQUAL);
});
