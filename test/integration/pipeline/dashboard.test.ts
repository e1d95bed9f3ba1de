import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { commandPath, PROJECT_ROOT, runCommand } from '../../support/command';
import { destinationConfig, sinkConfig, sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { PipelineCase } from '../../support/pipeline/pipeline-case';
import { PrometheusServer } from '../../support/prometheus/prometheus-server';
import { prometheusIsAvailable } from '../../support/prometheus/promtool';
import { services } from '../../support/services';
import { SinkProcess } from '../../support/sink/sink-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(180_000);

const { panels } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'deploy/observability/dashboard.json'), 'utf8')) as {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
};
const asked = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$__rate_interval', '20s') })),
);

/** What draws nothing here, and why. */
const EMPTY: readonly string[] = [
  // Nothing is wrong; the second test breaks something.
  'Findings',
  // No Flink runs here: test/pipeline/realtime/live-results.test.ts looks for its metrics at a running job.
  'Age of the newest checkpoint',
  'Records not read yet',
  'Restarts and failed checkpoints',
  'Size of a checkpoint',
];

const suite = prometheusIsAvailable() ? describe : describe.skip;

suite('the dashboard, asked of a real Prometheus beside a pipeline that works', () => {
  const running: ChildProcess[] = [];
  const slot = uniqueName('dashboard').replaceAll(/[^a-z0-9_]/g, '_');
  let flow: PipelineCase;
  let sink: SinkProcess;
  let sinkUrl: string;
  let prometheus: PrometheusServer;

  /** Starts a program that says where its metrics are. @returns their `host:port` */
  async function serving(program: string, args: readonly string[]): Promise<string> {
    const child = spawn(commandPath(program), args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: flow.directory });
    running.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return eventually(() => {
      const host = /"http:\/\/([^"/]+)\/metrics"/.exec(said)?.[1];
      if (host === undefined) throw new Error(`${program} does not say where its metrics are: ${said}`);
      return host;
    });
  }

  beforeAll(async () => {
    const stack = await services();
    flow = await PipelineCase.open('dashboard');
    const { name, wallet, warehouse } = flow;
    await flow.writeSync(wallet, stack);
    await flow.write('sink.json', sinkConfig(stack, warehouse, name));
    await flow.write('following.json', {
      name: `${name}-following`,
      source: {
        command: [commandPath('source-ewallet')],
        config: sourceConfig(wallet, {
          replication_method: {
            method: 'CDC',
            replication_slot: slot,
            publication: 'wallet',
            slot_creation: 'if_missing',
          },
        }),
      },
      destination: {
        command: [commandPath('destination-kafka')],
        config: destinationConfig(stack, `${name}-following.{stream}`),
      },
    });
    await flow.source.query('create publication wallet for all tables');
    sink = SinkProcess.start('run', flow.at('sink.json'));
    sinkUrl = await eventually(() => {
      const rest = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1];
      if (rest === undefined) throw new Error(`the sink has not started: ${sink.stderr}`);
      return rest;
    });
    await flow.write('pipeline.json', {
      ewallet: sourceConfig(wallet),
      sync: { config_file: 'sync.json' },
      sink: { config_file: 'sink.json', instances: [sinkUrl] },
    });
    const scheduled = ['run', '--every', '2s', '--log-format', 'json', '--metrics-port', '0', '--config', 'sync.json'];
    const following = ['run', '--follow', '--log-format', 'json', '--metrics-port', '0', '--config', 'following.json'];
    const looking = ['serve', '--metrics-port', '0', '--timeout', '8', '--config', 'pipeline.json'];
    await mkdir(flow.at('prometheus'));
    prometheus = await PrometheusServer.start(flow.at('prometheus'), '', {
      'ewallet-sync': await serving('ewallet-sync', scheduled),
      following: await serving('ewallet-sync', following),
      'ewallet-pipeline': await serving('ewallet-pipeline', looking),
      'sink-warehouse': new URL(sinkUrl).host,
    });
  });

  afterAll(async () => {
    await prometheus.stop();
    for (const child of running) {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    }
    await sink.stop();
    await flow.source.query('select pg_drop_replication_slot($1)', [slot]);
    await flow.close();
  });

  test('each query of each panel has values, but for those that have none to draw', async () => {
    let id = 100;
    await eventually(
      async () => {
        id += 1;
        await flow.source.query('insert into users values ($1, $2)', [id, 'traded']);
        const drawn = await Promise.all(
          asked.map(async ({ title, expr }) => ({ title, expr, values: await prometheus.values(expr) })),
        );
        const empty = drawn.filter(({ values }) => values.length === 0 || !values.every(Number.isFinite));
        expect([...new Set(empty.map(({ title }) => title))]).toEqual(EMPTY);
      },
      { timeoutMs: 120_000, everyMs: 1_000 },
    );
  });

  test('what is wrong is a row of the first panel, with the columns that it shows', async () => {
    await fetch(`${sinkUrl}/connectors/${flow.name}/pause`, { method: 'PUT' });
    const findings = asked.find(({ title }) => title === 'Findings')?.expr ?? '';
    await eventually(async () => {
      const columns = await Promise.all(
        ['verdict', 'hop', 'subject', 'code'].map(async (column) => prometheus.labelsOf(findings, column)),
      );
      expect(columns).toEqual([['degraded'], ['sink'], [flow.name], ['sink-paused']]);
    });
    expect((await runCommand('ewallet-pipeline', ['status', '--config', flow.at('pipeline.json')])).code).toBe(1);
  });
});
