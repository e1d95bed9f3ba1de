import { SchemaRegistry } from '@ewallet/avro';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { destinationConfig } from '../../support/configurations';
import { committedRecords, type CommittedRecord } from '../../support/destination/committed-records';
import {
  catalogOf,
  messagesOf,
  recordLine,
  runCheck,
  runWrite,
  stateLine,
  statusLine,
  traceError,
} from '../../support/destination/destination-run';
import { services, type StackConnections } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

let connections: StackConnections;
let smallest: Record<string, unknown>;
beforeAll(async () => {
  connections = await services();
  smallest = destinationConfig(connections, '{namespace}.{stream}');
});

const read = (topic: string, decode = true): Promise<readonly CommittedRecord[]> =>
  committedRecords({ brokers: [connections.kafka.bootstrapServers] }, connections.schemaRegistry.url, topic, {
    decode,
  });

const wallets = {
  properties: {
    id: { type: ['null', 'integer'] },
    currency: { type: ['null', 'string'] },
    balance: { type: ['null', 'number'], precision: 20, scale: 4 },
  },
  primaryKey: ['id'],
  mode: 'append_dedup' as const,
};

test('records arrive as Avro with key, headers and metadata, and each STATE comes back whole with its counts', async () => {
  const stream = { name: uniqueName('wallets'), namespace: 'public' };
  const state = (id: number, extra: string): string =>
    `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"${stream.name}","namespace":"public"},"stream_state":{"id":${id},"big":12345678901234567890}},"id":${id}${extra}},"later_field":1.50}\n`;
  const input = [
    recordLine(stream, '{"id":1,"currency":"IDR","balance":9999999999999999.9999}'),
    recordLine(stream, '{"id":9007199254740993,"currency":null,"balance":-0.0001}'),
    state(1, ''),
    recordLine(stream, '{"id":1,"currency":"IDR","balance":1}'),
    state(2, ',"destinationStats":null'),
    state(3, ''),
  ].join('');
  const catalog = catalogOf([{ ...stream, ...wallets, syncId: 42, generationId: 5, minimumGenerationId: 0 }]);
  const result = await runWrite(smallest, catalog, input);
  expect({ code: result.code, stdout: result.stdout }).toEqual({
    code: 0,
    stdout: [
      state(1, ',"destinationStats":{"recordCount":2}'),
      state(2, ',"destinationStats":{"recordCount":1}'),
      state(3, ',"destinationStats":{"recordCount":0}'),
    ].join(''),
  });
  const metadata = {
    _airbyte_extracted_at: 1_700_000_000_000_000,
    _airbyte_meta: '{"sync_id":42,"changes":[]}',
    _airbyte_generation_id: 5,
  };
  const records = await read(`public.${stream.name}`);
  expect(
    records.map(({ key, value, headers: { record_id: id, ...headers } }) => ({ key, value, headers, id: id?.length })),
  ).toEqual(
    expect.arrayContaining(
      [
        { id: 1, currency: 'IDR', balance: '9999999999999999.9999' },
        { id: 9007199254740993n, currency: null, balance: '-0.0001' },
        { id: 1, currency: 'IDR', balance: '1.0000' },
      ].map((row) => ({
        key: { id: row.id },
        value: { ...row, ...metadata },
        headers: { stream: stream.name, namespace: 'public', sync_id: '42' },
        id: 22,
      })),
    ),
  );
  expect(records).toHaveLength(3);
  const ofOne = records.filter(({ key }) => (key as { id: unknown }).id === 1);
  expect(new Set(ofOne.map(({ partition }) => partition)).size).toBe(1);
  expect(ofOne.map(({ value }) => (value as { balance: string }).balance)).toEqual(['9999999999999999.9999', '1.0000']);
});

