import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPipelineConfig } from '../../../pipeline/src/config/pipeline-config';
import { runCommand } from '../../support/command';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pipeline-'));
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

async function written(name: string, content: unknown): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const source = {
  host: 'db',
  database: 'wallet',
  username: 'reader',
  replication_method: { method: 'CDC', replication_slot: 'ours' },
};
const destination = { bootstrap_servers: 'k:9092', topic_pattern: 'w.{stream}', schema_registry: { url: 'http://r' } };
const sink = {
  name: 'wallet',
  'topics.regex': 'w\\..*',
  'consumer.override.bootstrap.servers': 'a:1, b:2',
  'consumer.override.security.protocol': 'SASL_SSL',
  'consumer.override.sasl.mechanism': 'SCRAM-SHA-512',
  'consumer.override.sasl.username': 'u',
  'consumer.override.sasl.password': 'p',
  'connection.url': 'postgresql://wh/warehouse',
  'connection.user': 'sink',
  'connection.password': 's3cret',
  'value.converter.schema.registry.url': 'http://r',
  'value.converter.basic.auth.user.info': 'u:p:q',
  'rest.port': 8084,
};

test("the files of ewallet-sync and the sink lead to every hop, and the sink's to its REST API", async () => {
  await written('source.json', source);
  await written('destination.json', destination);
  await written('sync.json', {
    name: 'wallet',
    source: { config_file: 'source.json' },
    destination: { config_file: 'destination.json' },
  });
  await written('sink.json', { name: 'wallet', config: sink });
  const file = await written('pipeline.json', {
    sync: { config_file: 'sync.json' },
    sink: { config_file: 'sink.json' },
  });
  const { topics, ...config } = await readPipelineConfig(file);
  expect(['w.users', 'w.', 'x.users'].map(topics)).toEqual([true, true, false]);
  expect(config).toEqual({
    ewallet: {
      connection: {
        host: 'db',
        port: 5432,
        database: 'wallet',
        username: 'reader',
        password: undefined,
        ssl: { mode: 'prefer' },
      },
      tunnel: { kind: 'none' },
      slot: 'ours',
      openTransactionSeconds: 3_600,
      retainedWalBytes: 2 ** 30,
    },
    sync: { name: 'wallet', stateDirectory: path.join(directory, 'wallet-state'), maxAgeSeconds: 86_400 },
    airbyte: undefined,
    kafka: {
      brokers: ['a:1', 'b:2'],
      clientId: 'ewallet-pipeline',
      requestTimeoutMs: 5_000,
      ssl: {},
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    },
    registry: { url: 'http://r', credentials: { kind: 'basic', username: 'u', password: 'p:q' } },
    realtime: undefined,
    sink: {
      name: 'wallet',
      groupId: 'connect-wallet',
      instances: ['http://127.0.0.1:8084'],
      credentials: undefined,
      lagSeconds: 300,
    },
    warehouse: {
      host: 'wh',
      port: 5432,
      database: 'warehouse',
      username: 'sink',
      password: 's3cret',
      ssl: { mode: 'prefer' },
    },
    dbt: undefined,
    audit: undefined,
  });
});

test("without a sink the destination's pattern says which topics are the pipeline's", async () => {
  await written('destination.json', { ...destination, topic_pattern: 'w+.{namespace}.{stream}' });
  const { topics } = await readPipelineConfig(
    await written('kafka.json', { kafka: { config_file: 'destination.json' } }),
  );
  expect(['w+.public.users', 'w+.public.users.v2', 'ww.public.users'].map(topics)).toEqual([true, true, false]);
});

