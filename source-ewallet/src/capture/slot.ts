import type { Client } from 'pg';
import { parseLsn, type Lsn } from './lsn';

/** A replication slot as pg_replication_slots shows it; what the server's version does not have is undefined. */
export interface Slot {
  readonly name: string;
  readonly plugin: string | undefined;
  readonly database: string | undefined;
  readonly isTemporary: boolean;
  readonly activePid: number | undefined;
  /** The oldest log that the slot keeps; undefined where it keeps none any more. */
  readonly restart: Lsn | undefined;
  /** Everything before it was confirmed: what a stream without a state begins at. */
  readonly confirmed: Lsn | undefined;
  readonly walStatus: string | undefined;
  readonly invalidationReason: string | undefined;
  /** Whether standbys have a copy of it (PostgreSQL 17), so that it survives a failover. */
  readonly isFailover: boolean;
}

export async function querySlot(client: Client, name: string): Promise<Slot | undefined> {
  // As JSON: PostgreSQL 14 to 18 have different columns.
  const { rows } = await client.query<{ slot: Readonly<Record<string, unknown>> }>(
    'select to_jsonb(s) as slot from pg_replication_slots s where slot_name = $1',
    [name],
  );
  const slot = rows[0]?.slot;
  if (slot === undefined) return undefined;
  const text = (key: string): string | undefined => {
    const value = slot[key];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    name,
    plugin: text('plugin'),
    database: text('database'),
    isTemporary: slot.temporary === true,
    activePid: typeof slot.active_pid === 'number' ? slot.active_pid : undefined,
    restart: parseLsn(text('restart_lsn') ?? ''),
    confirmed: parseLsn(text('confirmed_flush_lsn') ?? ''),
    walStatus: text('wal_status'),
    invalidationReason: text('invalidation_reason') ?? (slot.conflicting === true ? 'rows_removed' : undefined),
    isFailover: slot.failover === true,
  };
}

/** The statement that makes the slot. Standbys get a copy of it from PostgreSQL 17 on. */
export function createSlotSql(name: string, server: { readonly version: number; readonly isStandby: boolean }): string {
  const literal = `'${name}'`;
  return server.version >= 170_000 && !server.isStandby
    ? `SELECT pg_create_logical_replication_slot(${literal}, 'pgoutput', failover => true);`
    : `SELECT pg_create_logical_replication_slot(${literal}, 'pgoutput');`;
}

/** Why a slot keeps nothing for us any more; undefined where it does. */
export function whyLost(slot: Slot): string | undefined {
  const reason = slot.invalidationReason === undefined ? '' : ` (invalidation_reason ${slot.invalidationReason})`;
  if (slot.walStatus === 'lost' || slot.invalidationReason !== undefined || slot.restart === undefined) {
    return `the server invalidated replication slot ${slot.name}${reason}: ${remedies.get(slot.invalidationReason ?? '') ?? 'it no longer keeps the log that the state needs'}`;
  }
  return undefined;
}

const remedies = new Map([
  [
    'wal_removed',
    'more log was written between two syncs than max_slot_wal_keep_size allows; raise it, or sync more often',
  ],
  ['idle_timeout', 'no sync ran for longer than idle_replication_slot_timeout; raise it, or sync more often'],
  ['wal_level_insufficient', 'wal_level was lowered; set it to logical'],
  ['rows_removed', 'the standby’s primary removed rows that it needs; set hot_standby_feedback = on'],
]);
