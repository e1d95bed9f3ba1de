import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { commandPath } from '../../support/command';
import { sinkConfig, sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { freePort } from '../../support/free-port';
import { PipelineCase } from '../../support/pipeline/pipeline-case';
import { pipelineFindings } from '../../support/pipeline/pipeline-status';
import { byHand, walk, type Ground } from '../../support/pipeline/remedy';
import { createWatcher, dropWatcher, WATCHER_PASSWORD } from '../../support/pipeline/watcher';
import { services } from '../../support/services';
import { SinkProcess } from '../../support/sink/sink-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

/** Verdicts of a real pipeline that no alert test brings about, each mended by what docs/troubleshooting.md tells. */
let flow: PipelineCase;
let sink: SinkProcess | undefined;
let restPort: number;
const role = uniqueName('watcher');
const slot = uniqueName('slot').replaceAll('-', '_');

const ground = (more: Partial<Ground> = {}): Ground => ({
  directory: flow.directory,
  values: { rest: `http://127.0.0.1:${restPort}`, connector: flow.name, role, slot },
  keep: (child) => (sink = SinkProcess.of(child)),
  ...more,
});

/** The verdicts' names, of these sections instead of the pipeline's own. */
async function found(sections: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const file = `pipeline-${uniqueName('c')}.json`;
  await flow.write(file, {
    sync: { config_file: 'sync.json' },
    sink: { config_file: 'sink.json' },
    audit: {},
    ...sections,
  });
  return pipelineFindings(flow.at(file));
}

async function becomesHealthy(sections: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await eventually(async () => {
    expect(await found(sections)).toEqual([]);
  });
}

const statusFile = (): string => flow.at(`${flow.name}-state/status.json`);

async function written(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(statusFile(), 'utf8')) as Record<string, unknown>;
}

const captured = (more: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  sourceConfig(flow.wallet, {
    replication_method: { method: 'CDC', replication_slot: slot, publication: 'wallet', ...more },
  });

beforeAll(async () => {
  const stack = await services();
  flow = await PipelineCase.open('remedies');
  restPort = await freePort();
  await flow.source.query('create publication wallet for table users');
  await createWatcher(flow, role);
  await flow.writeSync(flow.wallet, stack);
  await flow.write('source.json', captured({ slot_creation: 'if_missing' }));
  await flow.writeAudit(flow.warehouse.url);
  await flow.write('sink.json', sinkConfig(stack, flow.warehouse, flow.name, { 'rest.port': restPort }));
});

afterAll(async () => {
  await sink?.stop();
  await flow.source.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [
    slot,
  ]);
  await flow.close();
  await dropWatcher(role);
});

test('a pipeline that nobody has started is brought up by what its findings say: sync, sink, audit', async () => {
  const ownSlot = { ewallet: { config_file: 'source.json' } };
  expect(await found(ownSlot)).toEqual([
    'slot-missing',
    'sync-never-ran',
    'kafka-no-topics',
    'sink-not-running',
    'warehouse-empty',
    'audit-never',
  ]);
  await walk('kafka-no-topics', ground());
  expect(await found(ownSlot)).toEqual(['sink-not-running', 'warehouse-empty', 'audit-never']);
  await walk('warehouse-empty', ground());
  await eventually(async () => {
    expect((await flow.target.query('select count(*)::int as n from raw.users')).rows).toEqual([{ n: 20 }]);
  });
  expect(await found(ownSlot)).toEqual(['audit-never']);
  await walk('audit-never', ground());
  await becomesHealthy(ownSlot);
});

test('a connection whose state was lost is synced again', async () => {
  await rm(flow.at(`${flow.name}-state`), { recursive: true });
  expect(await found()).toEqual(['sync-never-ran']);
  await walk('sync-never-ran', ground());
  await becomesHealthy();
});

test('a slot that was dropped is created again, and what changed meanwhile is read again', async () => {
  const ownSlot = { ewallet: { config_file: 'source.json' } };
  await flow.source.query(`select pg_drop_replication_slot('${slot}')`);
  await flow.source.query("insert into users values (22, 'missed')");
  expect(await found(ownSlot)).toEqual(['slot-missing']);
  await flow.write('source.json', captured({ invalid_cdc_cursor_position_behavior: 'Re-read changed rows' }));
  await walk('slot-missing', ground({ sql: flow.source }));
  await becomesHealthy(ownSlot);
  await eventually(async () => {
    expect((await flow.target.query('select name from raw.users where id = 22')).rows).toEqual([{ name: 'missed' }]);
  });
});

