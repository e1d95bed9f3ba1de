import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';
import type { Client } from 'pg';
import { totalsOfTable, withClient, writeCommand, type BenchSession } from '../session/bench-session';
import { copyCommand, copyProgramName } from '../session/copy-program';
import { produce } from './destination-hop';
import { deleteTopic } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { runPipeline, startPipeline, type PipelineUsage, type RunningPipeline } from '../measure/pipeline';
import { ProcessUsage } from '../measure/process-usage';
import { programPath } from '../session/programs';
import type { Trial } from '../measure/trial';

/** Milliseconds between two looks at how far the sink is. */
const POLL = 20;
/** A sink that lands nothing for so long, in milliseconds, is stuck. */
const STUCK = 120_000;

/** Where the default `table.name.format` puts the stream. */
export const LANDED = 'raw.transactions';

/** Kafka → an empty table, then the same keys again, each beside a binary COPY into a table of the same definition. */
export async function sinkTrial(session: BenchSession, lines: string, number: number): Promise<Trial[]> {
  const { totals, warehouseUrl } = session;
  const name = `sink${number}`;
  const topic = `${name}.transactions`;
  await forgetLanded(session);
  await produce(session, lines, name);
  const insert = await land(session, name, totals.rows);
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after the insert`);
  await produce(session, lines, name);
  const update = await land(session, name, 2 * totals.rows);
  mustEqual(await totalsOfTable(warehouseUrl, LANDED), totals, `Table ${LANDED} after the update`);
  const limit = await binaryCopy(session);
  await deleteTopic(session.stack, topic);
  const limitName = `binary COPY by ${copyProgramName()}`;
  const inCopy = (hop: Measurement): Measurement => ({ ...hop, bytes: (limit.bytes / limit.rows) * hop.rows });
  return [
    { hop: 'sink insert', limitName, target: 0.35, measured: { hop: inCopy(insert), limit } },
    { hop: 'sink update', limitName, target: 0.17, measured: { hop: inCopy(update), limit } },
  ];
}

/**
 * Runs the sink until `records` have landed since its connector began. Timed from the first commit it makes to the last,
 * without the rows of the first: starting Node and joining a group is told apart from landing rows.
 */
async function land(session: BenchSession, connector: string, records: number): Promise<Measurement> {
  const before = await landed(session, connector);
  const sink = await startSink(session, connector);
  const usage = new ProcessUsage(sink.measuredPids);
  try {
    const first = await untilLanded(session, connector, before + 1, sink);
    const last = await untilLanded(session, connector, records, sink);
    const seconds = (last.at - first.at) / 1e9;
    const measured = usage.stop();
    if (last.records !== records) throw Failure.system(`The sink landed ${last.records} records of ${records}.`);
    const rows = last.records - first.records;
    if (rows === 0)
      throw Failure.config('The sink landed every row in one batch, which tells no rate: take more rows with --rows.');
    // Memory and CPU time are of the whole run, so the latter is scaled to the rows that were timed.
    const share = rows / (last.records - before);
    const progress = last.samples.map(({ records: seen, at }) => ({
      rows: seen - before,
      seconds: (at - first.at) / 1e9,
    }));
    return { rows, bytes: 0, seconds, peakRss: measured.peakRss, cpuSeconds: measured.cpuSeconds * share, progress };
  } finally {
    await stopSink(sink);
  }
}

/** An instance of a connector for the topics of a trial, by default its own. */
export async function startSink(
  session: BenchSession,
  connector: string,
  topics = connector,
): Promise<RunningPipeline> {
  const file = path.join(session.directory, `${connector}.json`);
  await writeFile(
    file,
    JSON.stringify({
      name: connector,
      'topics.regex': `${topics}\\..*`,
      'consumer.override.bootstrap.servers': session.stack.kafka.bootstrapServers,
      'connection.url': session.warehouseUrl,
      'value.converter.schema.registry.url': session.stack.schemaRegistry.url,
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'auto.create': true,
      'auto.evolve': true,
      'rest.enabled': false,
      ...session.overrides.sink,
    }),
  );
  return startPipeline([{ command: [programPath('sink-warehouse'), 'run', '--config', file], measured: true }], {
    errors: session.errors,
    output: path.join(session.directory, `${connector}.log`),
  });
}

/**
 * SIGTERM, and its exit awaited, so that the next connector has the machine to itself.
 *
 * @throws Failure where it ended by itself before, with where its reason is
 */
export async function stopSink(sink: RunningPipeline): Promise<void> {
  for (const pid of sink.measuredPids) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
  await sink.ended;
}

/** A warehouse without the table that trials land in, and without the decision which topic fills it: each has its own topic. */
export async function forgetLanded({ warehouseUrl }: BenchSession): Promise<void> {
  await withClient(warehouseUrl, async (client) => {
    await client.query(`drop table if exists ${LANDED}`);
    const { rows } = await client.query<{ there: boolean }>(`select to_regclass('sink.tables') is not null as there`);
    if (rows[0]?.there === true) await client.query('delete from sink.tables');
  });
}

/**
 * A sync beside a sink that runs: timed from its start until the connector has landed `records`.
 *
 * @param sync.read the source's command line; `sync.name` is the connector's, and the first part of the topic's name
 */
export async function syncUntilLanded(
  session: BenchSession,
  sink: RunningPipeline,
  sync: { readonly read: readonly [string, ...string[]]; readonly name: string; readonly records: number },
): Promise<PipelineUsage> {
  const started = Number(process.hrtime.bigint());
  const pipeline = startPipeline(
    [
      { command: sync.read, measured: true },
      { command: await writeCommand(session, sync.name), measured: true },
      { command: ['cat'], measured: false },
    ],
    { errors: session.errors },
  );
  const usage = new ProcessUsage([...pipeline.measuredPids, ...sink.measuredPids]);
  try {
    await pipeline.ended;
    const { at } = await untilLanded(session, sync.name, sync.records, sink);
    return { seconds: (at - started) / 1e9, ...usage.stop() };
  } finally {
    usage.stop();
    pipeline.stop();
  }
}

interface Landing {
  readonly records: number;
  /** Nanoseconds of the monotonic clock. */
  readonly at: number;
  /** Each commit that was seen, in order. */
  readonly samples: readonly { readonly records: number; readonly at: number }[];
}

export async function untilLanded(
  session: BenchSession,
  connector: string,
  records: number,
  sink: RunningPipeline,
): Promise<Landing> {
  const dead = new AbortController();
  sink.ended
    .then(() => {
      throw Failure.system('The sink ended by itself.');
    })
    .catch((error: unknown) => {
      dead.abort(error);
    });
  // One connection for all the looks: a new one each time took a tenth of a core from what is measured.
  return withClient(session.warehouseUrl, async (client) => {
    const samples: { records: number; at: number }[] = [];
    let seen = 0;
    let progressed = Date.now();
    for (;;) {
      const now = await landedSoFar(client, connector);
      if (now > seen) {
        progressed = Date.now();
        samples.push({ records: now, at: Number(process.hrtime.bigint()) });
      }
      seen = now;
      if (now >= records) return { records: now, at: Number(process.hrtime.bigint()), samples };
      dead.signal.throwIfAborted();
      if (Date.now() - progressed > STUCK)
        throw Failure.system(`The sink landed ${seen} of ${records} records and no more.`);
      await sleep(POLL);
    }
  });
}

async function landed(session: BenchSession, connector: string): Promise<number> {
  return withClient(session.warehouseUrl, (client) => landedSoFar(client, connector));
}

async function landedSoFar(client: Client, connector: string): Promise<number> {
  const { rows: exists } = await client.query<{ there: boolean }>(
    `select to_regclass('sink.offsets') is not null as there`,
  );
  if (exists[0]?.there !== true) return 0;
  const { rows } = await client.query<{ records: string }>(
    'select coalesce(sum(records), 0)::text as records from sink.offsets where connector = $1',
    [connector],
  );
  return Number(rows[0]?.records);
}

/** The rows that have landed, in binary, into an empty table of the same definition, indexes and all. */
async function binaryCopy(session: BenchSession): Promise<Measurement> {
  const { warehouseUrl, totals, errors } = session;
  const file = path.join(session.directory, 'landed.copy');
  try {
    await withClient(warehouseUrl, async (client) => {
      await client.query('create schema if not exists bench');
      await client.query('drop table if exists bench.limit');
      await client.query(`create table bench.limit (like ${LANDED} including all)`);
    });
    const out = copyCommand(warehouseUrl, `copy ${LANDED} to stdout (format binary)`);
    await runPipeline([{ command: out, measured: false }], { output: file, errors });
    const into = copyCommand(warehouseUrl, 'copy bench.limit from stdin (format binary)');
    const usage = await runPipeline([{ command: into, measured: true }], { input: file, errors });
    mustEqual(await totalsOfTable(warehouseUrl, 'bench.limit'), totals, 'Table bench.limit');
    const { size } = await stat(file);
    return { rows: totals.rows, bytes: size, ...usage };
  } finally {
    await withClient(warehouseUrl, (client) => client.query('drop table if exists bench.limit'));
    await rm(file, { force: true });
  }
}