test('the file of ewallet-realtime leads to Flink: to the cluster that it names, else to what runs from its directory', async () => {
  const common = { bootstrap_servers: 'k:9092', topic_prefix: 'live', checkpoint_interval_seconds: 30 };
  await mkdir(path.join(directory, 'realtime'), { recursive: true });
  await written('realtime/local.json', { ...common, directory: 'state' });
  await written('realtime/cluster.json', {
    ...common,
    cluster: { rest_url: 'https://flink.example/', bearer_token: 't0ken' },
  });
  const realtimeOf = async (realtime: unknown) =>
    (await readPipelineConfig(await written('pipeline.json', { realtime }))).realtime;
  const limits = { checkpointAgeSeconds: 300, lagRecords: 10_000 };
  expect(await realtimeOf({ config_file: 'realtime/local.json' })).toEqual({
    job: 'ewallet-realtime live',
    at: { kind: 'directory', directory: path.join(directory, 'realtime/state') },
    headers: {},
    ...limits,
  });
  expect(await realtimeOf({ config_file: 'realtime/cluster.json', lag_records: 5 })).toEqual({
    job: 'ewallet-realtime live',
    at: { kind: 'url', url: 'https://flink.example' },
    headers: { authorization: 'Bearer t0ken' },
    ...limits,
    lagRecords: 5,
  });
  expect(await realtimeOf({ rest_url: 'http://flink:8081', username: 'u', password: 'p' })).toEqual({
    job: 'ewallet-realtime realtime',
    at: { kind: 'url', url: 'http://flink:8081' },
    headers: { authorization: 'Basic dTpw' },
    ...limits,
    checkpointAgeSeconds: 60,
  });
});

test.each<[string, unknown, string]>([
  ['a mistyped section', { kafak: {} }, 'Unknown key `kafak`: did you mean `kafka`?'],
  ['a mistyped key', { dbt: { taget: 'x' } }, 'Unknown key `dbt.taget`: did you mean `dbt.target`?'],
  [
    'nothing to look at',
    {},
    'The configuration FILE names no part to look at. Known are ewallet, sync, airbyte, kafka, realtime, sink, warehouse, dbt, audit.',
  ],
  [
    'real-time results that are nowhere',
    { realtime: {} },
    '`realtime` needs `config_file`, the configuration of ewallet-realtime, or `rest_url`, where Flink answers.',
  ],
  [
    'an address of Flink that is none',
    { realtime: { rest_url: 'flink:8081' } },
    '`realtime.rest_url` must start with http:// or https://.',
  ],
  [
    'an audit without a warehouse',
    { audit: {} },
    '`audit` is read from the warehouse: give `warehouse`, or `sink.config_file`, too.',
  ],
  [
    'a sync without a place',
    { sync: {} },
    '`sync` needs `config_file`, the configuration of ewallet-sync, or its `state_directory`.',
  ],
  [
    'half of a credential',
    { airbyte: { url: 'http://a', connection_id: 'c', client_id: 'i' } },
    '`airbyte.client_id` and `airbyte.client_secret` go together.',
  ],
  [
    'a number below 0',
    { dbt: { target: 't', max_age_seconds: -1 } },
    '`dbt.max_age_seconds` must be a number from 0 up.',
  ],
  [
    'YAML',
    'kafka:\n  config_file: x\n',
    'The configuration FILE is not JSON (line 1, column 1). YAML and .properties are not read: write it as JSON.',
  ],
])('%s is refused with what to do, before anything is asked', async (_, content, message) => {
  const file = await written('wrong.json', content);
  await expect(readPipelineConfig(file)).rejects.toThrow(message.replace('FILE', file));
});

test('a sink that is only named says nothing of a warehouse, which is then not looked at', async () => {
  const file = await written('named.json', { kafka: destination, sink: { name: 'wallet' } });
  const { warehouse, sink: named } = await readPipelineConfig(file);
  expect({ warehouse, name: named?.name }).toEqual({ warehouse: undefined, name: 'wallet' });
});

test('what is wrong with the command itself is never taken for a verdict', async () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand('ewallet-pipeline', args);
    return { code, stdout, stderr };
  };
  const file = await written('wrong.json', { dbt: { taget: 'x' } });
  expect(await run('status', '--config', file)).toEqual({
    code: 3,
    stdout: '',
    stderr: 'ewallet-pipeline: Unknown key `dbt.taget`: did you mean `dbt.target`?\n',
  });
  expect(await run('status', '--config', 'x', '--jsn')).toEqual({
    code: 3,
    stdout: '',
    stderr: "error: unknown option '--jsn'\n(Did you mean --json?)\n",
  });
  expect(await run('status', '--config', 'x', '--timeout', 'soon')).toEqual({
    code: 3,
    stdout: '',
    stderr: 'ewallet-pipeline: "soon" is not a number of seconds above 0.\n',
  });
  expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
}, 60_000);
