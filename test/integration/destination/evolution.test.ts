import { mapStream, SchemaRegistry, type RegisteredSchema } from '@ewallet/avro';
import {
  catalogOf,
  messagesOf,
  recordLine,
  runWrite,
  stateLine,
  traceError,
  type CatalogStream,
} from '../../support/destination/destination-run';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let config: Readonly<Record<string, unknown>>;
let registry: SchemaRegistry;

beforeAll(async () => {
  const { kafka, schemaRegistry } = await services();
  config = { bootstrap_servers: kafka.bootstrapServers, schema_registry: { url: schemaRegistry.url } };
  registry = new SchemaRegistry({ url: schemaRegistry.url });
});
afterAll(() => {
  registry.close();
});

const id = { type: 'integer' };
const amount = (precision: number, scale: number): unknown => ({ type: ['null', 'number'], precision, scale });

async function write(stream: CatalogStream, data = '{"id":1}'): Promise<unknown> {
  const { code, stdout } = await runWrite(
    config,
    catalogOf([stream]),
    recordLine(stream, data) + stateLine(stream, {}),
  );
  const warnings = messagesOf(stdout, 'LOG').map(({ log }) => (log as { message: string }).message);
  return { code, error: traceError(stdout), warnings };
}

const written = { code: 0, error: undefined, warnings: [] };
const refusal = ({ name }: { readonly name: string }, part: string, reasons: string): unknown => ({
  code: 1,
  error: {
    kind: 'config_error',
    message: `Stream public.${name}: its schema has changed in a way that readers of topic public.${name} cannot follow (subject public.${name}-${part}): ${reasons}. Either change the column back, or raise the stream's version in \`topic_versions\` to write to a new topic with the new schema, and read the stream from the start. Nothing was written.`,
  },
  warnings: [],
});
const versionsOf = async (subject: string): Promise<number[]> =>
  (await registry.versions(subject)).map(({ version }: RegisteredSchema) => version);

test('a column that was dropped may come back as it was, and with another scale it is refused for good', async () => {
  const stream = { name: uniqueName('back'), namespace: 'public', resumes: false };
  expect(await write({ ...stream, properties: { id, paid: amount(12, 2) } }, '{"id":1,"paid":12.34}')).toEqual(written);
  expect(await write({ ...stream, properties: { id } })).toEqual(written);
  expect(await write({ ...stream, properties: { id, paid: amount(12, 4) } })).toEqual(
    refusal(
      stream,
      'value',
      `column "paid" (version 1): decimal(12,2) became decimal(12,4): a reader that holds one schema would shift the decimal point of the other's amounts`,
    ),
  );
  expect(await versionsOf(`public.${stream.name}-value`)).toEqual([1, 2]);
  expect(await write({ ...stream, properties: { id, paid: amount(12, 2) } })).toEqual(written);
  expect(await write({ ...stream, properties: { id, paid: amount(14, 2) } })).toEqual(written);
});

test('a change that the registry’s own check takes is refused where it changes what the bytes mean', async () => {
  const stream = { name: uniqueName('meaning'), namespace: 'public', resumes: false };
  const day = { type: ['null', 'string'], format: 'date' };
  const time = { ...day, format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
  expect(await write({ ...stream, properties: { id, at: day, fee: amount(12, 2) } })).toEqual(written);
  expect(await write({ ...stream, properties: { id, at: time, fee: { type: ['null', 'string'] } } })).toEqual(
    refusal(
      stream,
      'value',
      `column "at": date became timestamptz: a reader that holds one schema would read the other's values as something else, or not at all; column "fee": decimal(12,2) became text: a reader that holds one schema would read the other's values as something else, or not at all`,
    ),
  );
});

test('a primary key neither gains nor loses a column in one topic', async () => {
  const stream = { name: uniqueName('keys'), namespace: 'public', properties: { id, part: id }, resumes: false };
  expect(await write({ ...stream, primaryKey: ['id', 'part'] }, '{"id":1,"part":2}')).toEqual(written);
  expect(await write({ ...stream, primaryKey: ['id'] }, '{"id":1,"part":2}')).toEqual(
    refusal(stream, 'key', 'column "part": it left the primary key, so rows that it told apart would be one'),
  );
});

test('a subject of an earlier version of ours is brought up, and versions that it should not hold are named once', async () => {
  const stream = { name: uniqueName('older'), namespace: 'public', resumes: false };
  const subject = `public.${stream.name}-value`;
  const schemaOf = (properties: Record<string, unknown>): unknown =>
    mapStream({ name: stream.name, namespace: 'public', jsonSchema: { properties } }).valueSchema;
  const now = { id, paid: amount(12, 4) };
  for (const properties of [{ id, paid: amount(12, 2) }, { id }, now]) {
    await registry.register(subject, schemaOf(properties));
    await registry.setCompatibility(subject, 'BACKWARD');
  }
  expect(await write({ ...stream, properties: now })).toEqual({
    ...written,
    warnings: [
      `Subject ${subject} holds versions that a reader with one schema cannot read right from the other's records: version 3 beside 1, column "paid": decimal(12,2) became decimal(12,4): a reader that holds one schema would shift the decimal point of the other's amounts. Read each record by its own schema, as sink-warehouse does, or raise the stream's version in \`topic_versions\` and read the stream from the start.`,
    ],
  });
  expect(await registry.compatibility(subject)).toBe('BACKWARD_TRANSITIVE');
  expect(await write({ ...stream, properties: now })).toEqual(written);
});

test('a compatibility that somebody has set higher stays', async () => {
  const stream = { name: uniqueName('stricter'), namespace: 'public', properties: { id }, resumes: false };
  const subject = `public.${stream.name}-value`;
  expect(await write(stream)).toEqual(written);
  for (const [set, kept] of [
    ['FULL', 'FULL_TRANSITIVE'],
    ['FULL_TRANSITIVE', 'FULL_TRANSITIVE'],
    ['FORWARD', 'FORWARD'],
  ] as const) {
    await registry.setCompatibility(subject, set);
    expect(await write(stream)).toEqual(written);
    expect(await registry.compatibility(subject)).toBe(kept);
  }
});
