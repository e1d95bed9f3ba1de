import { Type } from 'avsc';
import { frame } from '@ewallet/avro';
import { eventually } from '../../support/eventually';
import { SinkCase } from '../../support/sink/sink-case';
import { createTopic, transact, withProducer, type KeyValue } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

const money = { type: 'fixed', name: 'Money', size: 9, logicalType: 'decimal', precision: 20, scale: 4 };
const person = {
  type: 'record',
  name: 'Person',
  fields: [
    { name: 'name', type: 'string' },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'ACTIVE'] } },
    { name: 'boss', type: ['null', 'Person'], default: 'no default of this type' },
  ],
};
/** As Debezium, Flink and Connect's sources write: types named once and used again, logical types on fixed, recursion. */
const value = {
  type: 'record',
  name: 'Envelope',
  namespace: 'com.acme',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'state', type: { type: 'enum', name: 'Outer', symbols: ['NEW', 'ACTIVE'] } },
    { name: 'state_again', type: ['null', 'Outer'] },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'local_at', type: ['null', { type: 'long', logicalType: 'local-timestamp-millis' }] },
    { name: 'clock', type: { type: 'int', logicalType: 'time-millis' } },
    { name: 'amount', type: money },
    { name: 'fee', type: ['null', 'com.acme.Money'] },
    { name: 'device', type: { type: 'fixed', name: 'Device', size: 16, logicalType: 'uuid' } },
    { name: 'term', type: { type: 'fixed', name: 'Term', size: 12, logicalType: 'duration' } },
    { name: 'digest', type: { type: 'fixed', name: 'Digest', size: 3 } },
    { name: 'before', type: ['null', person] },
    { name: 'after', type: ['null', 'Person'] },
    { name: 'tags', type: { type: 'map', values: 'long' } },
  ],
};

function withoutDefaults(schema: object): object {
  return JSON.parse(JSON.stringify(schema, (key, part: unknown) => (key === 'default' ? undefined : part))) as object;
}

const row = {
  id: 1,
  state: 'ACTIVE',
  state_again: 'NEW',
  at: Date.parse('1969-12-31T23:59:59.999Z'),
  local_at: Date.parse('2026-01-02T03:04:05.678Z'),
  clock: 86_399_999,
  amount: Buffer.from('ffffffffffffffff85', 'hex'),
  fee: Buffer.from('000000000000000001', 'hex'),
  device: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  term: Buffer.from('0e0000000300000001000080', 'hex'),
  digest: Buffer.from('00ff5c', 'hex'),
  before: null,
  after: { name: 'Ana', state: 'NEW', boss: { name: 'Budi', state: 'ACTIVE', boss: null } },
  tags: { a: 1, proto: 2 },
};

const landed = {
  id: '1',
  state: 'ACTIVE',
  state_again: 'NEW',
  at: '1969-12-31 23:59:59.999+00',
  local_at: '2026-01-02 03:04:05.678',
  clock: '23:59:59.999',
  amount: '-0.0123',
  fee: '0.0001',
  device: '00112233-4455-6677-8899-aabbccddeeff',
  term: '1 year 2 mons 3 days 596:31:23.649',
  digest: '\\x00ff5c',
  before: null,
  after: '{"boss": {"boss": null, "name": "Budi", "state": "ACTIVE"}, "name": "Ana", "state": "NEW"}',
  tags: '{"a": 1, "__proto__": 2}',
};

const types = {
  id: 'bigint',
  state: 'text',
  state_again: 'text',
  at: 'timestamp with time zone',
  local_at: 'timestamp without time zone',
  clock: 'time without time zone',
  amount: 'numeric(20,4)',
  fee: 'numeric(20,4)',
  device: 'uuid',
  term: 'interval',
  digest: 'bytea',
  before: 'jsonb',
  after: 'jsonb',
  tags: 'jsonb',
};

const keySchema = { type: 'record', name: 'K', fields: [{ name: 'id', type: 'long' }] };

/** avsc writes no map entry called `__proto__`, so another name of nine bytes is written, and then changed. */
function encoded(schema: object, content: object): Buffer {
  const bytes = Type.forSchema(withoutDefaults(schema) as never).toBuffer({ ...content, tags: { a: 1, proto4567: 2 } });
  return Buffer.from(bytes.toString('latin1').replace('proto4567', '__proto__'), 'latin1');
}

async function write(name: string, topic: string, record: (keyId: number) => Promise<KeyValue[]>): Promise<void> {
  const keyId = await sinks.registry.register(`${topic}-key`, keySchema);
  const records = await record(keyId);
  await withProducer(sinks.kafka, name, async (producer) => transact(producer, topic, records));
}

const key = (keyId: number, id: number) => frame(keyId, Type.forSchema(keySchema as never).toBuffer({ id }));

async function textOf(name: string, where: string): Promise<unknown> {
  const columns = Object.keys(types)
    .map((column) => `"${column}"::text`)
    .join(', ');
  const [found] = await sinks.rows(`select ${columns} from raw."${name}" where ${where}`);
  return found;
}

