import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandPath, runCommand } from '../../support/command';
import { destinationConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { conventionFaults, prometheusIsAvailable } from '../../support/prometheus/promtool';
import { samplesOf } from '../../support/prometheus/samples';
import { services } from '../../support/services';
import { BlackHole } from '../../support/sink/black-hole';
import { capturedWallet } from '../../support/source/captured-wallet';
import { FollowProcess } from '../../support/sync/follow-process';
import { uniqueName } from '../../support/unique-name';
import { standInConnectors } from './stand-in-connectors';

jest.setTimeout(120_000);

const withPromtool = prometheusIsAvailable() ? test : test.skip;

let directory: string;
let child: ChildProcess | undefined;
let log: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-sync-metrics-'));
  log = '';
});

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  child = undefined;
  await rm(directory, { recursive: true });
});

async function configure(source: object, more: object = {}): Promise<string> {
  const connectors = await standInConnectors(directory);
  const file = path.join(directory, 'sync.json');
  const config = {
    name: 'shop',
    source: { command: connectors.source, config: { runs: path.join(directory, 'runs'), ...source } },
    destination: { command: connectors.destination, config: {} },
    backoff_seconds: 0.01,
    ...more,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** `ewallet-sync run` with an hour between syncs. @returns where its metrics are */
async function serve(config: string): Promise<string> {
  const started = spawn(
    commandPath('ewallet-sync'),
    ['run', '--config', config, '--every', '1h', '--metrics-port', '0', '--log-format', 'json'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  child = started;
  started.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return served(() => log);
}

async function served(text: () => string): Promise<string> {
  return eventually(() => {
    const url = /"url":"(http:[^"]+)\/metrics"/.exec(text())?.[1];
    if (url === undefined) throw new Error(`not served: ${text()}`);
    return url;
  });
}

const scrape = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

async function ready(url: string): Promise<unknown> {
  const response = await fetch(`${url}/health/ready`);
  return { status: response.status, body: (await response.json()) as unknown };
}

const only = (text: string, metric: string): number | undefined => samplesOf(text, metric, 'connection')[0]?.value;

test('a scheduled sync shows what the connectors counted, what failed, and when it succeeded', async () => {
  const before = Date.now() / 1_000;
  const url = await serve(
    await configure({
      streams: ['users', 'wallets'],
      failure: 'transient_error',
      failures: 1,
      measurement: { type: 'pages', value: '{"read":7,"unit":"pages"}' },
    }),
  );
  const text = await eventually(async () => {
    const scraped = await scrape(url);
    expect(only(scraped, 'ewallet_sync_syncs_total')).toBe(1);
    // The next start is planned behind the end of a sync: a scrape can fall between the two.
    expect(only(scraped, 'ewallet_sync_next_timestamp_seconds')).toBeDefined();
    return scraped;
  });
  const samples = (name: string) => samplesOf(text, `ewallet_sync_${name}`, 'connection');
  expect(samples('syncs_total')).toEqual([{ labels: { status: 'succeeded' }, value: 1 }]);
  // The first attempt failed behind two acknowledged states of users.
  expect(samples('records_total')).toEqual([
    { labels: { stream: 'public.users' }, value: 30 },
    { labels: { stream: 'public.wallets' }, value: 30 },
  ]);
  expect(samples('attempt_failures_total')).toEqual([
    { labels: { kind: 'config_error' }, value: 0 },
    { labels: { kind: 'transient_error' }, value: 1 },
    { labels: { kind: 'system_error' }, value: 0 },
  ]);
  expect(samples('retries_total')).toEqual([{ labels: {}, value: 1 }]);
  expect(samples('rejected_records_total').map(({ value }) => value)).toEqual([0, 0]);
  expect(samples('connector_measurement')).toEqual([
    { labels: { connector: 'source', name: 'pages', field: 'read' }, value: 7 },
  ]);
  expect([only(text, 'ewallet_sync_running'), only(text, 'ewallet_sync_failing')]).toEqual([0, 0]);
  expect(only(text, 'ewallet_sync_bytes_total')).toBeGreaterThan(60 * '{"type":"RECORD"}'.length);
  expect(only(text, 'ewallet_sync_last_success_timestamp_seconds')).toBeGreaterThan(before);
  expect(only(text, 'ewallet_sync_next_timestamp_seconds')).toBeGreaterThan(before + 3_000);
  expect(only(text, 'ewallet_sync_last_duration_seconds')).toBeGreaterThan(0);
  expect(samples('state_timestamp_seconds').map(({ labels }) => labels.stream)).toEqual([
    'public.users',
    'public.wallets',
  ]);
  expect(text).toContain('ewallet_sync_running{connection="shop"} 0');
  expect(await ready(url)).toEqual({ status: 200, body: { ready: true } });
});

test('after a failed sync the health check is 503 with the reason, and the process lives', async () => {
  const url = await serve(await configure({ failure: 'config_error', failures: 9 }));
  await eventually(async () => {
    expect(await ready(url)).toEqual({
      status: 503,
      body: { ready: false, reason: 'the config_error of the stand-in' },
    });
  });
  const text = await scrape(url);
  expect(only(text, 'ewallet_sync_failing')).toBe(1);
  expect(only(text, 'ewallet_sync_running')).toBe(0);
  expect(samplesOf(text, 'ewallet_sync_syncs_total', 'connection')).toEqual([
    { labels: { status: 'failed' }, value: 1 },
  ]);
  expect(text).not.toContain('ewallet_sync_last_success_timestamp_seconds{');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
});

test('the last success of a process before this one is still the last success', async () => {
  const config = await configure({});
  expect((await runCommand('ewallet-sync', ['run', '--config', config])).code).toBe(0);
  const between = Date.now() / 1_000;
  await configure({ failure: 'config_error', failures: 9 });
  const text = await scrape(await serve(config));
  const last = only(text, 'ewallet_sync_last_success_timestamp_seconds') ?? Number.NaN;
  expect(last).toBeLessThanOrEqual(between);
  expect(last).toBeGreaterThan(between - 60);
});

test('a port that is taken is named with what to do, and nothing is synced', async () => {
  const taken = await BlackHole.before('127.0.0.1', 1);
  try {
    const config = await configure({});
    const { code, stdout, stderr } = await runCommand('ewallet-sync', [
      ...['run', '--config', config, '--metrics-port', String(taken.port)],
    ]);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `ewallet-sync: The metrics cannot listen on 127.0.0.1:${taken.port}, which another program uses: give --metrics-port a free one (0 takes any).\n`,
    });
  } finally {
    taken.close();
  }
});

