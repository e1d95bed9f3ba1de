import { exactAvroType, frame } from '@ewallet/avro';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink } from '../../support/sink/sink-process';
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
  region: { type: 'string' },
  label: { type: ['null', 'string'] },
};

/** Lands the transactions one after another with these keys, and returns the table, its primary key and what reconcile says. */
async function land(
  name: string,
  keys: Record<string, unknown>,
  columns: string,
  transactions: (topic: string) => Promise<KeyValue[][]>,
): Promise<{ rows: unknown[]; key: unknown; verdict: unknown }> {
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const config = sinks.config(name, keys);
  const written = await transactions(topic);
  const records = written.reduce((sum, { length }) => sum + length, 0);
  await withProducer(sinks.kafka, name, async (producer) => {
    for (const transaction of written) await transact(producer, topic, transaction);
  });
  await sinks.whileRunning(config, async () =>
    eventually(
      async () => {
        const found = await sinks.rows('select sum(records)::int as n from sink.offsets where connector = $1', [name]);
        expect(found).toEqual([{ n: records }]);
      },
      { timeoutMs: 60_000 },
    ),
  );
  const [key] = await sinks.rows(
    `select pg_get_constraintdef(oid) as key from pg_constraint where contype = 'p' and conrelid = $1::regclass`,
    [`raw."${name}"`],
  );
  const { stdout } = await runSink('reconcile', config);
  return {
    rows: await sinks.rows(`select ${columns} from raw."${name}" order by _kafka_offset`),
    key: (key as { key: string } | undefined)?.key,
    verdict: (JSON.parse(stdout) as { verdict: unknown }).verdict,
  };
}

const labels = (writer: StreamWriter) => [
  [
    writer.record({ id: 1, region: 'a', label: 'old' }),
    writer.record({ id: 2, region: 'a', label: 'new' }),
    writer.record({ id: 1, region: 'b', label: 'new' }),
  ],
  [writer.record({ id: 3, region: 'c', label: 'new' }), writer.tombstone({ id: 2, region: 'a' })],
];

test('pk.mode=record_value takes the key from the fields of the value that pk.fields names, and passes tombstones over', async () => {
  const name = uniqueName('by-value');
  const landed = await land(
    name,
    { 'pk.mode': 'record_value', 'pk.fields': 'region,id' },
    'id::int, region, label',
    async (topic) => {
      const writer = await StreamWriter.register(sinks.registry, topic, name, properties, ['label']);
      return [
        [
          writer.record({ id: 1, region: 'a', label: 'old' }),
          writer.record({ id: 1, region: 'b', label: 'kept' }),
          writer.record({ id: 1, region: 'a', label: 'new' }),
        ],
        [writer.tombstone({ label: 'kept' }), writer.record({ id: 1, region: 'b', label: 'newest' })],
      ];
    },
  );
  expect(landed).toEqual({
    rows: [
      { id: 1, region: 'a', label: 'new' },
      { id: 1, region: 'b', label: 'newest' },
    ],
    key: 'PRIMARY KEY (region, id)',
    verdict: 'equal',
  });
});

test('pk.fields under record_key makes some fields of the key the primary key, and a tombstone deletes by them', async () => {
  const name = uniqueName('by-part');
  const landed = await land(name, { 'pk.fields': 'id' }, 'id::int, region, label', async (topic) =>
    labels(await StreamWriter.register(sinks.registry, topic, name, properties, ['id', 'region'])),
  );
  expect(landed).toEqual({
    rows: [
      { id: 1, region: 'b', label: 'new' },
      { id: 3, region: 'c', label: 'new' },
    ],
    key: 'PRIMARY KEY (id)',
    verdict: 'equal',
  });
});

