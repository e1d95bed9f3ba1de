import { committedRecords } from '../../support/destination/committed-records';
import {
  catalogOf,
  messagesOf,
  recordLine,
  runWrite,
  stateLine,
  traceError,
} from '../../support/destination/destination-run';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

async function run(
  stream: { name: string; namespace: string },
  input: string | Buffer,
): Promise<{ code: number | null; states: number; error: ReturnType<typeof traceError>; ids: readonly unknown[] }> {
  const { kafka, schemaRegistry } = await services();
  const config = {
    bootstrap_servers: kafka.bootstrapServers,
    schema_registry: { url: schemaRegistry.url },
    topic_partitions: 1,
  };
  const properties = { id: { type: 'integer' }, text: { type: ['null', 'string'] }, any: { type: 'object' } };
  const { code, stdout } = await runWrite(config, catalogOf([{ ...stream, properties }]), input);
  const records = await committedRecords(
    { brokers: [kafka.bootstrapServers] },
    schemaRegistry.url,
    `public.${stream.name}`,
  );
  return {
    code,
    states: messagesOf(stdout, 'STATE').length,
    error: traceError(stdout),
    ids: records.map(({ value }) => (value as { id: unknown }).id),
  };
}

test('messages that are none of a destination’s business, empty lines, CRLF, and spaces in JSON change nothing', async () => {
  const stream = { name: uniqueName('loose'), namespace: 'public' };
  const spaced = ` { "type" : "RECORD" , "record" : { "stream" : ${JSON.stringify(stream.name)}, "namespace" : "public", "emitted_at" : 1, "data" : { "id" : 2 , "text" : "a\\nb" } , "meta" : null } } `;
  const input = [
    '{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG"}}',
    '{"type":"LOG","log":{"level":"INFO","message":"hello"}}',
    '{"type":"INVENTED_LATER","anything":[1,2]}',
    '{"type":"TRACE","trace":{"type":"ESTIMATE","emitted_at":1,"estimate":{"name":"x","type":"STREAM"}}}',
    '',
    '   ',
    recordLine(stream, '{"id":1}').trimEnd(),
    spaced,
    recordLine(stream, `{"id":3,"text":"${'x'.repeat(600_000)}"}`).trimEnd(),
    '{"type":"STATE","state":{"data":{"legacy":true}}}',
    '{"type":"STATE","state":{"type":"GLOBAL","global":{"stream_states":[]}}}',
    stateLine(stream, {}).trimEnd(),
  ].join('\r\n');
  expect(await run(stream, `${input}\r\n`)).toEqual({ code: 0, states: 3, error: undefined, ids: [1, 2, 3] });
});

test('values nested 100,000 deep arrive, declared or not', async () => {
  const stream = { name: uniqueName('deep'), namespace: 'public' };
  const deep = '{"a":['.repeat(100_000) + ']}'.repeat(100_000);
  const input = recordLine(stream, `{"id":1,"any":${deep}}`) + recordLine(stream, `{"id":2,"undeclared":${deep}}`);
  expect(await run(stream, input + stateLine(stream, {}))).toEqual({
    code: 0,
    states: 1,
    error: undefined,
    ids: [1, 2],
  });
});

test('invalid UTF-8 goes to the dead letter topic and the rest arrives', async () => {
  const stream = { name: uniqueName('bytes'), namespace: 'public' };
  const [head, tail] = recordLine(stream, '{"id":1,"text":"@"}').split('@');
  const input = Buffer.concat([
    Buffer.from(head!),
    Buffer.from([0xff]),
    Buffer.from(tail!),
    Buffer.from(recordLine(stream, '{"id":2}') + stateLine(stream, {})),
  ]);
  expect(await run(stream, input)).toEqual({ code: 0, states: 1, error: undefined, ids: [2] });
});

const broken: readonly (readonly [string, (stream: { name: string; namespace: string }) => string, string, string])[] =
  [
    [
      'half a line at the end',
      (stream) => recordLine(stream, '{"id":2}').slice(0, -20),
      'system_error',
      'Line 3 of standard input is not JSON',
    ],
    ['text that is no message', () => 'Killed\n', 'system_error', 'Line 3 of standard input is not JSON'],
    [
      'a record of a stream that the catalogue lacks',
      () => recordLine({ name: 'nobody', namespace: 'public' }, '{"id":2}'),
      'config_error',
      'Line 3 of standard input is a RECORD of stream public.nobody, which is not in the catalogue.',
    ],
  ];

test.each(broken)('%s: the run fails and says where; what was acknowledged stays', async (_, more, kind, message) => {
  const stream = { name: uniqueName('broken'), namespace: 'public' };
  const input = recordLine(stream, '{"id":1}') + stateLine(stream, {}) + more(stream);
  const { code, error, ids, states } = await run(stream, input);
  expect({ code, kind: error?.kind, message: error?.message, ids, states }).toEqual({
    code: 1,
    kind,
    message: expect.stringContaining(message) as string,
    ids: [1],
    states: 1,
  });
});
