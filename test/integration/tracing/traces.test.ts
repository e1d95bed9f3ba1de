import { readFile, rm, writeFile } from 'node:fs/promises';
import { sinkConfig } from '../../support/configurations';
import { committedRecords } from '../../support/destination/committed-records';
import { eventually } from '../../support/eventually';
import { freePort } from '../../support/free-port';
import { PipelineCase } from '../../support/pipeline/pipeline-case';
import { services } from '../../support/services';
import { SinkProcess } from '../../support/sink/sink-process';
import { OtlpReceiver, treeOf, type ReceivedSpan } from '../../support/tracing/otlp-receiver';

const SECRET = 'Wanjiru Achieng';

let flow: PipelineCase;
let receiver: OtlpReceiver;

beforeAll(async () => {
  const stack = await services();
  receiver = await OtlpReceiver.open();
  flow = await PipelineCase.open('traces');
  await flow.source.query('update users set name = $1', [SECRET]);
  await flow.writeSync(flow.wallet, stack);
  await flow.write('sink.json', sinkConfig(stack, flow.warehouse, flow.name));
});
afterAll(async () => {
  receiver.close();
  await flow.close();
});

const named = (name: string): ReceivedSpan => {
  const found = receiver.spans.filter((span) => span.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
};

/** Reads everything again, so that each test has rows to follow. */
async function forgetState(): Promise<void> {
  await rm(flow.at(`${flow.name}-state`), { recursive: true, force: true });
}

/** Lands what is in Kafka and ends. */
async function land(env: Readonly<Record<string, string>>): Promise<string> {
  const sink = SinkProcess.startWith(env, 'run', flow.at('sink.json'));
  await eventually(async () => {
    const { rows } = await flow.target.query(
      "select coalesce(sum(records), 0)::int as n from sink.offsets where topic like '%users'",
    );
    expect(rows).toEqual([{ n: 20 }]);
  });
  return (await sink.stop()).stderr;
}

test('one sync is one trace over ewallet-sync, source, destination and sink, without a row’s value', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const sync = await flow.syncWith(env);
  expect({ code: sync.code, stderr: sync.code === 0 ? '' : sync.stderr }).toEqual({ code: 0, stderr: '' });
  await land(env);
  expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
  // The sink lands what it has when the time is up: in one transaction or more.
  expect([...new Set(treeOf(receiver.spans))]).toEqual([
    'ewallet-sync: sync',
    '  ewallet-sync: attempt',
    '    destination-kafka: destination-kafka write',
    '      destination-kafka: kafka transaction',
    '      sink-warehouse: land',
    '    ewallet-sync: discover',
    '    source-ewallet: source-ewallet read',
    '      source-ewallet: read public.users',
  ]);
  expect(named('sync').attributes).toEqual({
    'ewallet.connection': flow.name,
    'ewallet.sync_id': 1,
    'ewallet.status': 'succeeded',
    'ewallet.records': 20,
  });
  for (const name of ['attempt', 'source-ewallet read', 'destination-kafka write']) {
    expect({ name, sync: named(name).attributes['ewallet.sync_id'] }).toEqual({ name, sync: 1 });
  }
  expect(named('read public.users').attributes).toEqual({
    'ewallet.stream': 'public.users',
    'ewallet.stream_status': 'COMPLETE',
    'ewallet.records': 20,
  });
  expect(named('kafka transaction')).toMatchObject({
    kind: 'SPAN_KIND_PRODUCER',
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': `${flow.name}.users`,
      'messaging.batch.message_count': 20,
    },
  });
  const landed = receiver.spans.filter(({ name }) => name === 'land');
  for (const { start, end, kind, attributes } of landed) {
    expect(end > start).toBe(true);
    expect(kind).toBe('SPAN_KIND_CONSUMER');
    expect(attributes).toMatchObject({
      'ewallet.sync_id': 1,
      'messaging.system': 'kafka',
      'messaging.destination.name': `${flow.name}.users`,
      'ewallet.connector': flow.name,
      'ewallet.tables': 1,
      'ewallet.dead_letters': 0,
    });
  }
  const counts = landed.map(({ attributes }) => Number(attributes['messaging.batch.message_count']));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
  expect([...receiver.contentTypes]).toEqual(['POST /v1/traces application/x-protobuf']);
  expect(Buffer.concat(receiver.bodies).includes(SECRET)).toBe(false);
}, 90_000);

test('without its variables nothing is sent, and no record has a header of it', async () => {
  const before = receiver.spans.length;
  await forgetState();
  expect(await flow.sync()).toBe(0);
  const stack = await services();
  const records = await committedRecords(
    { brokers: [stack.kafka.bootstrapServers] },
    stack.schemaRegistry.url,
    `${flow.name}.users`,
    { decode: false },
  );
  const traced = records.filter(({ headers }) => headers.traceparent !== undefined);
  expect({ traced: traced.length, all: records.length }).toEqual({ traced: 20, all: 40 });
  expect(receiver.spans).toHaveLength(before);
}, 60_000);

test('a sync that fails says so in its spans, with the message that its user reads', async () => {
  const seen = receiver.spans.length;
  const config = await readFile(flow.at('source.json'), 'utf8');
  await flow.write('source.json', { ...(JSON.parse(config) as object), password: 'wrong' });
  const sync = await flow.syncWith({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_SERVICE_NAME: 'money',
  });
  await writeFile(flow.at('source.json'), config);
  expect(sync.code).toBe(2);
  expect([...receiver.contentTypes]).toContain('POST /v1/traces application/json');
  const spans = receiver.spans.slice(seen);
  expect(treeOf(spans)).toEqual(['money: sync', '  money: attempt', '    money: discover']);
  const message = sync.stderr.trim().split('\n').at(-1)?.replace('ewallet-sync: ', '');
  expect(message).toContain('password authentication failed');
  expect(spans.map(({ error }) => error)).toEqual([message, message, message]);
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual(new Array(3).fill('config_error'));
}, 60_000);

test('a collector that is away costs no sync', async () => {
  await forgetState();
  const away = await flow.syncWith({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` });
  expect(away.code).toBe(0);
  expect(away.stderr).toContain('Spans could not be sent (OTEL_EXPORTER_OTLP_ENDPOINT)');
}, 60_000);
