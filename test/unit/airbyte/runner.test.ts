import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { AirbyteConnectionStatusMessage } from '@ewallet/airbyte';
import {
  AirbyteCatalogMessage,
  AirbyteSpec,
  parseInputState,
  readLineBatches,
  recordMessage,
  runSource,
  serialise,
  Source,
  SyncMode,
  type AirbyteMessage,
} from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';

/** A source of one answer, so that the runner can be seen alone. Each test is a fault of faros-airbyte-cdk 0.11.26. */
class OneAnswer extends Source {
  constructor(private readonly answer: () => AirbyteMessage) {
    super();
  }
  override spec(): Promise<AirbyteSpec> {
    return Promise.resolve(new AirbyteSpec({ connectionSpecification: { properties: { host: {} } } }));
  }
  override check(): Promise<AirbyteConnectionStatusMessage> {
    return Promise.reject(Failure.config('Correct `host`.'));
  }
  override discover(): Promise<AirbyteCatalogMessage> {
    const stream = { json_schema: {}, namespace: 'public' };
    const modes = [SyncMode.FULL_REFRESH, SyncMode.INCREMENTAL];
    return Promise.resolve(
      new AirbyteCatalogMessage({
        streams: [
          {
            ...stream,
            name: 'users',
            supported_sync_modes: modes,
            default_cursor_field: ['updated_at'],
            source_defined_primary_key: [['id']],
          },
          { ...stream, name: 'events', supported_sync_modes: modes },
          { ...stream, name: 'totals', supported_sync_modes: [SyncMode.FULL_REFRESH] },
        ],
      }),
    );
  }
  // eslint-disable-next-line @typescript-eslint/require-await
  override async *readStreams(): AsyncGenerator<AirbyteMessage> {
    yield this.answer();
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'runner-'));
  await writeFile(path.join(folder, 'config.txt'), '{}');
  await writeFile(path.join(folder, 'catalog.txt'), '{"streams":[]}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(
  argv: readonly string[],
  answer: () => AirbyteMessage,
  stdin = '',
): Promise<{ code: number; text: string }> {
  const stdout = new PassThrough();
  const text = buffer(stdout);
  const code = await runSource('source', () => new OneAnswer(answer), {
    argv,
    stdin: Readable.from([stdin]),
    stdout,
    environment: {},
    signal: new AbortController().signal,
    now: () => 5,
  });
  stdout.end();
  return { code, text: (await text).toString('utf8') };
}

const read = (): string[] => [
  'read',
  '--config',
  path.join(folder, 'config.txt'),
  '--catalog',
  path.join(folder, 'catalog.txt'),
];

test('a record with a bigint keeps every digit, and its meta', async () => {
  const record = recordMessage({ name: 's', namespace: 'n' }, { id: 12345678901234567890n }, 5, [
    { field: 'x', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' },
  ]);
  expect(await run(read(), () => record)).toEqual({
    code: 0,
    text:
      '{"type":"RECORD","record":{"stream":"s","namespace":"n","emitted_at":5,"data":{"id":12345678901234567890},' +
      '"meta":{"changes":[{"field":"x","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}}}\n',
  });
});

test('a failure while reading is one TRACE with its kind, and exit code 1', async () => {
  const result = await run(read(), () => {
    throw Failure.transient('The server went away.', { detail: '57P01', stream: { name: 's', namespace: 'n' } });
  });
  expect(result.code).toBe(1);
  expect(JSON.parse(result.text)).toMatchObject({
    type: 'TRACE',
    trace: {
      type: 'ERROR',
      error: {
        message: 'The server went away.',
        internal_message: '57P01',
        failure_type: 'transient_error',
        stream_descriptor: { name: 's', namespace: 'n' },
      },
    },
  });
});

test('discover --configured prints a catalogue that read takes: incremental where it can be, deduplicated by the key', async () => {
  const discover = ['discover', '--config', path.join(folder, 'config.txt')];
  const { code, text } = await run([...discover, '--configured'], () => recordMessage({ name: 's' }, {}, 0));
  const { streams } = JSON.parse(text) as { streams: { stream: { name: string } }[] };
  expect({ code, streams: streams.map(({ stream, ...more }) => ({ name: stream.name, ...more })) }).toEqual({
    code: 0,
    streams: [
      {
        name: 'users',
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        cursor_field: ['updated_at'],
        primary_key: [['id']],
      },
      { name: 'events', sync_mode: 'incremental', destination_sync_mode: 'append' },
      { name: 'totals', sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' },
    ],
  });
  await writeFile(path.join(folder, 'configured.txt'), text);
  const readAll = [...read().slice(0, -1), path.join(folder, 'configured.txt')];
  expect(await run(readAll, () => recordMessage({ name: 's' }, { id: 1 }, 5))).toMatchObject({ code: 0 });

  const plain = await run(discover, () => recordMessage({ name: 's' }, {}, 0));
  await writeFile(path.join(folder, 'discovered.txt'), plain.text);
  const refused = await run([...read().slice(0, -1), path.join(folder, 'discovered.txt')], () => {
    throw new Error('nothing is read');
  });
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.text)).toMatchObject({
    trace: {
      error: {
        message:
          'The catalogue is what `discover` prints, which names the streams that there are. `read` and `write` want a configured catalogue, which says how each is synced: `source-ewallet discover --config … --configured > catalog.json` writes one.',
        failure_type: 'config_error',
      },
    },
  });
});

