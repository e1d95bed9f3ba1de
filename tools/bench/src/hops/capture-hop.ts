import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Trial } from '../measure/trial';
import { runPipeline } from '../measure/pipeline';
import { withClient, type BenchSession } from '../session/bench-session';
import { mustEqual, totalsOfLines } from '../session/money';
import { programPath, systemProgram } from '../session/programs';
import { lastState } from './incremental-hop';

/** An update of every transaction in one transaction of the database: streamed as Airbyte lines, beside pg_recvlogical. */
export async function captureTrial(session: BenchSession, run: number): Promise<Trial[]> {
  const { sourceUrl, totals, errors } = session;
  const receive = systemProgram('pg_recvlogical');
  if (receive === undefined) {
    session.say('captured changes are left out: pg_recvlogical, which is in postgresql-client, is not installed');
    return [];
  }
  const name = `capture${run}`;
  const limitSlot = `${name}_limit`;
  const file = path.join(session.directory, `${name}.jsonl`);
  const received = path.join(session.directory, `${name}.bin`);
  const state = path.join(session.directory, `${name}-state.json`);
  try {
    await withClient(sourceUrl, (client) => client.query(`create publication ${name} for table transactions`));
    const read = await captureCommand(session, name);
    await runPipeline(
      [
        { command: read, measured: false },
        { command: ['cat'], measured: false },
      ],
      { output: file, errors },
    );
    await writeFile(state, JSON.stringify([await lastState(file)]));
    const end = await withClient(sourceUrl, async (client) => {
      await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [limitSlot]);
      await client.query('update transactions set settled_at = settled_at');
      const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
      return rows[0]?.lsn ?? '';
    });
    const hop = await runPipeline(
      [
        { command: [...read, '--state', state], measured: true },
        { command: ['cat'], measured: false },
      ],
      { output: file, errors },
    );
    mustEqual(await totalsOfLines(file), totals, 'The streamed changes');
    const { size } = await stat(file);
    const limit = await runPipeline(
      [
        {
          command: [
            ...([receive, '--dbname', sourceUrl, '--slot', limitSlot, '--start', '--file', received] as const),
            ...['--endpos', end, '--option', 'proto_version=1', '--option', `publication_names=${name}`],
          ],
          measured: true,
        },
      ],
      { errors },
    );
    return [
      {
        hop: 'captured changes',
        limitName: 'pg_recvlogical to a file',
        target: 0.6,
        measured: {
          hop: { rows: totals.rows, bytes: size, ...hop },
          limit: { rows: totals.rows, bytes: (await stat(received)).size, ...limit },
        },
      },
    ];
  } finally {
    for (const one of [file, received]) await rm(one, { force: true });
    await withClient(sourceUrl, async (client) => {
      await client.query(`drop publication if exists ${name}`);
      await client.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = any($1)',
        [[name, limitSlot]],
      );
    });
  }
}

/** A read of the transactions by change data capture, from a slot that it makes itself. */
async function captureCommand(session: BenchSession, name: string): Promise<readonly [string, ...string[]]> {
  const { host, port, database, username, password } = session.stack.source;
  const config = path.join(session.directory, `${name}.json`);
  await writeFile(
    config,
    JSON.stringify({
      ...{ host, port, database, username, password, schemas: ['public'], ssl_mode: { mode: 'disable' } },
      ...session.overrides.source,
      replication_method: { method: 'CDC', replication_slot: name, publication: name, slot_creation: 'if_missing' },
    }),
  );
  return [programPath('source-ewallet'), 'read', '--config', config, '--catalog', session.catalog];
}
