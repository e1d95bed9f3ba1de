import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import { postgresUrl } from '@ewallet/stack-connections';
import { ACROSS, createAcross } from '../session/across-table';
import {
  readCommand,
  totalsOfTable,
  withClient,
  withSettings,
  writeCommand,
  type BenchSession,
} from '../session/bench-session';
import { changeRows, INCREMENT_CASES, shownCase, type Change } from '../session/changed-rows';
import { copyCommand } from '../session/copy-program';
import { deleteTopic } from '../session/kafka-totals';
import type { Measurement } from '../measure/measurement';
import { mustEqual } from '../session/money';
import { runPipeline, type RunningPipeline } from '../measure/pipeline';
import { ProcessUsage } from '../measure/process-usage';
import { perMillion, watchServers } from '../measure/server-usage';
import type { Trial } from '../measure/trial';
import { forgetLanded, LANDED, startSink, stopSink, untilLanded } from './sink-hop';

/** Of the limit, for a tenth of the rows at random places. */
const TARGET = 0.5;

/**
 * A sync of what changed since the first one, for each case: the sink runs, as it does between two syncs, and the clock
 * starts with the sync's programs. Beside it the least that must be done: the same rows by COPY from one database into a
 * table of the other, and one upsert from there.
 */
export async function incrementTrial(session: BenchSession, run: number): Promise<Trial[]> {
  const name = `increment${run}`;
  const own = await withOwnDatabase(session, name);
  await forgetLanded(session);
  const sink = await startSink(own, name);
  const trials: Trial[] = [];
  try {
    let records = session.totals.rows;
    await sync(own, name, []);
    await untilLanded(own, name, records, sink);
    await copyLanded(own);
    for (const [seed, one] of INCREMENT_CASES.entries()) {
      const change = await changeRows(own.sourceUrl, one, seed);
      records += change.rows;
      const hop = await increment(own, { name, records, change, sink });
      const totals = await totalsOfTable(own.sourceUrl, 'transactions');
      mustEqual(await totalsOfTable(own.warehouseUrl, LANDED), totals, `Table ${LANDED} after ${shownCase(one)}`);
      const limit = await upsertAcross(own, change);
      mustEqual(await totalsOfTable(own.warehouseUrl, ACROSS), totals, `Table ${ACROSS} after ${shownCase(one)}`);
      trials.push({
        hop: `increment, ${shownCase(one)}`,
        limitName: 'COPY | COPY, one upsert',
        target: one.pattern === 'scattered' && one.share === 0.1 ? TARGET : undefined,
        measured: { hop, limit },
      });
    }
  } finally {
    await stopSink(sink);
    await withClient(session.warehouseUrl, (client) => client.query(`drop table if exists ${ACROSS}, ${LANDED}`));
    await withClient(session.sourceUrl, (client) =>
      client.query(`drop database ${quoteIdentifier(name)} with (force)`),
    );
  }
  await deleteTopic(session.stack, `${name}.transactions`);
  return trials;
}

/** A copy of the e-wallet to change, so that other hops find theirs as it was. */
async function withOwnDatabase(session: BenchSession, database: string): Promise<BenchSession> {
  const stack = { ...session.stack, source: { ...session.stack.source, database } };
  await withClient(postgresUrl({ ...session.stack.source, database: 'postgres' }), (client) =>
    client.query(
      `create database ${quoteIdentifier(database)} template ${quoteIdentifier(session.stack.source.database)}`,
    ),
  );
  const directory = path.join(session.directory, database);
  await mkdir(directory, { recursive: true });
  return withSettings({ ...session, directory, stack, sourceUrl: postgresUrl(stack.source) }, session.overrides);
}

interface Increment {
  readonly name: string;
  /** Records of the topic once this one has landed. */
  readonly records: number;
  readonly change: Change;
  readonly sink: RunningPipeline;
}