test('spec holds what the connector says and no more', async () => {
  const { text } = await run(['spec'], () => recordMessage({ name: 's' }, {}, 0));
  expect(JSON.parse(text)).toEqual({ type: 'SPEC', spec: { connectionSpecification: { properties: { host: {} } } } });
});

test('a failed check is an answer with exit code 0; the configuration may come from standard input', async () => {
  const { code, text } = await run(['check', '--config', '-'], () => recordMessage({ name: 's' }, {}, 0), '{}');
  expect(code).toBe(0);
  expect(JSON.parse(text)).toEqual({
    type: 'CONNECTION_STATUS',
    connectionStatus: { status: 'FAILED', message: 'Correct `host`.' },
  });
});

test('a command line that is wrong is a config_error with exit code 1', async () => {
  const { code, text } = await run(['read'], () => recordMessage({ name: 's' }, {}, 0));
  expect(code).toBe(1);
  expect(text).toContain('"failure_type":"config_error"');
  expect(text).toContain("required option '--config <file>' not specified");
});

test('STREAM and GLOBAL state is taken alone, in a list or in its message; LEGACY is refused', () => {
  const state = {
    type: 'STREAM',
    stream: { stream_descriptor: { name: 's', namespace: 'n' }, stream_state: { a: 1 } },
  };
  const parsed = { streams: [{ descriptor: { name: 's', namespace: 'n' }, state: { a: 1 } }] };
  expect(parseInputState([state])).toEqual(parsed);
  expect(parseInputState(state)).toEqual(parsed);
  expect(parseInputState([{ type: 'STATE', state }])).toEqual(parsed);
  for (const nothing of [undefined, null, [], {}, { type: 'LEGACY' }, [{ type: 'LEGACY', data: {} }]]) {
    expect(parseInputState(nothing)).toEqual({ streams: [] });
  }
  const global = {
    type: 'GLOBAL',
    global: { shared_state: { lsn: '0/1' }, stream_states: [state.stream] },
  };
  for (const form of [global, [global], [{ type: 'STATE', state: global }]]) {
    expect(parseInputState(form)).toEqual({ ...parsed, shared: { lsn: '0/1' } });
  }
  expect(() => parseInputState([global, state])).toThrow('The state has a GLOBAL state beside others');
  expect(() => parseInputState({ s: { cutoff: 1 } })).toThrow('The state is of type LEGACY');
  expect(() => parseInputState({ type: 'LEGACY', data: { cdc: true } })).toThrow(
    'The state is of type LEGACY, which this connector never wrote: reset the connection, or give it STREAM state.',
  );
});

test('lines are cut whatever the chunks: CRLF, empty lines, a last one without an end', async () => {
  const lines: string[] = [];
  for await (const batch of readLineBatches(
    Readable.from([Buffer.from('a\r'), Buffer.from('\n\nb'), Buffer.from('c\nlast')]),
  )) {
    lines.push(...batch.map(String));
  }
  expect(lines).toEqual(['a', 'bc', 'last']);
});

test('serialising leaves out what JSON leaves out, beside a bigint too', () => {
  expect(serialise({ a: undefined, b: [1n, undefined], c: new Date(0) })).toBe(
    '{"b":[1,null],"c":"1970-01-01T00:00:00.000Z"}',
  );
});
