import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import { parseLsn, type Lsn } from '@ewallet/postgres';
import { steadyNow } from './steady-clock';

const BETWEEN_LOOKS = 20;

/** What a sync by change data capture asks of the server once. */
export interface CaptureServer {
  readonly version: number;
  readonly isStandby: boolean;
  readonly walLevel: string;
  /** Milliseconds; 0: the server never gives up a silent client. */
  readonly walSenderTimeout: number;
  readonly database: string;
  /** Whether the role has the REPLICATION attribute, or is a superuser. */
  readonly mayReplicate: boolean;
}

export async function queryCaptureServer(client: Client): Promise<CaptureServer> {
  const { rows } = await client.query<CaptureServer>(
    `select current_setting('server_version_num')::int as version, pg_is_in_recovery() as "isStandby",
       current_setting('wal_level') as "walLevel", current_database() as database,
       (select setting::float8 from pg_settings where name = 'wal_sender_timeout') as "walSenderTimeout",
       (select rolreplication or rolsuper from pg_roles where rolname = current_user) as "mayReplicate"`,
  );
  const [row] = rows;
  if (row === undefined) throw Failure.system('The server did not answer about itself.');
  return row;
}

/** The end of what is on disk: everything that was committed to a client lies before it. */
export async function queryFlushed(client: Client): Promise<Lsn> {
  return queryLsn(
    client,
    'case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end',
  );
}

/**
 * The end of what is on disk, once it is past `place`; after so many milliseconds as it is: what was written and not committed
 * waits in memory for the next commit.
 */
export async function queryFlushedPast(client: Client, place: Lsn, patience: number): Promise<Lsn> {
  const deadline = steadyNow() + patience;
  let flushed = await queryFlushed(client);
  while (flushed < place && steadyNow() < deadline) {
    await sleep(BETWEEN_LOOKS);
    flushed = await queryFlushed(client);
  }
  return flushed;
}

/** A place behind the commits of every transaction that is visible now: the end of the log, on disk or not. */
export async function queryWritten(client: Client): Promise<Lsn> {
  return queryLsn(
    client,
    // On a standby a commit can be seen a moment before its place counts as replayed, but not before it was received.
    'case when pg_is_in_recovery() then greatest(pg_last_wal_replay_lsn(), pg_last_wal_receive_lsn()) else pg_current_wal_insert_lsn() end',
  );
}

/** The end of what is on disk, and the server's clock in microseconds since 2000. */
export async function queryFlushedAt(client: Client): Promise<{ readonly flushed: Lsn; readonly clock: bigint }> {
  const flushed = await queryFlushed(client);
  const { rows } = await client.query<{ clock: string }>(
    `select (extract(epoch from clock_timestamp() - timestamptz '2000-01-01 00:00+00') * 1000000)::int8::text as clock`,
  );
  return { flushed, clock: BigInt(rows[0]?.clock ?? '0') };
}

async function queryLsn(client: Client, expression: string): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string }>(`select (${expression})::text as lsn`);
  const lsn = parseLsn(rows[0]?.lsn ?? '');
  if (lsn === undefined) throw Failure.system('The server did not say where its log ends.');
  return lsn;
}
