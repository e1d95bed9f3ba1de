import { conventionFaults, prometheusIsAvailable } from '../../support/prometheus/promtool';
import { samplesOf } from '../../support/prometheus/samples';
import { eventually } from '../../support/eventually';
import { BlackHole } from '../../support/sink/black-hole';
import { SinkCase } from '../../support/sink/sink-case';
import { runSink, type SinkProcess } from '../../support/sink/sink-process';
import { createTopic, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { uniqueName } from '../../support/unique-name';
import { freePort } from '../../support/free-port';

jest.setTimeout(120_000);

let sinks: SinkCase;
beforeAll(async () => {
  sinks = await SinkCase.open();
});
afterAll(async () => sinks.close());

async function restOf(sink: SinkProcess): Promise<string> {
  return eventually(() => {
    const started = /"rest":"([^"]+)"/.exec(sink.stderr)?.[1];
    if (started === undefined) throw new Error('not started');
    return started;
  });
}

async function stateOf(url: string, name: string): Promise<{ connector: string; task: string; trace?: string }> {
  const response = await fetch(`${url}/connectors/${name}/status`);
  const { connector, tasks } = (await response.json()) as {
    connector: { state: string };
    tasks: [{ state: string; trace?: string }];
  };
  const [{ state, trace }] = tasks;
  return { connector: connector.state, task: state, ...(trace === undefined ? {} : { trace }) };
}

/** The samples of a metric by their labels, without that of the connector. */
async function metric(url: string, metricName: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const samples = [...text.matchAll(new RegExp(`^${metricName}\\{(.*?),?connector="[^"]*"\\} (\\S+)$`, 'gm'))];
  return Object.fromEntries(samples.map(([, labels = '', value]) => [labels, Number(value)]));
}

const running = { connector: 'RUNNING', task: 'RUNNING' };

test('while Kafka is away the status says RESTARTING and why, and the metrics are there', async () => {
  const name = uniqueName('health');
  const port = await freePort();
  const config = sinks.config(name, { 'consumer.override.bootstrap.servers': `127.0.0.1:${port}` });
  await sinks.whileRunning(config, async (sink) => {
    const url = await restOf(sink);
    await eventually(async () => {
      expect(await stateOf(url, name)).toEqual({
        connector: 'RESTARTING',
        task: 'RESTARTING',
        trace: expect.stringMatching(
          /^Kafka at 127\.0\.0\.1:\d+ could not be reached: .*ECONNREFUSED 127\.0\.0\.1:\d+/,
        ) as string,
      });
    });
    await eventually(async () => {
      expect(await metric(url, 'sink_dependency_up')).toEqual({
        'dependency="kafka"': 0,
        'dependency="registry"': 1,
        'dependency="warehouse"': 1,
      });
    });
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  });
});

