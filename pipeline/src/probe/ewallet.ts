import { withTunnel } from '@ewallet/postgres';
import type { Client } from 'pg';
import type { EwalletConfig } from '../config/parts';
import { clockSkew, withDatabase } from './database';

export interface SlotFacts {
  readonly name: string;
  readonly isActive: boolean;
  /** PostgreSQL's `wal_status`: reserved, extended, unreserved, lost. */
  readonly walStatus: string | null;
  /** Bytes of WAL that the server keeps for the slot. */
  readonly retainedBytes: number;
}

export interface EwalletFacts {
  readonly isStandby: boolean;
  /** Seconds; undefined where `track_commit_timestamp` is off. Of a standby: since the last transaction it replayed. */
  readonly lastCommitSeconds: number | undefined;
  /** Seconds of the oldest open transaction that this role may see; 0 where none is open. */
  readonly oldestTransactionSeconds: number;
  /** Sessions whose state this role may not see. */
  readonly hiddenSessions: number;
  readonly slots: readonly SlotFacts[];
  /** Seconds that its clock is before ours. */
  readonly clockSkewSeconds: number;
}

/** @see https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW */
export async function askEwallet(config: EwalletConfig, limitMs: number, over: AbortSignal): Promise<EwalletFacts> {
  return withTunnel(config.tunnel, config.connection, limitMs / 1_000, (connection) =>
    withDatabase(connection, limitMs, over, async (client) => {
      const clockSkewSeconds = await clockSkew(client);
      const { rows } = await client.query<{
        standby: boolean;
        tracked: boolean;
        oldest: string | null;
        hidden: string;
      }>(
        `select pg_is_in_recovery() as standby,
         current_setting('track_commit_timestamp')::boolean as tracked,
         (select extract(epoch from clock_timestamp() - min(xact_start)) from pg_stat_activity
           where backend_type = 'client backend' and pid <> pg_backend_pid()) as oldest,
         (select count(*) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and state is null
             and coalesce(backend_type, 'client backend') = 'client backend') as hidden`,
      );
      const isStandby = rows[0]?.standby ?? false;
      return {
        isStandby,
        lastCommitSeconds: await lastCommit(client, isStandby, rows[0]?.tracked ?? false),
        oldestTransactionSeconds: Number(rows[0]?.oldest ?? 0),
        hiddenSessions: Number(rows[0]?.hidden ?? 0),
        slots: await slots(client, isStandby),
        clockSkewSeconds,
      };
    }),
  );
}

async function lastCommit(client: Client, isStandby: boolean, isTracked: boolean): Promise<number | undefined> {
  if (!isStandby && !isTracked) return undefined;
  const at = isStandby ? 'pg_last_xact_replay_timestamp()' : '(select timestamp from pg_last_committed_xact())';
  const { rows } = await client.query<{ seconds: string | null }>(
    `select extract(epoch from clock_timestamp() - ${at}) as seconds`,
  );
  const seconds = rows[0]?.seconds ?? undefined;
  return seconds === undefined ? undefined : Math.max(0, Number(seconds));
}

/** Logical slots of this database, the source's own among them. */
async function slots(client: Client, isStandby: boolean): Promise<SlotFacts[]> {
  const position = isStandby ? 'pg_last_wal_replay_lsn()' : 'pg_current_wal_lsn()';
  const { rows } = await client.query<{ name: string; active: boolean; wal_status: string | null; retained: string }>(
    `select slot_name as name, active, wal_status,
       coalesce(greatest(pg_wal_lsn_diff(${position}, restart_lsn), 0), 0) as retained
     from pg_replication_slots where slot_type = 'logical' and database = current_database() order by slot_name`,
  );
  return rows.map(({ name, active, wal_status: walStatus, retained }) => ({
    name,
    isActive: active,
    walStatus,
    retainedBytes: Number(retained),
  }));
}