test('a key that is a single value becomes the column that pk.fields names, though the value lacks it', async () => {
  const name = uniqueName('by-text');
  const landed = await land(name, { 'pk.fields': 'code' }, 'code, label', async (topic) => {
    const value = { type: 'record', name: 'thing', fields: [{ name: 'label', type: ['null', 'string'] }] };
    const keyId = await sinks.registry.register(`${topic}-key`, { type: 'string' });
    const valueId = await sinks.registry.register(`${topic}-value`, value);
    const record = (code: string, label: string | undefined): KeyValue => ({
      key: frame(keyId, exactAvroType({ type: 'string' }).toBuffer(code)),
      value: label === undefined ? null : frame(valueId, exactAvroType(value).toBuffer({ label })),
      headers: {},
    });
    return [
      [record('x', 'old'), record('ÿ"', 'kept'), record('x', 'new')],
      [record('gone', 'soon'), record('gone', undefined), record('ÿ"', 'newest')],
    ];
  });
  expect(landed).toEqual({
    rows: [
      { code: 'x', label: 'new' },
      { code: 'ÿ"', label: 'newest' },
    ],
    key: 'PRIMARY KEY (code)',
    verdict: 'equal',
  });
});

/** Records of one topic whose keys and values have these Avro types under the name `id`. */
async function byTypes(
  topic: string,
  valueType: unknown,
): Promise<(keyType: unknown, key: unknown, value: { id: unknown; label: string } | null) => Promise<KeyValue>> {
  const label = { name: 'label', type: 'string' };
  const value = { type: 'record', name: 'thing', fields: [{ name: 'id', type: valueType }, label] };
  const valueId = await sinks.registry.register(`${topic}-value`, value);
  return async (keyType, key, row) => {
    const keySchema = { type: 'record', name: 'thing_key', fields: [{ name: 'id', type: keyType }] };
    const subject = `${topic}-key-${JSON.stringify(keyType).replace(/\W/g, '')}`;
    return {
      key: frame(await sinks.registry.register(subject, keySchema), exactAvroType(keySchema).toBuffer({ id: key })),
      value: row === null ? null : frame(valueId, exactAvroType(value).toBuffer(row)),
      headers: {},
    };
  };
}

test('the record’s key is the key: what the value holds under its name, null or another number, is left out', async () => {
  const name = uniqueName('by-key');
  const landed = await land(name, {}, 'id::int, label', async (topic) => {
    const record = await byTypes(topic, ['null', 'long']);
    return [
      [
        await record('long', 1, { id: null, label: 'null in the value' }),
        await record('long', 2, { id: 3, label: 'another number' }),
        await record('long', 3, { id: 3, label: 'gone' }),
        await record('long', 4, { id: 5, label: 'gone' }),
      ],
      [await record('long', 3, null), await record('long', 4, null)],
    ];
  });
  expect(landed).toEqual({
    rows: [
      { id: 1, label: 'null in the value' },
      { id: 2, label: 'another number' },
    ],
    key: 'PRIMARY KEY (id)',
    verdict: 'equal',
  });
});

test.each([
  ['a new table', undefined, 'text'],
  ['an existing bigint', 'bigint', 'bigint'],
  ['an existing text', 'text', 'text'],
])('string, int and long keys of one topic upsert and delete in %s', async (_, type, column) => {
  const name = uniqueName('by-cast');
  if (type !== undefined) {
    await sinks.rows('create schema if not exists raw');
    await sinks.rows(`create table raw."${name}" (id ${type} primary key)`);
  }
  const landed = await land(name, {}, 'id::text, label, pg_typeof(id)::text as type', async (topic) => {
    const record = await byTypes(topic, 'long');
    return [
      [
        await record('string', '1', { id: 1, label: 'string' }),
        await record('string', '2', { id: 2, label: 'gone' }),
        await record('int', 11, { id: 11, label: 'int' }),
        await record('int', 12, { id: 12, label: 'gone' }),
        await record('long', 21, { id: 21, label: 'long' }),
        await record('long', 22, { id: 22, label: 'gone' }),
        await record('string', '31', { id: 31, label: 'gone' }),
      ],
      // A promoted key is still the same one, and deletes what was written under the old type.
      [await record('string', '2', null), await record('long', 12, null), await record('int', 22, null)],
      [await record('string', '31', null)],
    ];
  });
  expect({ rows: landed.rows, verdict: landed.verdict }).toEqual({
    rows: [
      { id: '1', label: 'string', type: column },
      { id: '11', label: 'int', type: column },
      { id: '21', label: 'long', type: column },
    ],
    verdict: 'equal',
  });
});