test('a transaction that stays open is found by the statement and ended', async () => {
  // A role without pg_read_all_stats sees its own sessions: those of other tests are not ended.
  const own = { ...flow.wallet, username: role, password: WATCHER_PASSWORD };
  const open = await connectedTo(own);
  open.on('error', () => undefined);
  const sql = await connectedTo(own);
  const sections = { ewallet: { ...sourceConfig(own), open_transaction_seconds: 0.2 } };
  try {
    await open.query('begin');
    const { rows } = await open.query<{ pid: number }>('select pg_backend_pid() as pid');
    await eventually(async () => {
      expect(await found(sections)).toEqual(['ewallet-old-transaction']);
    });
    await walk('ewallet-old-transaction', ground({ sql, values: { pid: String(rows[0]?.pid) } }));
    await becomesHealthy(sections);
  } finally {
    await open.end().catch(() => undefined);
    await sql.end();
  }
});

test('a sync that is late, and one that was killed, are started again', async () => {
  const status = await written();
  const longAgo = new Date(Date.now() - 3 * 86_400_000).toISOString();
  await flow.write(`${flow.name}-state/status.json`, {
    ...status,
    last_success: { ...(status.last_success as object), at: longAgo },
  });
  expect(await found()).toEqual(['sync-late']);
  await walk('sync-late', ground());
  await becomesHealthy();

  const killed = spawn(commandPath('ewallet-sync'), ['run', '--once', '--config', flow.at('sync.json')], {
    stdio: 'ignore',
  });
  await eventually(async () => {
    expect(await written()).toMatchObject({ state: 'running', process: { pid: killed.pid } });
  });
  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(await found()).toEqual(['sync-killed']);
  await walk('sync-killed', ground());
  await becomesHealthy();
});

test('a state directory that cannot be read, an instance that is not there and an Airbyte that is away are named, until they are corrected', async () => {
  byHand('sync-unknown');
  expect(await found({ sync: { state_directory: 'sync.json', name: flow.name }, ewallet: undefined })).toEqual([
    'sync-unknown',
  ]);
  byHand('sink-unreachable');
  const instances = [`http://127.0.0.1:${restPort}`, `http://127.0.0.1:${await freePort()}`];
  expect(await found({ sink: { config_file: 'sink.json', instances } })).toEqual(['sink-unreachable']);
  byHand('airbyte-down');
  const port = await freePort();
  const airbyte = { url: `http://127.0.0.1:${port}/api/public/v1`, connection_id: 'c' };
  const sections = { sync: undefined, airbyte, sink: { config_file: 'sink.json' } };
  expect(await found(sections)).toEqual(['airbyte-down']);
  const server = createServer((_, response) => {
    const job = { jobId: 1, status: 'succeeded', lastUpdatedAt: new Date().toISOString(), rowsSynced: 1 };
    response.end(JSON.stringify({ data: [job] }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  try {
    expect(await found(sections)).toEqual([]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('a sink that was stopped is resumed, and one that gave up at a row is started again once the row can land', async () => {
  await fetch(`http://127.0.0.1:${restPort}/connectors/${flow.name}/stop`, { method: 'PUT' });
  await eventually(async () => {
    expect(await found()).toEqual(['sink-stopped']);
  });
  await walk('sink-stopped', ground());
  await becomesHealthy();

  await flow.target.query("alter table raw.users add constraint no_one_else check (name <> 'refused')");
  await flow.source.query("insert into users values (51, 'refused')");
  expect(await flow.sync()).toBe(0);
  await eventually(async () => {
    expect(await found()).toEqual(['sink-not-running']);
  });
  await flow.target.query('alter table raw.users drop constraint no_one_else');
  await walk('sink-not-running', ground());
  await becomesHealthy();
  await eventually(async () => {
    expect((await flow.target.query('select name from raw.users where id = 51')).rows).toEqual([{ name: 'refused' }]);
  });
});

test('a role that lost its grants gets them, and an audit that is old is repeated', async () => {
  const { host, port, database } = flow.warehouse;
  const sections = { warehouse: { 'connection.url': `postgresql://${role}:watch@${host}:${port}/${database}` } };
  expect(await found(sections)).toContain('warehouse-grants');
  await walk('warehouse-grants', ground({ sql: flow.target }));
  await becomesHealthy(sections);

  await flow.target.query("update sink.audits set finished_at = finished_at - interval '30 days'");
  expect(await found()).toEqual(['audit-old']);
  await walk('audit-old', ground());
  await becomesHealthy();
  await flow.target.query(`drop owned by ${role}`);
});
