import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { runCommand } from '../../support/command';
import { destinationConfig, sinkConfig, sourceConfig, warehouseEnvironment } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

/** Some ask an absent server again before they give up. */
const PATIENCE = 120_000;
jest.setTimeout(PATIENCE);

/** Servers that run, with one thing wrong in each configuration. Failures without a server stand in test/unit/command-line. */
let directory: string;
let wallet: FreshDatabase;
let warehouse: FreshDatabase;
let admin: Client;
let role: string;
let names: readonly (readonly [text: string, shown: string])[];

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1';

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-messages-'));
  const stack = await services();
  wallet = await freshDatabase(stack.source, 'messages');
  warehouse = await freshDatabase(stack.warehouse, 'messages');
  role = uniqueName('nobody');
  const topics = uniqueName('messages');
  admin = await connectedTo(wallet);
  await admin.query(
    `create table users (id int primary key, name text); insert into users values (1, 'a');
     create publication wallet for all tables; create role "${role}" login password 'reads'`,
  );
  const cdc = (more: Record<string, unknown>): Record<string, unknown> => ({
    replication_method: { method: 'CDC', replication_slot: 'no_such_slot', publication: 'wallet', ...more },
  });
  const destination = destinationConfig(stack, `${topics}.{stream}`);
  const sink = sinkConfig(stack, warehouse, topics);
  const sources = {
    source: {},
    'source-password': { password: 'wrong' },
    'source-database': { database: 'no_such_database' },
    'source-schema': { schemas: ['no_such_schema'] },
    'source-role': { username: role, password: 'reads' },
    'source-slot': cdc({}),
    'source-publication': cdc({ publication: 'no_such_publication', slot_creation: 'if_missing' }),
  };
  const destinations = {
    destination: {},
    'destination-kafka': { bootstrap_servers: NOWHERE },
    'destination-registry': { schema_registry: { url: `http://${NOWHERE}` } },
  };
  const noTopic = { 'topics.regex': undefined, topics: `${topics}.no_such_topic` };
  const sinks = {
    sink: {},
    'sink-kafka': { 'consumer.override.bootstrap.servers': NOWHERE },
    'sink-registry': { ...noTopic, 'value.converter.schema.registry.url': `http://${NOWHERE}` },
    'sink-password': { 'connection.url': warehouse.url.replace(/:[^:@/]+@/, ':wrong@') },
  };
  const syncs = {
    'sync-password': ['source-password', 'destination'],
    'sync-slot': ['source-slot', 'destination'],
    'sync-kafka': ['source', 'destination-kafka'],
    'sync-registry': ['source', 'destination-registry'],
  };
  const audits = {
    audit: [{ config_file: 'source.json' }, warehouse.url],
    'audit-password': [{ config_file: 'source-password.json' }, warehouse.url],
    'audit-database': [{ config_file: 'source.json' }, warehouse.url.replace(/\/[^/]+$/, '/no_such_database')],
  };
  const files: Record<string, unknown> = { 'catalog-gone': gone };
  for (const [name, more] of Object.entries(sources)) files[name] = sourceConfig(wallet, more);
  for (const [name, more] of Object.entries(destinations)) files[name] = { ...destination, ...more };
  for (const [name, more] of Object.entries(sinks)) files[name] = { ...sink, ...more };
  for (const [name, [from, to]] of Object.entries(syncs)) {
    files[name] = {
      name,
      retries: 0,
      source: { config_file: `${from}.json` },
      destination: { config_file: `${to}.json` },
    };
  }
  for (const [name, [source, url]] of Object.entries(audits)) {
    files[name] = { source, warehouse: { 'connection.url': url }, settle_seconds: 0 };
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(directory, `${name}.json`), JSON.stringify(content));
  }
  names = [
    [`${wallet.host}:${wallet.port}/${wallet.database}`, 'WALLET'],
    [`${warehouse.host}:${warehouse.port}/${warehouse.database}`, 'WAREHOUSE'],
    [`${wallet.host}:${wallet.port}`, 'SOURCE'],
    [`${warehouse.host}:${warehouse.port}`, 'TARGET'],
    [wallet.database, 'wallet_database'],
    [warehouse.database, 'warehouse_database'],
    [stack.kafka.bootstrapServers, 'BROKER'],
    [stack.schemaRegistry.url, 'REGISTRY'],
    [role, 'ROLE'],
    [topics, 'TOPICS'],
    [directory, 'DIR'],
  ];
});

