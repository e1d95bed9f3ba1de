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
