import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

interface Case {
  readonly column: string;
  readonly schema: Record<string, unknown>;
  readonly type: string;
  /** What the record carries, and the literal that PostgreSQL must find equal to what landed, down to its text. */
  readonly values: readonly (readonly [unknown, string])[];
}

const text = { type: ['null', 'string'] };
const cases: readonly Case[] = [
  {
    column: 'flag',
    schema: { type: ['null', 'boolean'] },
    type: 'boolean',
    values: [
      [true, 'true'],
      [false, 'false'],
    ],
  },
  {
    column: 'small',
    schema: { type: ['null', 'integer'], format: 'int32' },
    type: 'integer',
    values: [
      [-2147483648, '-2147483648'],
      [2147483647, '2147483647'],
      [0, '0'],
      [-1, '-1'],
    ],
  },
  {
    column: 'big',
    schema: { type: ['null', 'integer'] },
    type: 'bigint',
    values: [
      [9223372036854775807n, '9223372036854775807'],
      [-9223372036854775808n, '-9223372036854775808'],
      [9007199254740993n, '9007199254740993'],
      [-4294967297, '-4294967297'],
      [4294967296, '4294967296'],
      [268435456, '268435456'],
    ],
  },
  ...[
    [20, 4],
    [38, 0],
    [5, 5],
    [30, 10],
    [1000, 500],
  ].map(([precision = 0, scale = 0]): Case => ({
    column: `numeric ${precision},${scale}`,
    schema: { type: ['null', 'number'], precision, scale },
    type: `numeric(${precision},${scale})`,
    values: [
      decimal(0n, scale),
      decimal(1n, scale),
      decimal(-1n, scale),
      decimal(10n ** BigInt(Math.min(precision, 14)) - 1n, scale),
      decimal(-(10n ** BigInt(precision) - 1n), scale),
      decimal(10n ** BigInt(precision - 1), scale),
      decimal(10000n, scale),
      decimal(99999n, scale),
    ],
  })),
  {
    column: 'any numeric',
    schema: { type: ['null', 'number'] },
    type: 'numeric',
    values: [
      ['0', '0'],
      ['-0.00', '0.00'],
      ['12345678901234567890.123456789012345678901234567890', '12345678901234567890.123456789012345678901234567890'],
      ['1e-20', '0.00000000000000000001'],
      ['1.5e+30', '1500000000000000000000000000000'],
      ['-0.0001', '-0.0001'],
      ['10000.0001', '10000.0001'],
    ],
  },
  {
    column: 'single',
    schema: { type: ['null', 'number'], format: 'float' },
    type: 'real',
    values: [
      [Math.fround(1.1), '1.1'],
      [Math.fround(-3.4028234663852886e38), '-3.4028235e38'],
    ],
  },
  {
    column: 'double',
    schema: { type: ['null', 'number'], format: 'double' },
    type: 'double precision',
    values: [
      [0.1, '0.1'],
      [1.7976931348623157e308, '1.7976931348623157e308'],
      [5e-324, '5e-324'],
      [-0, '-0'],
    ],
  },
  {
    column: 'Text "quoted" ∑',
    schema: text,
    type: 'text',
    values: [
      ['', ''],
      ['tab\there\nline \\ "q" \'s\' \u2028 😀 é', 'tab\there\nline \\ "q" \'s\' \u2028 😀 é'],
      ['x'.repeat(70_000), 'x'.repeat(70_000)],
    ],
  },
  {
    column: 'uuid',
    schema: { ...text, format: 'uuid' },
    type: 'uuid',
    values: [
      ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'],
      ['6F9619FF-8B86-D011-B42D-00CF4FC964FF', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
    ],
  },
  {
    column: 'day',
    schema: { ...text, format: 'date' },
    type: 'date',
    values: [
      [0, '1970-01-01'],
      [-719162, '0001-01-01'],
      [2932896, '9999-12-31'],
      [10957, '2000-01-01'],
    ],
  },
  {
    column: 'moment',
    schema: { ...text, format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
    type: 'timestamptz',
    values: [
      [0, '1970-01-01 00:00:00+00'],
      [946684800000000, '2000-01-01 00:00:00+00'],
      [946684799999999, '1999-12-31 23:59:59.999999+00'],
      [1700000000123456, '2023-11-14 22:13:20.123456+00'],
      [-62135596800000000n, '0001-01-01 00:00:00+00'],
      [253402300799999999n, '9999-12-31 23:59:59.999999+00'],
    ],
  },
  {
    column: 'local moment',
    schema: { ...text, format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
    type: 'timestamp',
    values: [
      [1, '1970-01-01 00:00:00.000001'],
      [-1, '1969-12-31 23:59:59.999999'],
    ],
  },
  {
    column: 'clock',
    schema: { ...text, format: 'time', airbyte_type: 'time_without_timezone' },
    type: 'time',
    values: [
      [0, '00:00:00'],
      [86400000000, '24:00:00'],
      [3723000001, '01:02:03.000001'],
    ],
  },
  {
    column: 'zoned clock',
    schema: { ...text, format: 'time', airbyte_type: 'time_with_timezone' },
    type: 'timetz',
    values: [
      ['23:59:59.5+05:30', '23:59:59.5+05:30'],
      ['00:00:00Z', '00:00:00+00'],
      ['12:00:00-08', '12:00:00-08'],
    ],
  },
  {
    column: 'json',
    schema: { type: ['null', 'object'] },
    type: 'jsonb',
    values: [
      ['{"a":12345678901234567890.10,"b":[null,"é\\"",{}]}', '{"a":12345678901234567890.10,"b":[null,"é\\"",{}]}'],
      ['"text"', '"text"'],
      ['null', 'null'],
    ],
  },
  {
    column: 'bytes',
    schema: { ...text, contentEncoding: 'base64' },
    type: 'bytea',
    values: [
      [Buffer.from([0, 255, 10]), '\\x00ff0a'],
      [Buffer.alloc(0), '\\x'],
    ],
  },
  {
    column: 'array',
    schema: { type: ['null', 'array'], items: { type: ['null', 'integer'] } },
    type: 'jsonb',
    values: [
      [[1, null, 9223372036854775807n], '[1,null,9223372036854775807]'],
      [[], '[]'],
    ],
  },
  {
    column: 'words',
    schema: { type: ['null', 'array'], items: text },
    type: 'jsonb',
    values: [[['a"b', null, '\\'], '["a\\"b",null,"\\\\"]']],
  },
];

/** Unscaled integer → what `exactAvroType` takes for a decimal, which is exact text. */
function decimal(unscaled: bigint, scale: number): [string, string] {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const shown = `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? '.' : ''}${digits.slice(point)}`;
  return [shown, shown];
}

test('every type lands as the value that PostgreSQL itself reads from its literal, and null stays null', async () => {
  const name = uniqueName('types');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const properties = Object.fromEntries(cases.map(({ column, schema }) => [column, schema]));
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' }, ...properties });
  const depth = Math.max(...cases.map(({ values }) => values.length));
  const records = Array.from({ length: depth + 1 }, (_, id) =>
    writer.record({ id, ...Object.fromEntries(cases.map(({ column, values }) => [column, values[id]?.[0] ?? null])) }),
  );
  await sinks.whileRunning(sinks.config(name), async () => {
    await withProducer(sinks.kafka, name, async (producer) => transact(producer, topic, records));
    await eventually(async () => {
      expect(await sinks.rows(`select count(*)::int as n from raw."${name}"`)).toEqual([{ n: depth + 1 }]);
    });
  });
  for (const { column, type, values } of cases) {
    const quoted = `"${column.replaceAll('"', '""')}"`;
    const landed = await sinks.rows(
      `select id::int, ${quoted}::text as value, pg_typeof(${quoted})::text as type from raw."${name}" order by id`,
    );
    const expected = await sinks.rows(
      `select (position - 1)::int as id, (literal::${type})::text as value, pg_typeof(null::${type})::text as type
       from unnest($1::text[]) with ordinality as given (literal, position) order by position`,
      [Array.from({ length: depth + 1 }, (_, id) => values[id]?.[1] ?? null)],
    );
    expect({ column, landed }).toEqual({ column, landed: expected });
  }
});

test('interleaved writer schemas lie in one batch, and what a record’s schema lacks is null in its row', async () => {
  const name = uniqueName('versions');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const id = { type: 'integer' };
  const old = await StreamWriter.register(sinks.registry, topic, name, {
    id,
    amount: { type: ['null', 'integer'], format: 'int32' },
    gone: text,
  });
  // Registered under another subject: the registry would refuse the dropped column's order, the sink must not care.
  const young = await StreamWriter.register(sinks.registry, `${topic}.v2`, name, {
    added: text,
    id,
    amount: { type: ['null', 'integer'] },
  });
  const config = sinks.config(name, { 'flush.interval.ms': 3000, 'log.level': 'debug' });
  await withProducer(sinks.kafka, name, async (producer) =>
    transact(
      producer,
      topic,
      Array.from({ length: 200 }, (_, index) =>
        index % 2 === 0
          ? old.record({ id: index % 60, amount: index, gone: `gone ${index}` })
          : young.record({ id: index % 60, amount: 5_000_000_000 + index, added: `added ${index}` }),
      ),
    ),
  );
  await sinks.whileRunning(config, async (sink) => {
    await eventually(async () => {
      expect(
        await sinks.rows(
          `select count(*)::int as n, count(gone)::int as gone, count(added)::int as added, max(amount)::text as most,
             count(*) filter (where gone is not null and added is not null)::int as mixed from raw."${name}"`,
        ),
      ).toEqual([{ n: 60, gone: 30, added: 30, most: '5000000199', mixed: 0 }]);
    });
    expect(sink.stderr.split('\n').filter((line) => line.includes('"batch committed"'))).toHaveLength(1);
  });
});