test('a value that does not fit becomes null and is named, and properties without a column are kept in the metadata', async () => {
  const stream = { name: uniqueName('unfit'), namespace: 'public' };
  const input = [
    recordLine(stream, '{"id":1,"currency":"USD","balance":1.00001,"colour":{"r":1.0}}'),
    recordLine(stream, '{"id":2,"currency":7,"balance":"12.5"}'),
    recordLine(stream, '{"id":null,"currency":"USD","balance":1}'),
    stateLine(stream, { done: true }),
  ].join('');
  const result = await runWrite({ ...smallest, topic_partitions: 1 }, catalogOf([{ ...stream, ...wallets }]), input);
  const [state] = messagesOf(result.stdout, 'STATE') as readonly { state: { destinationStats: unknown } }[];
  expect({ code: result.code, stats: state?.state.destinationStats }).toEqual({
    code: 0,
    stats: { recordCount: 2, rejectedRecordCount: 1 },
  });
  const rows = (await read(`public.${stream.name}`)).map(({ value }) => value as Record<string, unknown>);
  expect(rows.map(({ id, currency, balance, _airbyte_meta: meta }) => ({ id, currency, balance, meta }))).toEqual([
    {
      id: 1,
      currency: 'USD',
      balance: null,
      meta: '{"changes":[{"field":"balance","change":"NULLED","reason":"DESTINATION_TYPECAST_ERROR"}],"additional_properties":{"colour":{"r":1.0}}}',
    },
    { id: 2, currency: '7', balance: '12.5000', meta: '{"changes":[]}' },
  ]);
  const letters = (await read('_airbyte_dead_letters', false)).filter(({ headers }) => headers.stream === stream.name);
  expect(letters.map(({ rawValue, headers }) => ({ line: `${String(rawValue)}\n`, reason: headers.reason }))).toEqual([
    { line: recordLine(stream, '{"id":null,"currency":"USD","balance":1}'), reason: 'Its primary key is null: id.' },
  ]);
});

test('with unfit_values=fail the sync ends before anything of the checkpoint is visible', async () => {
  const stream = { name: uniqueName('strict'), namespace: 'public' };
  const input =
    recordLine(stream, '{"id":1,"currency":"USD","balance":1}') +
    recordLine(stream, '{"id":2,"currency":"USD","balance":"lots"}') +
    stateLine(stream, {});
  const result = await runWrite({ ...smallest, unfit_values: 'fail' }, catalogOf([{ ...stream, ...wallets }]), input);
  expect({ code: result.code, error: traceError(result.stdout), states: messagesOf(result.stdout, 'STATE') }).toEqual({
    code: 1,
    error: {
      kind: 'config_error',
      message: `Stream public.${stream.name}: a record cannot be written. A value does not fit its column: balance.`,
    },
    states: [],
  });
  expect(await read(`public.${stream.name}`)).toEqual([]);
});

test('overwrite: every record has the generation, and a marker follows in every partition once the source said COMPLETE', async () => {
  const stream = { name: uniqueName('rates'), namespace: 'public' };
  const catalog = catalogOf([{ ...stream, ...wallets, mode: 'overwrite', generationId: 8, minimumGenerationId: 8 }]);
  const input = recordLine(stream, '{"id":1,"currency":"USD","balance":1}') + stateLine(stream, {});
  const incomplete = await runWrite(
    { ...smallest, topic_partitions: 2 },
    catalog,
    input + statusLine(stream, 'INCOMPLETE'),
  );
  const silent = await runWrite({ ...smallest, topic_partitions: 2 }, catalog, input);
  for (const run of [incomplete, silent]) {
    expect(messagesOf(run.stdout, 'LOG').map(({ log }) => log)).toEqual([
      {
        level: 'WARN',
        message: `Stream public.${stream.name}: the source did not say COMPLETE, so the rows of earlier generations stay beside the new ones. A sync that completes ends them.`,
      },
    ]);
  }
  const complete = await runWrite(
    { ...smallest, topic_partitions: 2 },
    catalog,
    input + statusLine(stream, 'COMPLETE'),
  );
  expect([incomplete.code, silent.code, complete.code]).toEqual([0, 0, 0]);
  const records = await read(`public.${stream.name}`);
  const data = records.filter(({ headers }) => headers.control === undefined);
  expect(data.map(({ value }) => (value as Record<string, unknown>)._airbyte_generation_id)).toEqual([8, 8, 8]);
  expect(new Set(data.map(({ headers }) => headers.record_id)).size).toBe(1);
  const markers = records.filter(({ headers }) => headers.control !== undefined);
  expect(markers.map(({ partition, key, value, headers }) => ({ partition, key, value, headers }))).toEqual(
    [0, 1].map((partition) => ({
      partition,
      key: { control: 'generation_complete' },
      value: { control: 'generation_complete', generation_id: 8, completed_at: expect.any(Number) as number },
      headers: { stream: stream.name, namespace: 'public', control: 'generation_complete' },
    })),
  );
});

