import type { Client } from 'pg';
import { fullXid, parseLsn, sqlStateOf, type Lsn } from '@ewallet/postgres';
import type { ServerIdentity } from '../position/snapshot';

/** What tells this server's history from another's. Asked in the transaction that reads: behind a pooler the next one may be another server's. */
export async function queryServerIdentity(client: Client): Promise<ServerIdentity> {
  const system = await tryText(client, 'select system_identifier::text as value from pg_control_system()');
  const timeline = await tryText(
    client,
    `select case when pg_is_in_recovery() then null else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as value`,
  );
  const standby =
    timeline ?? (await tryText(client, 'select to_hex(timeline_id) as value from pg_control_checkpoint()'));
  const started = await tryText(client, 'select pg_postmaster_start_time()::text as value');
  const database = await tryText(
    client,
    'select oid::text as value from pg_database where datname = current_database()',
  );
  const version = await tryText(client, `select current_setting('server_version_num') as value`);
  return {
    system,
    database,
    version: version === undefined ? undefined : Math.floor(Number(version) / 10_000),
    started,
    timeline: standby === undefined ? undefined : Number.parseInt(standby, 16),
  };
}

/** Asked after the snapshot was taken: nothing that it sees was written behind `end`. */
export async function queryLogPlaces(client: Client): Promise<{ end: Lsn | undefined; replayed: Lsn | undefined }> {
  const { rows } = await client.query<{ end: string | null; replayed: string | null }>(
    `select (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end)::text as end,
       pg_last_wal_replay_lsn()::text as replayed`,
  );
  return { end: parseLsn(rows[0]?.end ?? ''), replayed: parseLsn(rows[0]?.replayed ?? '') };
}

/**
 * pg_upgrade leaves the old cluster's next transaction as the age of template0, which nobody connects to: it stays until a
 * vacuum against wraparound. Of a cluster that initdb made it is the age of its own beginning.
 */
export async function queryUpgradePlace(client: Client, next: bigint): Promise<bigint | undefined> {
  const { rows } = await client.query<{ xid: string }>(
    `select datfrozenxid::text as xid from pg_database where datname = 'template0'`,
  );
  const [row] = rows;
  return row === undefined ? undefined : fullXid(BigInt(row.xid), next);
}

/** The bounds of the current transaction's snapshot, as 64-bit transaction ids. */
export async function querySnapshotBounds(client: Client): Promise<{ below: bigint; next: bigint }> {
  const { rows } = await client.query<{ below: string; next: string }>(
    `select pg_snapshot_xmin(s)::text as below, pg_snapshot_xmax(s)::text as next from pg_current_snapshot() s`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no snapshot');
  return { below: BigInt(row.below), next: BigInt(row.next) };
}

/** Undefined where the role may not ask, or the answer is null. The transaction continues after a refusal. */
async function tryText(client: Client, sql: string): Promise<string | undefined> {
  await client.query('savepoint asked');
  try {
    const { rows } = await client.query<{ value: string | null }>(sql);
    return rows[0]?.value ?? undefined;
  } catch (error) {
    if (sqlStateOf(error) !== '42501' && sqlStateOf(error) !== '55000') throw error;
    await client.query('rollback to savepoint asked');
    return undefined;
  } finally {
    // Where the transaction is broken this fails as everything would, and what broke it is thrown.
    await client.query('release savepoint asked').catch(() => undefined);
  }
}
