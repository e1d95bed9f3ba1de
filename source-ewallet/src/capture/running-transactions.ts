import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import type { Lsn } from '@ewallet/postgres';
import { queryFlushedPast, queryWritten } from './server-place';
import { steadyNow } from './steady-clock';

/** A place in the log behind all that is committed now, and where a stream is once nothing from before that place is left. */
export interface SettledPlace {
  readonly place: Lsn;
  readonly passed: Lsn;
}

/** How long a first copy waits for transactions that run at its start; as long as the longest ones that a wallet should have. */
const LONGEST_WAIT = 600_000;
/** Milliseconds after which the log says who keeps it waiting. */
const SILENT_WAIT = 5_000;

/**
 * Waits until every transaction that runs now has ended. A commit is in the log a moment before it is visible: one that lies
 * before the slot's first place is not streamed, and a snapshot taken in that moment would not see it either. PostgreSQL
 * waits in the same way when it creates a slot.
 *
 * @throws Failure naming who keeps it waiting
 */
export async function awaitRunningTransactions(
  client: Client,
  signal: AbortSignal,
  say: (text: string) => Promise<void>,
): Promise<void> {
  const bounds = async (): Promise<{ below: bigint; next: bigint }> => {
    const { rows } = await client.query<{ below: string; next: string }>(
      'select pg_snapshot_xmin(s)::text as below, pg_snapshot_xmax(s)::text as next from pg_current_snapshot() s',
    );
    return { below: BigInt(rows[0]?.below ?? '0'), next: BigInt(rows[0]?.next ?? '0') };
  };
  const { next } = await bounds();
  const started = steadyNow();
  let isSaid = false;
  for (let pause = 10; !signal.aborted; pause = Math.min(pause * 2, 500)) {
    const { below } = await bounds();
    if (below >= next) return;
    const waited = steadyNow() - started;
    if (waited > LONGEST_WAIT) throw stillRunning(await queryWho(client));
    if (waited > SILENT_WAIT && !isSaid) {
      isSaid = true;
      await say(`A copy waits for transactions that were running when it began: ${await queryWho(client)}.`);
    }
    await sleep(pause);
  }
}

/** Milliseconds that the server may take to write what was committed without waiting for the disk. */
const FLUSH = 1_000;

/**
 * Every change before `place` is of a transaction that has ended by now, and was streamed once the stream is past `passed`:
 * a row copied then is newer than what was streamed, and older than what will be.
 */
export async function settledPlace(
  client: Client,
  signal: AbortSignal,
  say: (text: string) => Promise<void>,
): Promise<SettledPlace> {
  const place = await queryWritten(client);
  await awaitRunningTransactions(client, signal, say);
  return { place, passed: await queryFlushedPast(client, place, FLUSH) };
}

async function queryWho(client: Client): Promise<string> {
  const { rows } = await client.query<{ who: string }>(
    `(select format('process %s (%s, since %s)', pid, application_name, xact_start) as who from pg_stat_activity
        where backend_xid is not null order by xact_start limit 3)
     union all
     (select format('prepared transaction %s (since %s)', gid, prepared) from pg_prepared_xacts order by prepared limit 3)`,
  );
  return rows.length === 0 ? 'none that this role can see' : rows.map(({ who }) => who).join(', ');
}

function stillRunning(who: string): Failure {
  return Failure.transient(
    `A copy waited ${LONGEST_WAIT / 60_000} minutes for transactions that were running when it began: ${who}. End them, then sync again.`,
  );
}