test('while changes are followed there is a lag in bytes and seconds', async () => {
  const stack = await services();
  const wallet = await capturedWallet(stack.source, 'create table accounts (id bigint primary key)');
  const config = path.join(directory, 'sync.json');
  await writeFile(
    config,
    JSON.stringify({
      source: { config: wallet.config() },
      destination: { config: destinationConfig(stack, `${uniqueName('measured')}.{stream}`) },
    }),
  );
  const running = FollowProcess.start(config, ['--metrics-port', '0']);
  try {
    const url = await served(() => JSON.stringify(running.log));
    expect(await ready(url)).toEqual({
      status: 503,
      body: { ready: false, reason: 'Source and destination are not connected yet.' },
    });
    await running.follows();
    await wallet.admin.query('insert into accounts values (1), (2)');
    const text = await eventually(async () => {
      const scraped = await scrape(url);
      expect(only(scraped, 'ewallet_sync_records_total')).toBe(2);
      expect(only(scraped, 'ewallet_sync_follow_lag_bytes')).toBeGreaterThanOrEqual(0);
      return scraped;
    });
    expect(only(text, 'ewallet_sync_follow_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(only(text, 'ewallet_sync_follow_connected')).toBe(1);
    expect(only(text, 'ewallet_sync_follow_restarts_total')).toBe(0);
    expect(await ready(url)).toEqual({ status: 200, body: { ready: true } });
    if (prometheusIsAvailable()) expect(await conventionFaults(text)).toBe('');
  } finally {
    await running.end();
    await wallet.close();
  }
});

withPromtool('names, units and help follow Prometheus’ conventions (promtool check metrics)', async () => {
  const url = await serve(await configure({ measurement: { type: 'pages', value: '7' } }));
  await eventually(async () => {
    expect(only(await scrape(url), 'ewallet_sync_syncs_total')).toBe(1);
  });
  expect(await conventionFaults(await scrape(url))).toBe('');
});
