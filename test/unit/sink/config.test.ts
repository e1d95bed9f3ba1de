import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProperties, readConfigFile } from '../../../sink-warehouse/src/config/config-file';
import { parseSinkConfig } from '../../../sink-warehouse/src/config/sink-config';

const smallest = {
  name: 'wallet',
  'topics.regex': 'public\\..*',
  'consumer.override.bootstrap.servers': 'a:9092,b:9092',
  'connection.url': 'postgresql://u:p@h/db',
  'value.converter.schema.registry.url': 'http://r',
  'insert.mode': 'upsert',
  'pk.mode': 'record_key',
};
const parse = (more: Record<string, string> = {}) => parseSinkConfig(new Map(Object.entries({ ...smallest, ...more })));

test('an unknown key is refused with the nearest known one', () => {
  expect(() => parse({ 'flush.intervall.ms': '5' })).toThrow(
    'Unknown key "flush.intervall.ms". The nearest known key is flush.interval.ms.',
  );
});

test('a value out of range is refused with the range, and a secret is never shown', () => {
  expect(() => parse({ 'rest.port': '70000' })).toThrow('rest.port must be a whole number from 0 to 65535.');
  expect(() => parse({ 'connection.url': 'mysql://u:secret@h/db' })).toThrow(/^(?!.*secret).*$/);
  expect(parse().shown['connection.url']).toBe('[hidden]');
});

test('topics.regex matches whole names only', () => {
  const { topics } = parse();
  expect(
    topics.kind === 'regex' && ['public.a', 'xpublic.a', 'publica'].map((topic) => topics.regex.test(topic)),
  ).toEqual([true, false, false]);
});

test('a .properties file says the same as JSON', () => {
  const text = '# comment\n! other\nname = wallet\ntopics.regex=public\\\\..*\nconnection.url:a\\\n   b\nempty=\n';
  expect([...parseProperties(text)]).toEqual([
    ['name', 'wallet'],
    ['topics.regex', 'public\\..*'],
    ['connection.url', 'ab'],
    ['empty', ''],
  ]);
});

test('${env:NAME} is resolved, and a variable that is not set is an error that names it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sink-config-'));
  const file = join(directory, 'c.json');
  try {
    writeFileSync(file, '{"name":"x","config":{"connection.password":"a${env:PASS}b"}}');
    expect([...readConfigFile(file, { PASS: 'word' })]).toEqual([
      ['name', 'x'],
      ['connection.password', 'awordb'],
    ]);
    expect(() => readConfigFile(file, {})).toThrow(
      'connection.password refers to the environment variable PASS, which is not set.',
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each([
  [{}, { kind: 'record-key', fields: [] }],
  [{ 'pk.fields': 'id, region' }, { kind: 'record-key', fields: ['id', 'region'] }],
  [
    { 'pk.mode': 'record_value', 'pk.fields': 'id' },
    { kind: 'record-value', fields: ['id'] },
  ],
  [{ 'pk.mode': 'kafka' }, { kind: 'coordinates' }],
  [{ 'insert.mode': 'insert', 'pk.mode': 'kafka' }, { kind: 'coordinates' }],
  [
    { 'pk.mode': 'kafka', 'pk.fields': '__connect_topic,__connect_partition,__connect_offset' },
    { kind: 'coordinates' },
  ],
  [{ 'insert.mode': 'insert', 'pk.mode': 'record_key' }, { kind: 'none' }],
  [{ 'insert.mode': 'insert', 'pk.mode': 'none', 'pk.fields': '' }, { kind: 'none' }],
])('with %j the key is %j', (more, key) => {
  expect(parse(more as unknown as Record<string, string>).key).toEqual(key);
});

test.each([
  [{ 'pk.mode': 'none' }, 'insert.mode=upsert needs to know the key: set pk.mode=record_key.'],
  [{ 'pk.mode': 'record_value' }, 'pk.mode=record_value needs pk.fields: the fields of the key.'],
  [{ 'pk.fields': 'id,id' }, 'pk.fields names "id" twice.'],
  [
    { 'pk.mode': 'kafka', 'pk.fields': 'a,b,c' },
    'pk.fields with pk.mode=kafka: every table has its coordinates in _kafka_topic, _kafka_partition, _kafka_offset. Leave pk.fields empty.',
  ],
  [
    { 'pk.mode': 'kafka', 'delete.enabled': 'true' },
    'delete.enabled=true needs pk.mode=record_key: a tombstone has nothing but its key.',
  ],
  [
    { 'value.converter': 'org.apache.kafka.connect.json.JsonConverter' },
    "value.converter=org.apache.kafka.connect.json.JsonConverter: values are read as Avro in Confluent's wire format only. Set io.confluent.connect.avro.AvroConverter, or leave it out.",
  ],
  [
    { 'key.converter': 'org.apache.kafka.connect.storage.StringConverter' },
    "key.converter=org.apache.kafka.connect.storage.StringConverter: keys are read as Avro in Confluent's wire format only. Set io.confluent.connect.avro.AvroConverter, or take the key from the value with pk.mode=record_value and pk.fields.",
  ],
  [{ transforms: 'mask' }, 'transforms: Refused when it is set: shape rows at the producer or in dbt.'],
])('%j is refused: %s', (more, message) => {
  expect(() => parse(more as unknown as Record<string, string>)).toThrow(message);
});

test('a file written for Kafka Connect’s JDBC sink works as it stands, and what has no effect is named', () => {
  const connect = {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'tasks.max': '2',
    'key.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'batch.size': '3000',
    'max.retries': '10',
    'retry.backoff.ms': '3000',
    'dialect.name': 'PostgreSqlDatabaseDialect',
    transforms: '',
  };
  const config = parse({
    ...connect,
    'connection.url': 'jdbc:postgresql://h:5433/db',
    'connection.user': 'sink',
    'connection.password': 'secret',
  });
  expect(config.warehouse).toMatchObject({
    host: 'h',
    port: 5433,
    database: 'db',
    username: 'sink',
    password: 'secret',
  });
  expect(config.keysWithoutEffect).toEqual(Object.keys(connect).slice(0, -1));
  expect(config.shown['connection.password']).toBe('[hidden]');
});

test('a key converter of another kind does not matter where keys are not read', () => {
  const strings = { 'key.converter': 'org.apache.kafka.connect.storage.StringConverter' };
  expect(parse({ ...strings, 'pk.mode': 'record_value', 'pk.fields': 'id' }).key).toEqual({
    kind: 'record-value',
    fields: ['id'],
  });
});