test('while the warehouse is away lag keeps its last value with an age; afterwards it is RUNNING again', async () => {
  const name = uniqueName('health');
  const topic = `${name}.${name}`;
  await createTopic(sinks.kafka, topic, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
  const send = async (id: number): Promise<void> =>
    withProducer(sinks.kafka, name, async (producer) => transact(producer, topic, [writer.record({ id })]));
  await send(1);
  const { host, port, username, password, database } = sinks.database;
  const way = await BlackHole.before(host, port);
  const config = sinks.config(name, {
    'connection.url': `postgresql://${username}:${password}@127.0.0.1:${way.port}/${database}`,
    'connection.timeout.ms': 1_000,
  });
  try {
    await sinks.whileRunning(config, async (sink) => {
      const url = await restOf(sink);
      const lag = `topic="${topic}",partition="0"`;
      await eventually(async () => {
        expect(await stateOf(url, name)).toEqual(running);
        expect(await metric(url, 'sink_lag_records')).toEqual({ [lag]: 0 });
        expect(Object.keys(await metric(url, 'sink_last_commit_timestamp_seconds'))).toEqual([`topic="${topic}"`]);
      });
      way.swallow();
      await send(2);
      await eventually(async () => {
        expect(await stateOf(url, name)).toMatchObject({ connector: 'RESTARTING', task: 'RESTARTING' });
        expect(await metric(url, 'sink_dependency_up')).toMatchObject({ 'dependency="warehouse"': 0 });
        expect(Object.keys(await metric(url, 'sink_lag_records'))).toEqual([lag]);
        expect((await metric(url, 'sink_lag_age_seconds'))['']).toBeGreaterThan(0.5);
      });
      way.heal();
      await eventually(async () => {
        expect(await stateOf(url, name)).toEqual(running);
        expect(await sinks.rows(`select count(*)::int as n from raw."${name}"`)).toEqual([{ n: 2 }]);
        expect(await metric(url, 'sink_lag_records')).toEqual({ [lag]: 0 });
      });
    });
  } finally {
    way.close();
  }
});

test('a sink that starts again says when records last landed, not when it started', async () => {
  const name = uniqueName('health');
  const topic = `${name}.${name}`;
  const idle = `${name}.idle`;
  for (const each of [topic, idle]) await createTopic(sinks.kafka, each, 1);
  const writer = await StreamWriter.register(sinks.registry, topic, name, { id: { type: 'integer' } });
  await withProducer(sinks.kafka, name, async (producer) => transact(producer, topic, [writer.record({ id: 1 })]));
  const config = sinks.config(name, { 'topics.regex': `${name}\\..*` });
  const lastCommit = async (sink: SinkProcess): Promise<Record<string, number>> => {
    const url = await restOf(sink);
    return eventually(async () => {
      expect(await stateOf(url, name)).toEqual(running);
      expect(await sinks.rows(`select count(*)::int as n from raw."${name}"`)).toEqual([{ n: 1 }]);
      const samples = await metric(url, 'sink_last_commit_timestamp_seconds');
      // A topic that nothing ever landed from has none.
      expect(Object.keys(samples)).toEqual([`topic="${topic}"`]);
      return samples;
    });
  };
  await sinks.whileRunning(config, lastCommit);
  const [landed] = (await sinks.rows(
    `select extract(epoch from date_trunc('milliseconds', updated_at))::float8 as at from sink.offsets
     where connector = $1 and topic = $2`,
    [name, topic],
  )) as readonly { readonly at: number }[];
  await sinks.whileRunning(config, async (sink) => {
    expect(await lastCommit(sink)).toEqual({ [`topic="${topic}"`]: landed?.at });
  });
});

test('latency counts from the commit in the e-wallet where the record says it, else from when the source read the row', async () => {
  const name = uniqueName('latency');
  const time = { type: 'string', format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
  const id = { type: 'integer' };
  const committed = await StreamWriter.register(sinks.registry, `${name}.committed`, 'committed', {
    id,
    note: { type: 'string' },
    _ab_cdc_updated_at: time,
  });
  const read = await StreamWriter.register(sinks.registry, `${name}.read`, 'read', { id });
  const before = Date.now();
  const at = (secondsAgo: number): bigint => BigInt(before - secondsAgo * 1_000) * 1_000n;
  for (const { topic } of [committed, read]) await createTopic(sinks.kafka, topic, 1);
  await withProducer(sinks.kafka, name, async (producer) => {
    await transact(producer, committed.topic, [
      committed.record({ id: 1, note: 'the oldest', _ab_cdc_updated_at: at(400) }),
      committed.record({ id: 2, _ab_cdc_updated_at: at(1) }),
    ]);
    await transact(producer, read.topic, [read.record({ id: 1 })]);
  });
  const config = sinks.config(name, { 'topics.regex': `${name}\\..*` });
  await sinks.whileRunning(config, async (sink) => {
    const url = await restOf(sink);
    const text = await eventually(async () => {
      const scraped = await (await fetch(`${url}/metrics`)).text();
      expect(samplesOf(scraped, 'sink_end_to_end_latency_seconds_count', 'connector')).toHaveLength(2);
      return scraped;
    });
    const samples = (suffix: string) => samplesOf(text, `sink_end_to_end_latency_seconds_${suffix}`, 'connector');
    expect(samples('count')).toEqual(
      expect.arrayContaining([
        { labels: { topic: committed.topic, since: 'commit' }, value: 1 },
        { labels: { topic: read.topic, since: 'read' }, value: 1 },
      ]),
    );
    const seconds = (since: string): number | undefined =>
      samples('sum').find(({ labels }) => labels.since === since)?.value;
    const passed = (Date.now() - before) / 1_000;
    expect(seconds('commit')).toBeGreaterThanOrEqual(400);
    expect(seconds('commit')).toBeLessThanOrEqual(400 + passed);
    // The support's records were read on 2023-11-14.
    expect(seconds('read')).toBeGreaterThanOrEqual(before / 1_000 - 1_700_000_000);
    if (prometheusIsAvailable()) expect(await conventionFaults(text)).toBe('');
  });
});

test('a REST port that is taken is named with what to do', async () => {
  const name = uniqueName('health');
  const taken = await BlackHole.before('127.0.0.1', 1);
  try {
    const { code, stderr } = await runSink('run', sinks.config(name, { 'rest.port': taken.port }));
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `sink-warehouse: The REST API cannot listen on 127.0.0.1:${taken.port}, which another program uses: set rest.port to a free one (0 takes any), or rest.enabled=false.\n`,
    });
  } finally {
    taken.close();
  }
});
