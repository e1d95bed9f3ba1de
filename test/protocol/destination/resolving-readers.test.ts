import { frame, incompatibleColumns, mapStream, SchemaRegistry } from '@ewallet/avro';
import path from 'node:path';
import { RecordEncoder } from '../../../destination-kafka/src/encode/record-encoder';
import { PROJECT_ROOT, runProgram } from '../../support/command';
import { plainAvroType } from '../../support/destination/plain-avro';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(240_000);

type Meaning = readonly [what: string, text: string | readonly Meaning[]];
interface Sample {
  readonly raw: string;
  readonly meaning: Meaning;
}
interface Kind {
  readonly name: string;
  readonly schema: unknown;
  readonly samples: readonly Sample[];
}

const numbers = (...texts: string[]): Sample[] => texts.map((text) => ({ raw: text, meaning: ['number', text] }));
/** A binary number is all the digits that it stands for. */
const binary = (value: number, raw: string): Sample => ({
  raw,
  meaning: ['number', BigInt(value * 2 ** 60) === 0n ? '0' : `${BigInt(value * 2 ** 60)}/${2n ** 60n}`],
});
const text = (what: string, value: string, shown = value): Sample => ({
  raw: JSON.stringify(value),
  meaning: [what, shown],
});
const number = (precision: number, scale: number) => ({ type: 'number', precision, scale });
const string = (format: string, airbyteType?: string) => ({ type: 'string', format, airbyte_type: airbyteType });

/** The rows of the type table, with values at the edges of what the type next to it holds. */
const SCALARS: readonly Kind[] = [
  {
    name: 'boolean',
    schema: { type: 'boolean' },
    samples: [{ raw: 'true', meaning: ['boolean', 'True'] }],
  },
  {
    name: 'int32',
    schema: { type: 'integer', format: 'int32' },
    samples: numbers('5', '16777217', '-2147483648'),
  },
  { name: 'int64', schema: { type: 'integer' }, samples: numbers('5', '9007199254740993') },
  {
    name: 'float',
    schema: { type: 'number', format: 'float' },
    samples: [binary(Math.fround(0.1), '0.1'), binary(-2.5, '-2.5')],
  },
  {
    name: 'double',
    schema: { type: 'number', format: 'double' },
    samples: [binary(0.1, '0.1'), binary(-2.5, '-2.5')],
  },
  { name: 'decimal(12,2)', schema: number(12, 2), samples: numbers('12.34', '-9999999999.99') },
  { name: 'decimal(12,4)', schema: number(12, 4), samples: numbers('12.34', '-99999999.9999') },
  { name: 'decimal(20,2)', schema: number(20, 2), samples: numbers('12.34', '123456789012345678.90') },
  {
    name: 'decimal text',
    schema: { type: 'number' },
    samples: [{ raw: '12.34', meaning: ['text', '12.34'] }],
  },
  {
    name: 'text',
    schema: { type: 'string' },
    samples: [text('text', 'abc'), text('text', '2026-01-02'), text('text', '😀')],
  },
  {
    name: 'uuid',
    schema: string('uuid'),
    samples: [text('text', '6f1c2a10-9b0e-4d7c-8a55-0123456789ab')],
  },
  { name: 'date', schema: string('date'), samples: [text('date', '2026-01-02')] },
  {
    name: 'timestamp',
    schema: string('date-time', 'timestamp_without_timezone'),
    samples: [text('timestamp', '2026-01-02T03:04:05.678901')],
  },
  {
    name: 'timestamptz',
    schema: string('date-time'),
    samples: [text('timestamptz', '2026-01-02T03:04:05.678901Z', '2026-01-02T03:04:05.678901')],
  },
  {
    name: 'time',
    schema: string('time', 'time_without_timezone'),
    samples: [text('time', '03:04:05.678901')],
  },
  { name: 'timetz', schema: string('time'), samples: [text('text', '03:04:05+07:00')] },
  {
    name: 'json',
    schema: { type: 'object' },
    samples: [{ raw: '{"a":1}', meaning: ['text', '{"a":1}'] }],
  },
  {
    name: 'bytes',
    schema: { type: 'string', contentEncoding: 'base64' },
    samples: [text('bytes', '/wAC', 'ff0002')],
  },
];
const ARRAYS = SCALARS.filter(({ name }) => name !== 'json').map(({ name, schema, samples }) => ({
  name: `array of ${name}`,
  schema: { type: 'array', items: schema },
  samples: [
    {
      raw: `[${samples.map(({ raw }) => raw).join(',')}]`,
      meaning: ['list', samples.map(({ meaning }) => meaning)] as const,
    },
  ],
}));
const KINDS: readonly Kind[] = [...SCALARS, ...ARRAYS];

/** A change of meaning that resolving readers cannot see is refused too; these are all that may happen. */
const ALLOWED = ['int32 → int64', 'int32 → double', 'float → double', 'decimal(12,2) → decimal(20,2)'].flatMap(
  (pair) => [pair, pair.replace(/^/, 'array of ').replace('→ ', '→ array of ')],
);

/** One answer for each key, as there are thousands of readings of few kinds. */
function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}

const mappingOf = remembered(({ schema }: Kind) =>
  mapStream({ name: 'pairs', namespace: 'public', jsonSchema: { properties: { c: schema } } }),
);
const schemaText = remembered((kind: Kind) => JSON.stringify(mappingOf(kind).valueSchema));
const avscType = remembered((kind: Kind) => plainAvroType(mappingOf(kind).valueSchema));