async function increment(session: BenchSession, { name, records, change, sink }: Increment): Promise<Measurement> {
  const servers = watchServers(session.stack, ['e-wallet', 'Kafka', 'warehouse']);
  const walBefore = await writeAheadLog(session.warehouseUrl);
  const sinkBefore = new ProcessUsage(sink.measuredPids).stop().cpuSeconds;
  const sinkUsage = new ProcessUsage(sink.measuredPids);
  const started = Number(process.hrtime.bigint());
  const programs = await sync(session, name, ['--state', stateFile(session)]);
  const synced = Number(process.hrtime.bigint());
  const { at } = await untilLanded(session, name, records, sink);
  const ofSink = sinkUsage.stop();
  const cpuSeconds = programs.cpuSeconds + ofSink.cpuSeconds - sinkBefore;
  const { bytes, images } = await writeAheadLog(session.warehouseUrl);
  session.say(
    [
      `sync ${((synced - started) / 1e9).toFixed(2)} s, landed after ${((at - started) / 1e9).toFixed(2)} s`,
      `CPU s a million rows: programs ${perMillion(cpuSeconds, change.rows)}`,
      ...servers.map((server) => `${server.name} ${perMillion(server.seconds(), change.rows)}`),
      `warehouse's WAL ${((bytes - walBefore.bytes) / 1e6).toFixed(0)} MB with ${images - walBefore.images} page images`,
    ].join(', '),
  );
  return {
    rows: change.rows,
    bytes: 0,
    seconds: (at - started) / 1e9,
    peakRss: Math.max(programs.peakRss, ofSink.peakRss),
    cpuSeconds,
  };
}

function stateFile({ directory }: BenchSession): string {
  return path.join(directory, 'state.json');
}

/** Source into destination, whose last acknowledged state is kept for the next. */
async function sync(
  session: BenchSession,
  name: string,
  more: readonly string[],
): Promise<{ readonly peakRss: number; readonly cpuSeconds: number }> {
  const output = path.join(session.directory, 'acknowledged.jsonl');
  const usage = await runPipeline(
    [
      { command: [...readCommand(session), ...more], measured: true },
      { command: await writeCommand(session, name), measured: true },
      { command: ['cat'], measured: false },
    ],
    { output, errors: session.errors },
  );
  const last = (await readFile(output, 'utf8')).split('\n').findLast((line) => line.startsWith('{"type":"STATE"'));
  if (last === undefined) throw Failure.system('The sync ended without an acknowledged state.');
  await writeFile(stateFile(session), JSON.stringify([(JSON.parse(last) as { readonly state: unknown }).state]));
  return usage;
}

/** What the sink landed, once more, for the upsert beside it. */
async function copyLanded({ warehouseUrl }: BenchSession): Promise<void> {
  await withClient(warehouseUrl, async (client) => {
    await createAcross(client);
    const columns = await client.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum`,
      [ACROSS],
    );
    const names = columns.rows.map(({ name }) => quoteIdentifier(name)).join(', ');
    await client.query(`insert into ${ACROSS} (${names}) select ${names} from ${LANDED}`);
    await client.query(`vacuum analyze ${ACROSS}`);
  });
}

async function upsertAcross({ sourceUrl, warehouseUrl, errors }: BenchSession, change: Change): Promise<Measurement> {
  await withClient(warehouseUrl, (client) => client.query(`create unlogged table bench.changed (like ${ACROSS})`));
  try {
    const started = process.hrtime.bigint();
    const usage = await runPipeline(
      [
        { command: copyCommand(sourceUrl, `copy (${change.sql}) to stdout`), measured: true },
        { command: copyCommand(warehouseUrl, 'copy bench.changed from stdin'), measured: true },
      ],
      { errors },
    );
    await withClient(warehouseUrl, async (client) => {
      const { rows } = await client.query<{ sets: string }>(
        `select string_agg(format('%1$I = excluded.%1$I', attname), ', ') as sets
           from pg_attribute where attrelid = $1::regclass and attnum > 1`,
        [ACROSS],
      );
      await client.query(
        `insert into ${ACROSS} select * from bench.changed order by id on conflict (id) do update set ${rows[0]?.sets ?? ''}`,
      );
    });
    return { rows: change.rows, bytes: 0, ...usage, seconds: Number(process.hrtime.bigint() - started) / 1e9 };
  } finally {
    await withClient(warehouseUrl, (client) => client.query('drop table bench.changed'));
  }
}

async function writeAheadLog(url: string): Promise<{ readonly bytes: number; readonly images: number }> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ bytes: string; images: string }>(
      'select wal_bytes::text as bytes, wal_fpi::text as images from pg_stat_wal',
    );
    return { bytes: Number(rows[0]?.bytes), images: Number(rows[0]?.images) };
  });
}
