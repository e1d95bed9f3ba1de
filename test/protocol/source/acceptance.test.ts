import Ajv from 'ajv';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../../support/command';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { breakingChanges, unmarkedSecrets } from '../../support/source/spec-compatibility';
import type { CatalogStream, Message, StreamState } from '../../support/source/wallet-source';

jest.setTimeout(240_000);

/** What Airbyte's connector acceptance tests ask of a source, asked of the built command. */
let database: FreshDatabase;
let dir: string;
let config: Record<string, unknown>;
let streams: readonly CatalogStream[];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-acceptance-'));
  database = await freshDatabase((await services()).source, 'acceptance');
  const seeded = await runCommand('ewallet-simulator', ['seed', '--database-url', database.url, '--rows', '300']);
  expect(seeded.code).toBe(0);
  const { host, port, username, password } = database;
  config = { host, port, database: database.database, username, password, schemas: ['public'] };
  const { messages } = await source(['discover', '--config', await file('config', config)]);
  streams = messages.flatMap(({ catalog }) => catalog?.streams ?? []);
  expect(streams).toHaveLength(6);
});

afterAll(async () => {
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function file(name: string, content: unknown): Promise<string> {
  await writeFile(path.join(dir, name), JSON.stringify(content));
  return path.join(dir, name);
}

async function source(args: readonly string[]): Promise<{ code: number | null; messages: readonly Message[] }> {
  const { code, stdout } = await runCommand('source-ewallet', args);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, messages: lines.map((line) => JSON.parse(line) as Message) };
}

interface Sync {
  /** Streams with their records, each as text, in one order. */
  readonly records: Readonly<Record<string, readonly string[]>>;
  readonly count: number;
  readonly states: readonly StreamState[];
}

async function sync(
  mode: 'full_refresh' | 'incremental',
  state: readonly unknown[] = [],
  more: Record<string, unknown> = {},
): Promise<Sync> {
  const configured = streams.map((stream) => ({
    ...{ stream, sync_mode: mode, destination_sync_mode: 'append' },
    cursor_field: stream.default_cursor_field ?? [],
  }));
  const { code, messages } = await source([
    ...['read', '--config', await file('config', { ...config, ...more })],
    ...['--catalog', await file('catalog', { streams: configured }), '--state', await file('state', state)],
  ]);
  expect({ code, errors: messages.filter(({ trace }) => trace?.error !== undefined) }).toEqual({ code: 0, errors: [] });
  const found = messages.flatMap(({ record }) => (record === undefined ? [] : [record]));
  const ofStream = (name: string): readonly string[] =>
    found
      .filter((record) => record.stream === name)
      .map(({ data }) => JSON.stringify(data))
      .sort();
  const last = new Map<string, StreamState>();
  for (const message of messages) {
    if (message.state !== undefined) last.set(message.state.stream.stream_descriptor.name, message.state);
  }
  return {
    records: Object.fromEntries(streams.map(({ name }) => [name, ofStream(name)])),
    count: found.length,
    states: [...last.values()],
  };
}

describe('spec', () => {
  const published = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(path.join(__dirname, 'published-spec-0.1.0.json'), 'utf8')) as Record<string, unknown>;
  const current = async (): Promise<unknown> => {
    const { messages } = await source(['spec']);
    return messages.find(({ spec }) => spec !== undefined)?.spec?.connectionSpecification;
  };

  test('takes every configuration that the published one took', async () => {
    expect(breakingChanges(await published(), await current())).toEqual([]);
  });

  test.each<[string, (schema: { properties: Record<string, unknown> }) => void, readonly string[]]>([
    ['a property is gone', (schema) => delete schema.properties.schemas, ['schemas is gone']],
    [
      'a type is another',
      (schema) => {
        set(schema, 'properties.port.type', 'string');
      },
      ['port is no longer of type integer'],
    ],
    [
      'a range is narrower',
      (schema) => {
        set(schema, 'properties.port.maximum', 9999);
      },
      ['port has a narrower maximum'],
    ],
    [
      'something more is required',
      (schema) => {
        set(schema, 'required', ['host', 'port', 'database', 'username', 'schemas', 'password']);
      },
      ['the configuration requires password'],
    ],
    [
      'a choice is gone',
      (schema) => {
        set(schema, 'properties.replication_method.oneOf', []);
      },
      ['Lossless', 'Window', 'Cursor'].map((method) => `replication_method lost the choice method="${method}"`),
    ],
    [
      'a choice requires more',
      (schema) => {
        set(schema, 'properties.tunnel_method.oneOf.1.required.5', 'ssh_key_passphrase');
      },
      ['tunnel_method(tunnel_method="SSH_KEY_AUTH") requires ssh_key_passphrase'],
    ],
  ])('a break would be seen: %s', async (_, change, breaks) => {
    const changed = await published();
    change(changed as { properties: Record<string, unknown> });
    expect(breakingChanges(await published(), changed)).toEqual(breaks);
  });

  test('every secret is marked as one, also within the choices', async () => {
    expect(unmarkedSecrets(await current())).toEqual([]);
    const marked = JSON.stringify(await current()).match(/"airbyte_secret":true/g) ?? [];
    expect(marked.length).toBeGreaterThanOrEqual(14);
    const without = JSON.parse(JSON.stringify(await current()).replaceAll('"airbyte_secret":true,', '')) as unknown;
    expect(new Set(unmarkedSecrets(without))).toEqual(
      new Set([
        'password',
        'ssl_mode.client_certificate',
        'ssl_mode.client_key',
        'ssl_mode.client_key_password',
        'ssl_mode.ca_certificate',
        'tunnel_method.ssh_key',
        'tunnel_method.ssh_key_passphrase',
        'tunnel_method.tunnel_user_password',
      ]),
    );
  });

  test('accepts its own examples, and the configuration of this test', async () => {
    const validate = new Ajv({ strict: false }).compile((await current()) as object);
    expect({ valid: validate(config), errors: validate.errors }).toEqual({ valid: true, errors: null });
    expect(validate({ ...config, hots: 'x' })).toBe(false);
  });
});