/** Undefined where the value does not fit the type. */
function encoded(kind: Kind, raw: string): Buffer | undefined {
  const line = `{"type":"RECORD","record":{"stream":"pairs","data":{"c":${raw}},"emitted_at":1700000000000}}`;
  const options = { syncId: undefined, generationId: 0n, unfitValues: 'unfit_record' } as const;
  const record = new RecordEncoder(mappingOf(kind), options).encode(Buffer.from(line), line);
  return record.kind === 'unfit' ? undefined : Buffer.concat([record.data, record.metadata]);
}

interface Reading {
  readonly writer: Kind;
  readonly reader: Kind;
  readonly sample: Sample;
  readonly record: Buffer;
}

const READINGS: readonly Reading[] = KINDS.flatMap((writer) =>
  writer.samples.flatMap((sample) => {
    const record = encoded(writer, sample.raw);
    if (record === undefined) throw new Error(`${sample.raw} does not fit ${writer.name}`);
    return KINDS.map((reader) => ({ writer, reader, sample, record }));
  }),
);

/** Right is what the same value written with the reader's own schema reads as. */
function readByAvsc({ writer, reader, sample, record }: Reading): string {
  const type = avscType(reader);
  let value: unknown;
  try {
    value = type.fromBuffer(record, type.createResolver(avscType(writer)));
  } catch {
    return 'error';
  }
  const own = encoded(reader, rawOf(sample.meaning) ?? sample.raw);
  // Longer than the older schema says, and with all its digits: an amount is read by its scale.
  if (own === undefined && scaleOf(writer) !== undefined && scaleOf(writer) === scaleOf(reader)) {
    return shown(avscType(writer).fromBuffer(record)) === shown(value) ? 'right' : `wrong: ${shown(value)}`;
  }
  return own !== undefined && shown(type.fromBuffer(own)) === shown(value) ? 'right' : `wrong: ${shown(value)}`;
}

const scaleOf = ({ name }: Kind): string | undefined => /decimal\(\d+,(\d)\)/.exec(name)?.[1];

/** A number with all its digits: 0.1 of a float is another number than 0.1 of a double. */
function rawOf([what, meant]: Meaning): string | undefined {
  if (typeof meant !== 'string') {
    const items = meant.map(rawOf);
    return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
  }
  if (what !== 'number') return undefined;
  const [over, under] = meant.split('/');
  return under === undefined ? over : String(Number(over) / Number(under));
}

/** The data of a record; longs and wrapped branches of unions as what is in them. */
const shown = (value: unknown): string =>
  JSON.stringify((value as { c: unknown }).c, (_, part: unknown) => {
    if (typeof part === 'bigint' || typeof part === 'number') return String(part);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    const [first, ...more] = Object.values(part as Readonly<Record<string, unknown>>);
    return more.length === 0 ? first : part;
  });

async function readByPython(readings: readonly Reading[]): Promise<readonly (readonly [string, string])[]> {
  const { schemaRegistry } = await services();
  const registry = new SchemaRegistry({ url: schemaRegistry.url });
  const ids = new Map<Kind, number>();
  try {
    for (const kind of KINDS) ids.set(kind, await registry.register(uniqueName('pair'), mappingOf(kind).valueSchema));
  } finally {
    registry.close();
  }
  const input = readings
    .map(({ writer, reader, sample, record }) =>
      JSON.stringify({
        record: frame(ids.get(writer)!, record).toString('hex'),
        reader: schemaText(reader),
        expected: sample.meaning,
      }),
    )
    .join('\n');
  const python = path.join(PROJECT_ROOT, '.venv-test', 'bin', 'python3');
  const script = path.join(PROJECT_ROOT, 'test', 'support', 'destination', 'resolving_readers.py');
  const { code, stdout, stderr } = await runProgram(python, [script, schemaRegistry.url], { input });
  if (code !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, string]);
}

test('for every pair of types a reader with either schema reads the right value, or the change is refused', async () => {
  const isRefused = (before: Kind, after: Kind): boolean =>
    incompatibleColumns(mappingOf(before).valueSchema, mappingOf(after).valueSchema).length > 0;
  const others = KINDS.flatMap((before) => KINDS.filter((kind) => kind !== before).map((after) => ({ before, after })));
  expect(
    others
      .filter(({ before, after }) => !isRefused(before, after))
      .map((pair) => `${pair.before.name} → ${pair.after.name}`)
      .sort(),
  ).toEqual([...ALLOWED].sort());

  const foreign = await readByPython(READINGS);
  const faults = READINGS.flatMap((reading, index) => {
    const { writer, reader, sample } = reading;
    const forth = !isRefused(writer, reader);
    const back = !isRefused(reader, writer);
    if (!forth && !back) return [];
    const results = { avsc: readByAvsc(reading), fastavro: foreign[index]![0], confluent: foreign[index]![1] };
    // A newer reader must read the older record; an older reader reads the newer one right, or refuses it.
    const fine = (result: string): boolean => result === 'right' || (!forth && result === 'error');
    return Object.entries(results)
      .filter(([, result]) => !fine(result))
      .map(([by, result]) => `${by}: ${writer.name} read as ${reader.name}, ${sample.raw}: ${result}`);
  });
  expect(faults).toEqual([]);
  // What the rule is for: a reader that goes by its own schema takes a count of days for microseconds, without an error.
  const dayAsMoment = READINGS.find(({ writer, reader }) => writer.name === 'date' && reader.name === 'timestamptz');
  expect(dayAsMoment === undefined ? undefined : readByAvsc(dayAsMoment)).toBe('wrong: "20455"');
});
