import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Measurement } from '../measure/measurement';
import { runPipeline } from '../measure/pipeline';
import type { Trial } from '../measure/trial';
import { readCommand, transactionsOnly, withClient, type BenchSession } from '../session/bench-session';
import { mustEqual, totalsOfLines } from '../session/money';
import { systemProgram } from '../session/programs';
import { flowOfChanges } from './captured-flow';
import { lastState } from './incremental-hop';

/**
 * The first copy of a captured table beside a full refresh; then an update of every transaction in one transaction of the
 * database: streamed as Airbyte lines, beside pg_recvlogical, and through Kafka into the warehouse.
 */
export async function captureTrial(session: BenchSession, run: number): Promise<Trial[]> {
  const { sourceUrl, totals } = session;
  const receive = systemProgram('pg_recvlogical');
  if (receive === undefined) {
    session.say('captured changes are left out: pg_recvlogical, which is in postgresql-client, is not installed');
    return [];
  }
  const name = `capture${run}`;
  const limitSlot = `${name}_limit`;
  const inDirectory = (ending: string): string => path.join(session.directory, `${name}${ending}`);
  const files = {
    copied: inDirectory('-copied.jsonl'),
    streamed: inDirectory('.jsonl'),
    received: inDirectory('.bin'),
  };
  const state = inDirectory('-state.json');
  try {
    await withClient(sourceUrl, (client) => client.query(`create publication ${name} for table transactions`));
    const refresh = await measure(session, readCommand(session), files.streamed);
    const { captured, read } = await capturing(session, name);
    const copy = await measure(session, read, files.copied);
    await writeFile(state, JSON.stringify([await lastState(files.copied)]));
    const end = await updateAll(session, limitSlot);
    // The slot keeps what follows this state until a read begins with a later one: the flow reads the same changes again.
    const changes = [...read, '--state', state] as const;
    const streamed = await measure(session, changes, files.streamed);
    mustEqual(await totalsOfLines(files.streamed), totals, 'The streamed changes');
    const received = await receiveTo(session, receive, {
      slot: limitSlot,
      publication: name,
      end,
      file: files.received,
    });
    const flow = await flowOfChanges(captured, { name: `${name}-flow`, copied: files.copied, read: changes });
    return [
      {
        hop: 'first copy, captured',
        limitName: 'full refresh',
        target: 0.95,
        measured: { hop: copy, limit: refresh },
      },
      {
        hop: 'captured changes',
        limitName: 'pg_recvlogical to a file',
        target: 0.6,
        measured: { hop: streamed, limit: received },
      },
      {
        hop: 'whole flow of captured changes',
        limitName: 'pg_recvlogical to a file',
        target: undefined,
        measured: { hop: flow, limit: received },
      },
    ];
  } finally {
    for (const one of Object.values(files)) await rm(one, { force: true });
    await withClient(sourceUrl, async (client) => {
      await client.query(`drop publication if exists ${name}`);
      await client.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = any($1)',
        [[name, limitSlot]],
      );
    });
  }
}

/** From start to exit, into a file. */
async function measure(
  { totals, errors }: BenchSession,
  command: readonly [string, ...string[]],
  file: string,
): Promise<Measurement> {
  const usage = await runPipeline(
    [
      { command, measured: true },
      { command: ['cat'], measured: false },
    ],
    { output: file, errors },
  );
  return { rows: totals.rows, bytes: (await stat(file)).size, ...usage };
}

/** @returns the position behind the changes, which a slot of this name is made for */
async function updateAll({ sourceUrl }: BenchSession, slot: string): Promise<string> {
  return withClient(sourceUrl, async (client) => {
    await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    await client.query('update transactions set settled_at = settled_at');
    const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
    return rows[0]?.lsn ?? '';
  });
}

async function receiveTo(
  { sourceUrl, totals, errors }: BenchSession,
  program: string,
  from: { readonly slot: string; readonly publication: string; readonly end: string; readonly file: string },
): Promise<Measurement> {
  const usage = await runPipeline(
    [
      {
        command: [
          ...([program, '--dbname', sourceUrl, '--slot', from.slot, '--start', '--file', from.file] as const),
          ...['--endpos', from.end, '--option', 'proto_version=1', '--option', `publication_names=${from.publication}`],
        ],
        measured: true,
      },
    ],
    { errors },
  );
  return { rows: totals.rows, bytes: (await stat(from.file)).size, ...usage };
}

/** The session by change data capture, with the catalogue that it discovers, and a read that makes its slot itself. */
async function capturing(
  session: BenchSession,
  name: string,
): Promise<{ readonly captured: BenchSession; readonly read: readonly [string, ...string[]] }> {
  const { host, port, database, username, password } = session.stack.source;
  const sourceConfig = path.join(session.directory, `${name}.json`);
  const catalog = path.join(session.directory, `${name}-catalog.json`);
  await writeFile(
    sourceConfig,
    JSON.stringify({
      ...{ host, port, database, username, password, schemas: ['public'], ssl_mode: { mode: 'disable' } },
      ...session.overrides.source,
      replication_method: { method: 'CDC', replication_slot: name, publication: name, slot_creation: 'if_missing' },
    }),
  );
  await writeFile(catalog, JSON.stringify(await transactionsOnly(sourceConfig)));
  const captured = { ...session, sourceConfig, catalog };
  return { captured, read: readCommand(captured) };
}