async function typesOf(name: string): Promise<unknown> {
  const rows = (await sinks.rows(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname !~ '^_' order by attnum`,
    [`raw."${name}"`],
  )) as { name: string; type: string }[];
  return Object.fromEntries(rows.map((column) => [column.name, column.type]));
}

test('Avro of another producer lands by its sense: named types used twice, recursion, logical types on fixed and milliseconds', async () => {
  const name = uniqueName('foreign');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  await write(name, topic, async (keyId) => {
    const valueId = await sinks.registry.register(`${topic}-value`, withoutDefaults(value));
    return [{ key: key(keyId, 1), value: frame(valueId, encoded(value, row)), headers: {} }];
  });
  // A table as the sink before made it: JSON text of the raw value in jsonb, which becomes what it says.
  const old: Record<string, string> = {
    state: '"NEW"',
    state_again: '"ACTIVE"',
    at: '-1',
    local_at: '1767323045678',
    clock: '86399999',
    amount: '"-0.0123"',
    fee: '"0.0001"',
    device: '"ABEiM0RVZneImaq7zN3u/w=="',
    term: '"DgAAAAMAAAABAACA"',
    digest: '"AP9c"',
  };
  await sinks.warehouse.query('create schema if not exists raw');
  await sinks.warehouse.query(
    `create table raw."${name}" (id bigint primary key, ${Object.keys(old)
      .map((column) => `"${column}" jsonb`)
      .join(', ')})`,
  );
  await sinks.warehouse.query(
    `insert into raw."${name}" values (0, ${Object.values(old)
      .map((json) => `'${json}'`)
      .join(', ')})`,
  );
  await sinks.whileRunning(sinks.config(name), async () =>
    eventually(
      async () => {
        expect(await sinks.rows(`select from raw."${name}" where id = 1`)).toHaveLength(1);
      },
      { timeoutMs: 60_000 },
    ),
  );
  expect(await typesOf(name)).toEqual(types);
  expect(await textOf(name, 'id = 1')).toEqual({ ...landed, tags: '{"a": 1, "__proto__": 2}' });
  expect(await textOf(name, 'id = 0')).toEqual({
    ...landed,
    id: '0',
    state: 'NEW',
    state_again: 'ACTIVE',
    after: null,
    tags: null,
  });
});

async function registerWithReferences(
  subject: string,
  schema: object,
  references: readonly { readonly name: string; readonly subject: string; readonly version: number }[],
): Promise<number> {
  const url = `${sinks.stack.schemaRegistry.url}/subjects/${encodeURIComponent(subject)}/versions`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'AVRO', schema: JSON.stringify(schema), references }),
  });
  if (!answer.ok) throw new Error(`registry: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: number }).id;
}

test('a schema that refers to others lands as if it held them, and a record of a schema that nobody can read is a bad record of its topic alone', async () => {
  const name = uniqueName('referring');
  const topic = `${name}.${name}`;
  const broken = `${name}.broken`;
  await createTopic(sinks.kafka, topic, 1);
  await createTopic(sinks.kafka, broken, 1);
  const country = { type: 'enum', name: 'Country', namespace: 'com.acme', symbols: ['ID', 'PH'] };
  const address = {
    type: 'record',
    name: 'Address',
    namespace: 'com.acme',
    fields: [{ name: 'country', type: 'com.acme.Country' }],
  };
  const referring = {
    type: 'record',
    name: 'User',
    namespace: 'com.acme',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'home', type: 'Address' },
      { name: 'born_in', type: ['null', 'Country'] },
    ],
  };
  await registerWithReferences(`${name}-country`, country, []);
  const toCountry = { name: 'com.acme.Country', subject: `${name}-country`, version: 1 };
  await registerWithReferences(`${name}-address`, address, [toCountry]);
  const valueId = await registerWithReferences(`${topic}-value`, referring, [
    toCountry,
    { name: 'com.acme.Address', subject: `${name}-address`, version: 1 },
  ]);
  const whole = {
    ...referring,
    fields: [
      referring.fields[0],
      { name: 'home', type: { ...address, fields: [{ name: 'country', type: country }] } },
      referring.fields[2],
    ],
  };
  const bytes = Type.forSchema(whole as never).toBuffer({ id: 7, home: { country: 'PH' }, born_in: 'ID' });
  await write(name, broken, (keyId) =>
    Promise.resolve([{ key: key(keyId, 1), value: frame(987_654, bytes), headers: {} }]),
  );
  await write(name, topic, (keyId) =>
    Promise.resolve([{ key: key(keyId, 7), value: frame(valueId, bytes), headers: {} }]),
  );
  const config = sinks.config(name, { 'errors.tolerance': 'all' });
  await sinks.whileRunning(config, async () =>
    eventually(
      async () => {
        expect(await sinks.rows('select topic from sink.dead_letters where topic = $1', [broken])).toHaveLength(1);
      },
      { timeoutMs: 60_000 },
    ),
  );
  expect(await sinks.rows(`select id, home, born_in from raw."${name}"`)).toEqual([
    { id: '7', home: { country: 'PH' }, born_in: 'ID' },
  ]);
});