test('schemas evolve compatibly, and an incompatible change is refused before a record is written', async () => {
  const stream = { name: uniqueName('evolving'), namespace: 'public' };
  const run = (properties: Record<string, unknown>, config: unknown = smallest): ReturnType<typeof runWrite> =>
    runWrite(
      config,
      catalogOf([{ ...stream, properties, resumes: false }]),
      recordLine(stream, '{"id":1,"amount":1.5}') + stateLine(stream, {}),
    );
  const amount = (precision: number, scale: number): unknown => ({ type: ['null', 'number'], precision, scale });
  const first = await run({
    id: { type: 'integer', format: 'int32' },
    amount: amount(10, 2),
    gone: { type: 'string' },
  });
  const wider = await run({ id: { type: ['null', 'integer'] }, amount: amount(20, 2), added: { type: 'boolean' } });
  expect([first.code, wider.code]).toEqual([0, 0]);
  const shifted = await run({ id: { type: 'integer' }, amount: amount(20, 4) });
  expect({ code: shifted.code, error: traceError(shifted.stdout) }).toEqual({
    code: 1,
    error: {
      kind: 'config_error',
      message: `Stream public.${stream.name}: its schema has changed in a way that readers of topic public.${stream.name} cannot follow (subject public.${stream.name}-value): column "amount": decimal(20,2) became decimal(20,4): a reader that holds one schema would shift the decimal point of the other's amounts. Either change the column back, or raise the stream's version in \`topic_versions\` to write to a new topic with the new schema, and read the stream from the start. Nothing was written.`,
    },
  });
  const retyped = await run({ id: { type: 'boolean' }, amount: amount(20, 2) });
  expect({ code: retyped.code, kind: traceError(retyped.stdout)?.kind }).toEqual({ code: 1, kind: 'config_error' });
  expect(traceError(retyped.stdout)?.message).toContain(`(subject public.${stream.name}-value)`);
  expect(await read(`public.${stream.name}`)).toHaveLength(2);
  const versioned = await run(
    { id: { type: 'boolean' }, amount: amount(20, 4) },
    { ...smallest, topic_versions: { [`public.${stream.name}`]: 2 } },
  );
  expect(versioned.code).toBe(0);
  expect(await read(`public.${stream.name}.v2`)).toHaveLength(1);
  const registry = new SchemaRegistry({ url: connections.schemaRegistry.url });
  expect(await registry.compatibility(`public.${stream.name}-value`)).toBe('BACKWARD_TRANSITIVE');
  registry.close();
});

test('topics are made as configured, an existing one is used as it is and the difference reported', async () => {
  const stream = { name: uniqueName('topics'), namespace: 'public' };
  const config = {
    ...smallest,
    topic_partitions: 3,
    topic_cleanup_policy: 'compact',
    topic_config: { 'segment.bytes': '1048576' },
  };
  const made = await runWrite(config, catalogOf([{ ...stream, ...wallets }]), stateLine(stream, {}));
  expect(made.code).toBe(0);
  const admin = new Kafka({ brokers: [connections.kafka.bootstrapServers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [`public.${stream.name}`] });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: `public.${stream.name}`,
        configNames: ['cleanup.policy', 'segment.bytes'],
      },
    ],
  });
  await admin.disconnect();
  expect({
    partitions: topics[0]?.partitions.length,
    configs: Object.fromEntries(
      resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    ),
  }).toEqual({ partitions: 3, configs: { 'cleanup.policy': 'compact', 'segment.bytes': '1048576' } });
  const again = await runWrite(
    { ...config, topic_partitions: 9 },
    catalogOf([{ ...stream, ...wallets }]),
    stateLine(stream, {}),
  );
  expect(messagesOf(again.stdout, 'LOG').map(({ log }) => log)).toEqual([
    {
      level: 'WARN',
      message: `Topic public.${stream.name} is used as it is: the number of partitions is 3, configured is 9.`,
    },
  ]);
});