afterAll(async () => {
  await admin.query(`drop role "${role}"`);
  await admin.end();
  await wallet.drop();
  await warehouse.drop();
  await rm(directory, { recursive: true });
});

const gone = {
  streams: [
    {
      stream: {
        name: 'gone',
        namespace: 'public',
        json_schema: { properties: {} },
        supported_sync_modes: ['full_refresh'],
      },
      sync_mode: 'full_refresh',
      destination_sync_mode: 'append',
    },
  ],
};

function shown(text: string): string {
  return names.reduce((said, [name, instead]) => said.replaceAll(name, instead), text).trim();
}

const WRONG_PASSWORD = (database: string): string =>
  `Could not connect to ${database} as ewallet: password authentication failed for user "ewallet". Check \`username\` and \`password\`.`;
const NO_DATABASE = (server: string): string =>
  `Could not connect to ${server}/no_such_database as ewallet: database "no_such_database" does not exist. Check \`database\`.`;
const NO_SLOT =
  "There is no replication slot no_such_slot: SELECT pg_create_logical_replication_slot('no_such_slot', 'pgoutput', failover => true); (or set replication_method.slot_creation to if_missing).";
const NO_KAFKA =
  'Kafka could not be reached: Connection error: connect ECONNREFUSED 127.0.0.1:1. Check that the brokers in `bootstrap_servers` are up, can be reached at their advertised addresses, and speak the chosen security protocol.';
const REGISTRY_AWAY = 'connect ECONNREFUSED 127.0.0.1:1. Check its address, its TLS settings and that it is up.';
const NOTHING_LANDED = 'No connector TOPICS has landed a record in this warehouse: is it running, by this name?';
const NOT_COMPARED =
  "ewallet-audit: Nothing to compare: the source has 1 table (schemas public), and none of them is in the warehouse's schemas raw. Check `source.schemas`, `warehouse.table.name.format` and the roles' grants.";

/** What connectors answer: `check` with a status and exit code 0, everything else with a traced error and exit code 1. */
const CONNECTORS: readonly (readonly [typed: string, answer: object])[] = [
  ['source-ewallet check --config source-password.json', { status: 'FAILED', message: WRONG_PASSWORD('WALLET') }],
  ['source-ewallet check --config source-database.json', { status: 'FAILED', message: NO_DATABASE('SOURCE') }],
  [
    'source-ewallet check --config source-schema.json',
    { status: 'FAILED', message: 'There is no schema no_such_schema in database wallet_database: correct `schemas`.' },
  ],
  [
    'source-ewallet check --config source-role.json',
    {
      status: 'FAILED',
      message: 'No table of schema public may be read: GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "ROLE";',
    },
  ],
  ['source-ewallet check --config source-slot.json', { status: 'FAILED', message: NO_SLOT }],
  [
    'source-ewallet check --config source-publication.json',
    {
      status: 'FAILED',
      message:
        'There is no publication no_such_publication in database wallet_database: CREATE PUBLICATION "no_such_publication" FOR ALL TABLES WITH (publish_via_partition_root = true); (as a superuser; or FOR TABLE and the tables to read, as their owner).',
    },
  ],
  [
    'source-ewallet discover --config source-password.json',
    { failure_type: 'config_error', message: WRONG_PASSWORD('WALLET') },
  ],
  [
    'source-ewallet read --config source.json --catalog catalog-gone.json',
    {
      failure_type: 'config_error',
      message: 'Table public.gone is gone or cannot be read by ewallet: refresh the schema, or GRANT SELECT on it.',
    },
  ],
  ['destination-kafka check --config destination-kafka.json', { status: 'FAILED', message: NO_KAFKA }],
  [
    'destination-kafka check --config destination-registry.json',
    { status: 'FAILED', message: `Schema registry http://127.0.0.1:1/ could not list subjects: ${REGISTRY_AWAY}` },
  ],
];

