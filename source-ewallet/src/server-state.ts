import type { Client } from 'pg';
import type { ServerIdentity } from './snapshot';

/** What tells this server's history from another's. Asked outside a transaction, as a refusal would end one. */
export async function queryServerIdentity(client: Client): Promise<ServerIdentity> {
  const system = await tryText(client, 'select system_identifier::text as value from pg_control_system()');
  const timeline = await tryText(
    client,
    `select case when pg_is_in_recovery() then null else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as value`,
  );
  const standby =
    timeline ?? (await tryText(client, 'select to_hex(timeline_id) as value from pg_control_checkpoint()'));
  const started = await tryText(client, 'select pg_postmaster_start_time()::text as value');
  return { system, started, timeline: standby === undefined ? undefined : Number.parseInt(standby, 16) };
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

/** Undefined where the role may not ask, or the answer is null. */
async function tryText(client: Client, sql: string): Promise<string | undefined> {
  try {
    const { rows } = await client.query<{ value: string | null }>(sql);
    return rows[0]?.value ?? undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === '42501' || error.code === '55000'))
      return undefined;
    throw error;
  }
}