test('two streams that would share a topic are refused', async () => {
  const base = uniqueName('clash');
  const streams = [`${base} a`, `${base}.a`].map((name) => ({ name, namespace: 'public', ...wallets }));
  const result = await runWrite(smallest, catalogOf(streams), '');
  expect({ code: result.code, error: traceError(result.stdout) }).toEqual({
    code: 1,
    error: {
      kind: 'config_error',
      message: `Streams public.${base} a and public.${base}.a would share the topic public.${base}_a / public.${base}.a (Kafka takes "." and "_" for the same). Change \`topic_pattern\`, or give one of them another name in the connection.`,
    },
  });
});

test('a record above the topic’s limit fails the sync, or goes to the dead letter topic where asked to', async () => {
  const stream = { name: uniqueName('large'), namespace: 'public' };
  const big = recordLine(stream, `{"id":2,"currency":"${'x'.repeat(1_100_000)}","balance":1}`);
  const input = recordLine(stream, '{"id":1,"currency":"USD","balance":1}') + big + stateLine(stream, {});
  const refused = await runWrite(smallest, catalogOf([{ ...stream, ...wallets }]), input);
  expect({ code: refused.code, error: traceError(refused.stdout) }).toEqual({
    code: 1,
    error: {
      kind: 'config_error',
      message: expect.stringMatching(
        /^Stream public\.\w+: a record cannot be written\. It takes \d+ bytes, and topic public\.\w+ takes 1048588 \(max\.message\.bytes\)\. Raise the topic's max\.message\.bytes, or set `oversized_records` to "dead_letter"\.$/,
      ) as string,
    },
  });
  const taken = await runWrite(
    { ...smallest, oversized_records: 'dead_letter' },
    catalogOf([{ ...stream, ...wallets }]),
    input,
  );
  expect(taken.code).toBe(0);
  expect((await read(`public.${stream.name}`)).map(({ key }) => key)).toEqual([{ id: 1 }]);
  const letters = (await read('_airbyte_dead_letters', false)).filter(({ headers }) => headers.stream === stream.name);
  expect(letters.map(({ headers }) => headers.line_bytes)).toEqual([String(Buffer.byteLength(big) - 1)]);
});

test('check succeeds, leaves nothing visible, and says what to change where it cannot', async () => {
  const before = await read('_airbyte_dead_letters', false);
  expect(await runCheck(smallest)).toEqual({ code: 0, status: { status: 'SUCCEEDED' } });
  expect(await read('_airbyte_dead_letters', false)).toHaveLength(before.length);
  const failing: readonly (readonly [unknown, string])[] = [
    [{ ...smallest, bootstrap_server: 'x:1' }, 'Unknown key `bootstrap_server`: did you mean `bootstrap_servers`?'],
    [
      { ...smallest, topic_pattern: 'all' },
      '`topic_pattern` must contain {stream}: without it every stream would share one topic.',
    ],
    [
      { ...smallest, topic_replication_factor: 3 },
      '`topic_replication_factor` is 3, the cluster has 1 broker. Lower it to at most 1.',
    ],
    [
      { ...smallest, protocol: { security_protocol: 'SASL_SSL', sasl_mechanism: 'PLAIN' } },
      '`protocol` needs `username` and `password` (or a `sasl_jaas_config` that holds them) for SASL.',
    ],
    [{ ...smallest, schema_registry: { url: `${connections.schemaRegistry.url}/nowhere` } }, 'Schema registry'],
  ];
  for (const [config, message] of failing) {
    const { code, status } = await runCheck(config);
    expect({ code, status }).toEqual({
      code: 0,
      status: { status: 'FAILED', message: expect.stringContaining(message) as string },
    });
  }
});