test('a string key deletes from a uuid column of the user’s', async () => {
  const name = uniqueName('by-uuid');
  await sinks.rows('create schema if not exists raw');
  await sinks.rows(`create table raw."${name}" (id uuid primary key)`);
  const [kept, gone] = ['0f8fad5b-d9cb-469f-a165-70867728950e', '7c9e6679-7425-40de-944b-e07fc1f90ae7'];
  const landed = await land(name, {}, 'id::text, pg_typeof(id)::text as type', async (topic) => {
    const record = await byTypes(topic, { type: 'string', logicalType: 'uuid' });
    return [
      [
        await record('string', kept, { id: kept, label: 'kept' }),
        await record('string', gone, { id: gone, label: '' }),
      ],
      [await record('string', gone, null)],
    ];
  });
  expect({ rows: landed.rows, verdict: landed.verdict }).toEqual({
    rows: [{ id: kept, type: 'uuid' }],
    verdict: 'equal',
  });
});

test('pk.mode=kafka makes every record a row under its coordinates, and a rewound connector repeats none', async () => {
  const name = uniqueName('by-place');
  const keys = { 'insert.mode': 'insert', 'pk.mode': 'kafka' };
  const plainKeys = [
    [
      { id: 1, label: 'a' },
      { id: 1, label: 'b' },
    ],
  ];
  const landed = await land(name, keys, 'id::int, label, _kafka_offset::int as o', async (topic) => {
    const writer = await StreamWriter.register(sinks.registry, topic, name, properties);
    // Kafka's keys are not read in this mode, so they may be anything.
    return plainKeys.map((rows) =>
      rows.map((row) => ({ ...writer.record({ region: 'r', ...row }), key: Buffer.from('text') })),
    );
  });
  const expected = {
    rows: [
      { id: 1, label: 'a', o: 0 },
      { id: 1, label: 'b', o: 1 },
    ],
    key: 'PRIMARY KEY (_kafka_topic, _kafka_partition, _kafka_offset)',
    verdict: 'equal',
  };
  expect(landed).toEqual(expected);
  await sinks.warehouse.query('update sink.offsets set next_offset = 0 where connector = $1', [name]);
  await sinks.whileRunning(sinks.config(name, keys), async () =>
    eventually(async () => {
      const [found] = await sinks.rows('select sum(records)::int as n from sink.offsets where connector = $1', [name]);
      expect(found).toEqual({ n: 4 });
    }),
  );
  expect(await sinks.rows(`select id::int, label, _kafka_offset::int as o from raw."${name}" order by 3`)).toEqual(
    expected.rows,
  );
});

test('keys that only PostgreSQL sees as equal end as their last record says', async () => {
  const name = uniqueName('by-equal');
  const landed = await land(name, {}, 'amount::text, label', async (topic) => {
    const value = {
      type: 'record',
      name: 'thing',
      fields: [
        { name: 'amount', type: 'double' },
        { name: 'label', type: 'string' },
      ],
    };
    const key = { type: 'record', name: 'thing_key', fields: [{ name: 'amount', type: 'double' }] };
    const keyId = await sinks.registry.register(`${topic}-key`, key);
    const valueId = await sinks.registry.register(`${topic}-value`, value);
    return [
      [0, -0, 1].map((amount, index) => ({
        key: frame(keyId, exactAvroType(key).toBuffer({ amount })),
        value: frame(valueId, exactAvroType(value).toBuffer({ amount, label: `record ${index}` })),
        headers: {},
      })),
    ];
  });
  expect(landed.rows).toEqual([
    { amount: '0', label: 'record 1' },
    { amount: '1', label: 'record 2' },
  ]);
});