test.each(CONNECTORS)(
  '%s',
  async (typed, answer) => {
    const { code, stdout, stderr } = await run(typed);
    const messages = stdout.split('\n').map((line) => JSON.parse(line) as Answer);
    const last = messages.at(-1);
    const { status, message, failure_type } = last?.connectionStatus ?? last?.trace?.error ?? {};
    expect({ code, stderr, answer: { status, failure_type, message } }).toEqual({
      code: 'status' in answer ? 0 : 1,
      stderr: '',
      answer: { status: undefined, failure_type: undefined, ...answer },
    });
  },
  PATIENCE,
);

/** Programs for people: the exit code, all of standard output, and the last line of standard error. */
const PLAIN: readonly (readonly [typed: string, code: number, stdout: string, stderr: string])[] = [
  [
    'ewallet-sync run --once --log-format text --config sync-password.json',
    2,
    '',
    `ewallet-sync: ${WRONG_PASSWORD('WALLET')}`,
  ],
  ['ewallet-sync run --once --log-format text --config sync-slot.json', 2, '', `ewallet-sync: ${NO_SLOT}`],
  ['ewallet-sync run --once --log-format text --config sync-kafka.json', 1, '', `ewallet-sync: ${NO_KAFKA}`],
  [
    'ewallet-sync run --once --log-format text --config sync-registry.json',
    1,
    '',
    `ewallet-sync: Schema registry http://127.0.0.1:1/ could not look a schema up under subject TOPICS.users-key: ${REGISTRY_AWAY}`,
  ],
  [
    'sink-warehouse validate --config sink-kafka.json',
    1,
    'configuration: TOPICS, insert.mode=upsert, tables raw.${stream}',
    'sink-warehouse: Kafka at 127.0.0.1:1 could not be reached: Connection error: connect ECONNREFUSED 127.0.0.1:1. Check consumer.override.bootstrap.servers, and that the brokers run.',
  ],
  [
    'sink-warehouse validate --config sink-registry.json',
    1,
    'configuration: TOPICS, insert.mode=upsert, tables raw.${stream}\nkafka: 0 topics with 0 partitions: none yet',
    `sink-warehouse: Schema registry http://127.0.0.1:1/ could not list subjects: ${REGISTRY_AWAY}`,
  ],
  ['sink-warehouse run --config sink-password.json', 2, '', `sink-warehouse: ${WRONG_PASSWORD('WAREHOUSE')}`],
  ['sink-warehouse reconcile --config sink.json', 2, '', `sink-warehouse: Nothing to compare. ${NOTHING_LANDED}`],
  ['sink-warehouse offsets --config sink.json', 0, '', NOTHING_LANDED],
  ['ewallet-audit run --config audit.json', 2, '', NOT_COMPARED],
  ['ewallet-audit run --config audit-password.json', 2, '', `ewallet-audit: ${WRONG_PASSWORD('WALLET')}`],
  ['ewallet-audit run --config audit-database.json', 2, '', `ewallet-audit: ${NO_DATABASE('TARGET')}`],
  ['ewallet-audit repair --config audit.json', 2, '', NOT_COMPARED],
  [
    'ewallet-dashboards preview --out preview',
    1,
    '',
    'ewallet-dashboards: marts.activation_funnel, marts.active_users, marts.agent_liquidity_daily and 33 more are not there, or this role may not read them: run dbt (npm run dbt -- build) first.',
  ],
  [
    'ewallet-simulator trade --database-url WALLET_URL',
    1,
    '',
    'ewallet-simulator: Could not read the e-wallet to trade on: column "country" does not exist. Make one first, in a database of its own: ewallet-simulator seed.',
  ],
];

test.each(PLAIN)(
  '%s',
  async (typed, code, stdout, stderr) => {
    const ended = await run(typed);
    expect({ ...ended, stderr: ended.stderr.split('\n').at(-1) }).toEqual({ code, stdout, stderr });
    expect(ended.stderr).not.toContain('undefined');
  },
  PATIENCE,
);

interface Answer {
  readonly connectionStatus?: { readonly status: string; readonly message: string; readonly failure_type?: undefined };
  readonly trace?: {
    readonly error?: { readonly failure_type: string; readonly message: string; readonly status?: undefined };
  };
}

async function run(typed: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [program = '', ...args] = typed.replace('WALLET_URL', wallet.url).split(' ');
  const env = warehouseEnvironment(warehouse);
  const { code, stdout, stderr } = await runCommand(program, args, { cwd: directory, env });
  return { code, stdout: shown(stdout), stderr: shown(stderr) };
}