test('a basic read gives records of every stream, each of which its stream’s schema describes', async () => {
  const { records } = await sync('full_refresh');
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  ajv.addFormat('int32', { type: 'number', validate: (value) => Math.abs(value) < 2 ** 31 });
  for (const { name, json_schema } of streams) {
    const validate = ajv.compile(json_schema);
    const known = Object.keys(json_schema.properties).sort();
    expect({ name, isEmpty: records[name]?.length === 0 }).toEqual({ name, isEmpty: false });
    for (const text of records[name] ?? []) {
      const data = JSON.parse(text) as Record<string, unknown>;
      const errors = validate(data) ? [] : validate.errors;
      expect({ name, errors, keys: Object.keys(data).sort() }).toEqual({ name, errors: [], keys: known });
    }
  }
});

test('a full refresh done twice gives the same records', async () => {
  const first = await sync('full_refresh');
  const second = await sync('full_refresh', first.states);
  expect(first.count).toBeGreaterThan(300);
  expect(second.records).toEqual(first.records);
});

test('an incremental sync with the state of the one before gives nothing and keeps the position', async () => {
  const first = await sync('incremental');
  const second = await sync('incremental', first.states);
  const position = (states: readonly StreamState[]): unknown =>
    states.map(({ stream }) => {
      const { cursor, cursor_field, snapshot } = stream.stream_state as Record<string, Record<string, unknown>>;
      return { name: stream.stream_descriptor.name, cursor, cursor_field, tables: snapshot?.tables };
    });
  expect(second.count).toBe(0);
  expect(position(second.states)).toEqual(position(first.states));
});

/** A state from the future: a cursor that no row has reached, transactions that no server has begun. */
function ofTheFuture(states: readonly StreamState[]): readonly unknown[] {
  return states.map((state) => {
    const saved = state.stream.stream_state as { snapshot?: Record<string, unknown>; cursor?: unknown };
    const future = { below: String(2n ** 62n), next: String(2n ** 62n) };
    return {
      ...state,
      stream: {
        ...state.stream,
        stream_state: {
          ...saved,
          ...(typeof saved.cursor === 'string' ? { cursor: saved.cursor.replace(/^\d{4}/, '2999') } : {}),
          ...(saved.snapshot === undefined ? {} : { snapshot: { ...saved.snapshot, ...future } }),
        },
      },
    };
  });
}

test.each(['Lossless', 'Window', 'Cursor'])('%s: a state from the future gives no row of a stream', async (method) => {
  const more = { replication_method: { method } };
  const first = await sync('incremental', [], more);
  expect(first.count).toBeGreaterThan(300);
  const future = await sync('incremental', ofTheFuture(first.states), more);
  const counts = Object.entries(future.records).map(([name, rows]) => [name, rows.length]);
  expect(counts).toEqual(streams.map(({ name }) => [name, 0]));
  expect(future.states.map(({ stream }) => stream.stream_descriptor.name)).toEqual(streams.map(({ name }) => name));
});

/** Sets the value at a dotted path. */
function set(target: unknown, at: string, value: unknown): void {
  const keys = at.split('.');
  const last = keys.pop() ?? '';
  let object = target as Record<string, unknown>;
  for (const key of keys) object = object[key] as Record<string, unknown>;
  object[last] = value;
}
