import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandPath, PROJECT_ROOT, runCommand } from '../../support/command';
import { sinkConfig, sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { freePort } from '../../support/free-port';
import { PipelineCase } from '../../support/pipeline/pipeline-case';
import { byHand, walk, type Ground } from '../../support/pipeline/remedy';
import { PrometheusServer } from '../../support/prometheus/prometheus-server';
import { conventionFaults, prometheusIsAvailable } from '../../support/prometheus/promtool';
import { SmallDisk, smallDiskIsPossible } from '../../support/prometheus/small-disk';
import { services } from '../../support/services';
import { SinkProcess } from '../../support/sink/sink-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

/**
 * The whole flow, with the shipped rules in a real Prometheus; one part after the other is broken for real, and mended by what
 * docs/troubleshooting.md tells. Only `for` is shorter: what an alert waits for is promtool's to test.
 */
const suite = prometheusIsAvailable() ? describe : describe.skip;

let flow: PipelineCase;
let sink: SinkProcess;
let exporter: ChildProcess;
let metricsPort: number;
let nodePort: number;
let prometheus: PrometheusServer;
let metricsUrl: string;
let restPort: number;
const sinkUrl = (): string => `http://127.0.0.1:${restPort}`;

async function dbtRan(status: string): Promise<void> {
  await flow.writeDbtRun([{ unique_id: 'test.ewallet.unique_users_id.1234', status }], new Date());
}

async function audit(): Promise<number | null> {
  return (await runCommand('ewallet-audit', ['run', '--config', flow.at('audit.json')])).code;
}

/** @param env beside that of this process */
async function startExporter(env: Readonly<Record<string, string>>): Promise<void> {
  exporter = spawn(
    commandPath('ewallet-pipeline'),
    ['serve', '--config', flow.at('pipeline.json'), '--metrics-port', String(metricsPort), '--timeout', '8'],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
  );
  let printed = '';
  exporter.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  metricsUrl = await eventually(() => (JSON.parse(printed) as { metrics: string }).metrics);
}

async function stopExporter(): Promise<void> {
  const ended = once(exporter, 'exit');
  exporter.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

async function startSink(): Promise<void> {
  sink = SinkProcess.start('run', flow.at('sink.json'));
  await sinkLives();
}

async function sinkLives(): Promise<void> {
  await eventually(async () => {
    await fetch(`${sinkUrl()}/health/live`);
  });
}

/** What stands for the page's `<each>` and where its statements run. */
const ground = (more: Partial<Ground> = {}): Ground => ({
  directory: flow.directory,
  values: { rest: sinkUrl(), connector: flow.name, port: String(metricsPort) },
  ...more,
});

async function waitsForNextSync(): Promise<void> {
  await eventually(async () => {
    const text = await readFile(flow.at(`${flow.name}-state/status.json`), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ state: 'waiting', next_at: expect.any(String) as string });
  });
}

/** Fires these alerts and no other, and still does a look later. While a part comes or goes others may be seen to suffer. */
async function fires(...alerts: readonly string[]): Promise<void> {
  const expected = [...alerts].sort();
  await eventually(async () => {
    expect(await prometheus.firing()).toEqual(expected);
    await sleep(3_000);
    expect(await prometheus.firing()).toEqual(expected);
  });
}

async function recovers(): Promise<void> {
  await eventually(async () => {
    expect(await findings()).toEqual([]);
    expect(await prometheus.firing()).toEqual([]);
  });
}

const findings = async (): Promise<readonly string[]> =>
  prometheus.labelsOf('ewallet_pipeline_finding{verdict!="unknown"}', 'code');

/** A process whose clock is a minute ahead of every other one's. */
const AHEAD = `
  const Real = Date;
  const ahead = () => Real.now() + 60_000;
  globalThis.Date = class extends Real {
    constructor(...parts) {
      if (parts.length === 0) super(ahead());
      else super(...parts);
    }
    static now() {
      return ahead();
    }
  };
`;

suite('alerts', () => {
  beforeAll(async () => {
    const stack = await services();
    flow = await PipelineCase.open('alerts');
    const { name, wallet, warehouse, ways } = flow;
    restPort = await freePort();
    const registry = new URL(stack.schemaRegistry.url);
    registry.hostname = '127.0.0.1';
    registry.port = String(ways.registry.port);
    const behind = {
      ...stack,
      kafka: { bootstrapServers: `127.0.0.1:${ways.kafka.port}` },
      schemaRegistry: { url: registry.href },
    };
    const walletBehind = { ...wallet, host: '127.0.0.1', port: ways.ewallet.port };
    const warehouseUrl = `postgresql://${warehouse.username}:${warehouse.password}@127.0.0.1:${ways.warehouse.port}/${warehouse.database}`;
    await flow.writeSync(walletBehind, behind);
    await flow.writeAudit(warehouseUrl);
    await flow.write(
      'sink.json',
      sinkConfig(behind, warehouse, name, {
        'connection.url': warehouseUrl,
        'rest.port': restPort,
        'errors.tolerance': 'all',
      }),
    );
    await flow.write('pipeline.json', {
      ewallet: { ...sourceConfig(walletBehind), retained_wal_bytes: 4 * 2 ** 20 },
      sync: { config_file: 'sync.json' },
      sink: { config_file: 'sink.json', lag_seconds: 0.001 },
      dbt: { target: 'target' },
      audit: {},
    });
    await dbtRan('pass');
    await startSink();
    expect(await flow.sync()).toBe(0);
    await eventually(async () => {
      expect((await flow.target.query('select count(*)::int as n from raw.users')).rows).toEqual([{ n: 20 }]);
    });
    expect(await audit()).toBe(0);
    metricsPort = await freePort();
    nodePort = await freePort();
    await startExporter({});
    const rules = await readFile(path.join(PROJECT_ROOT, 'deploy/observability/alerts.yaml'), 'utf8');
    await mkdir(flow.at('prometheus'));
    prometheus = await PrometheusServer.start(flow.at('prometheus'), rules.replace(/^( +for:) \w+$/gm, '$1 0s'), {
      'ewallet-pipeline': new URL(metricsUrl).host,
      'sink-warehouse': `127.0.0.1:${restPort}`,
      node: `127.0.0.1:${nodePort}`,
    });
  });

  afterAll(async () => {
    await prometheus.stop();
    await stopExporter();
    await sink.stop();
    await flow.close();
  });

  test('a pipeline that works fires nothing, and its metrics follow Prometheus’ conventions', async () => {
    await eventually(async () => {
      expect(await prometheus.labelsOf('ewallet_pipeline_healthy == 1', 'hop')).toEqual(
        ['e-wallet', 'sync', 'kafka', 'registry', 'sink', 'stream', 'warehouse', 'dbt', 'audit'].sort(),
      );
      expect(await prometheus.labelsOf('sink_dependency_up == 1', 'dependency')).toEqual([
        'kafka',
        'registry',
        'warehouse',
      ]);
    });
    await fires();
    expect(await conventionFaults(await (await fetch(metricsUrl)).text())).toBe('');
    const health = await fetch(metricsUrl.replace('/metrics', '/health/ready'));
    expect({ status: health.status, body: (await health.json()) as unknown }).toEqual({
      status: 200,
      body: { verdict: 'healthy', findings: [] },
    });
  });

  test('Kafka is away: KafkaDown alone, though the sink cannot work either', async () => {
    await sink.kill();
    flow.ways.kafka.cutOff();
    await startSink();
    await eventually(async () => {
      expect(await findings()).toEqual(['kafka-down', 'sink-failing']);
    });
    await fires('KafkaDown');
    const health = await fetch(metricsUrl.replace('/metrics', '/health/ready'));
    expect(health.status).toBe(503);
    byHand('kafka-down');
    byHand('sink-failing');
    flow.ways.kafka.heal();
    await recovers();
  });

  test('the registry is away: RegistryDown', async () => {
    flow.ways.registry.cutOff();
    await fires('RegistryDown');
    byHand('registry-down');
    flow.ways.registry.heal();
    await recovers();
  });

  test('the warehouse is away: WarehouseDown', async () => {
    flow.ways.warehouse.cutOff();
    await fires('WarehouseDown');
    byHand('warehouse-down');
    flow.ways.warehouse.heal();
    await recovers();
  });

  test('the e-wallet is away and a sync failed for it: EwalletDown alone', async () => {
    flow.ways.ewallet.cutOff();
    expect(await flow.sync()).toBe(1);
    await eventually(async () => {
      expect(await findings()).toEqual(['ewallet-down', 'sync-failed']);
    });
    await fires('EwalletDown');
    byHand('ewallet-down');
    flow.ways.ewallet.heal();
    expect(await flow.sync()).toBe(0);
    await recovers();
  });

  test('a sync that fails with every server up: SyncFailed', async () => {
    const config = await readFile(flow.at('source.json'), 'utf8');
    await flow.write('source.json', { ...(JSON.parse(config) as object), password: 'wrong' });
    expect(await flow.sync()).toBe(2);
    await fires('SyncFailed');
    await writeFile(flow.at('source.json'), config);
    await walk('sync-failed', ground());
    await recovers();
  });

  test('a grant is revoked: SyncFailed alone, and the sync names the stream and the GRANT that brings it back', async () => {
    const role = uniqueName('reader');
    const config = await readFile(flow.at('source.json'), 'utf8');
    await flow.source.query(`create role "${role}" login password 'reads'; grant select on users to "${role}"`);
    try {
      await flow.write('source.json', { ...(JSON.parse(config) as object), username: role, password: 'reads' });
      expect(await flow.sync()).toBe(0);
      await flow.source.query(`revoke select on users from "${role}"`);
      const { code, stderr } = await flow.syncWith({});
      expect(code).toBe(2);
      expect(stderr).toContain(
        'Stream public.users was synced before and the source no longer offers it: its table was dropped or renamed, the role lost SELECT on it',
      );
      expect(stderr).toContain(
        `The source says: Table public.users is left out: GRANT SELECT ON "public"."users" TO "${role}";`,
      );
      await fires('SyncFailed');
      await flow.source.query(`grant select on users to "${role}"`);
      expect(await flow.sync()).toBe(0);
      await recovers();
    } finally {
      await writeFile(flow.at('source.json'), config);
      await flow.source.query(`drop owned by "${role}"; drop role "${role}"`);
    }
  });

  test('a table of the warehouse is locked and records wait: SinkLag alone', async () => {
    const holder = await connectedTo(flow.warehouse);
    try {
      await holder.query('begin; lock table raw.users in access exclusive mode');
      await flow.source.query("insert into users select n, 'waits' from generate_series(31, 40) n");
      expect(await flow.sync()).toBe(0);
      await fires('SinkLag');
      byHand('sink-lag');
    } finally {
      await holder.end();
    }
    await recovers();
  });

  test('the sink is killed: SinkNotRunning', async () => {
    await sink.kill();
    await fires('SinkNotRunning');
    await walk('sink-not-running', ground({ keep: (child) => (sink = SinkProcess.of(child)) }));
    await sinkLives();
    await recovers();
  });

  test('the sink is paused and records wait: SinkPaused alone', async () => {
    await fetch(`${sinkUrl()}/connectors/${flow.name}/pause`, { method: 'PUT' });
    await flow.source.query("insert into users select n, 'later' from generate_series(21, 30) n");
    expect(await flow.sync()).toBe(0);
    await eventually(async () => {
      expect(await findings()).toEqual(['sink-lag', 'sink-paused']);
    });
    await fires('SinkPaused');
    await walk('sink-paused', ground());
    await recovers();
  });

  test('nobody asks the hops any more: PipelineStatusDown alone', async () => {
    await stopExporter();
    await fires('PipelineStatusDown');
    await walk('PipelineStatusDown', ground({ keep: (child) => (exporter = child) }));
    await eventually(async () => {
      expect(await prometheus.firing()).not.toContain('PipelineStatusDown');
    });
    await stopExporter();
    await startExporter({});
    await recovers();
  });

  test('the clock of the machine that looks is a minute ahead: ClockSkew alone', async () => {
    await stopExporter();
    await writeFile(flow.at('clock.cjs'), AHEAD);
    await startExporter({ NODE_OPTIONS: `--require ${flow.at('clock.cjs')}` });
    await fires('ClockSkew');
    byHand('clock-skew');
    await stopExporter();
    await startExporter({});
    await recovers();
  });

  const whereDisksCanBeMounted = smallDiskIsPossible() ? test : test.skip;
  whereDisksCanBeMounted('a disk is nearly full: DiskNearlyFull alone', async () => {
    await mkdir(flow.at('node'));
    const disk = await SmallDisk.attach(flow.at('node'), nodePort);
    try {
      await fires();
      await disk.fill(18);
      await fires('DiskNearlyFull');
      byHand('DiskNearlyFull');
      await disk.fill(1);
      await recovers();
    } finally {
      await disk.detach();
    }
  });

  test('the scheduler is killed: SchedulerDead', async () => {
    const schedule = spawn(
      process.execPath,
      [commandPath('ewallet-sync'), 'run', '--every', '1h', '--config', flow.at('sync.json')],
      { stdio: 'ignore' },
    );
    try {
      await waitsForNextSync();
    } finally {
      schedule.kill('SIGKILL');
    }
    await once(schedule, 'close');
    await fires('SchedulerDead');
    let again: ChildProcess | undefined;
    await walk('scheduler-dead', ground({ keep: (child) => (again = child) }));
    await recovers();
    await waitsForNextSync();
    again?.kill('SIGTERM');
    expect(again && (await once(again, 'close'))).toEqual([0, null]);
  });

  test('a record cannot land and is set aside: DeadLetters alone, until it is replayed', async () => {
    await flow.target.query("alter table raw.users add constraint no_one_else check (name <> 'refused')");
    await flow.source.query("insert into users values (51, 'refused')");
    expect(await flow.sync()).toBe(0);
    await fires('DeadLetters');
    await flow.target.query('alter table raw.users drop constraint no_one_else');
    await walk('dead-letters', ground());
    await recovers();
    expect((await flow.target.query('select name from raw.users where id = 51')).rows).toEqual([{ name: 'refused' }]);
  });

  test('a test of dbt fails: DbtFailed alone', async () => {
    await dbtRan('fail');
    await fires('DbtFailed');
    await dbtRan('pass');
    await recovers();
  });

  test('a slot holds back log: SlotRetainsWal alone', async () => {
    const slot = uniqueName('slot');
    await flow.source.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    try {
      await flow.source.query(`select pg_logical_emit_message(false, 'alerts', repeat('x', ${5 * 2 ** 20}))`);
      await fires('SlotRetainsWal');
      await walk('slot-retains-wal', ground({ values: { slot }, sql: flow.source }));
    } finally {
      await flow.source.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
        [slot],
      );
    }
    await recovers();
  });

  test('the audit finds a row that differs: AuditDifferent alone, until one finds none', async () => {
    await flow.target.query("update raw.users set name = 'wrong' where id = 3");
    expect(await audit()).toBe(1);
    await fires('AuditDifferent');
    await flow.target.query("update raw.users set name = 'name' where id = 3");
    await walk('audit-different', ground());
    await recovers();
  });
});
