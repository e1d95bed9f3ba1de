import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import { steadyNow } from './steady-clock';

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
      await say(`The first copy waits for transactions that were running when it began: ${await queryWho(client)}.`);
    }
    await sleep(pause);
  }
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
    `The first copy waited ${LONGEST_WAIT / 60_000} minutes for transactions that were running when it began: ${who}. End them, then sync again.`,
  );
}
