import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import { sqlStateOf, parseLsn, type Lsn } from '@ewallet/postgres';

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
  /** Whether it is a standby's copy of such a slot, which nobody reads from until the standby is promoted. */
  readonly isSynced: boolean;
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
    isSynced: slot.synced === true,
  };
}

/** The statement that makes the slot. Standbys get a copy of it from PostgreSQL 17 on. */
export function createSlotSql(name: string, server: SlotServer): string {
  const literal = `'${name}'`;
  return server.version >= 170_000 && !server.isStandby
    ? `SELECT pg_create_logical_replication_slot(${literal}, 'pgoutput', failover => true);`
    : `SELECT pg_create_logical_replication_slot(${literal}, 'pgoutput');`;
}

interface SlotServer {
  readonly version: number;
  readonly isStandby: boolean;
}

/** Seconds for which a server may wait, while it creates a slot, for transactions to end or for its primary to name them. */
const CREATION = { primary: 600, standby: 60 };

/**
 * Creates the slot. The server waits for the transactions that run; a standby waits for its primary to log which ones do.
 *
 * @throws Failure where the server waited too long
 */
export async function createSlot(client: Client, name: string, server: SlotServer): Promise<void> {
  const seconds = server.isStandby ? CREATION.standby : CREATION.primary;
  const { rows } = await client.query<{ before: string }>(
    `select current_setting('statement_timeout') as before, set_config('statement_timeout', $1, false)`,
    [`${seconds}s`],
  );
  try {
    await client.query(createSlotSql(name, server));
  } catch (error) {
    if (sqlStateOf(error) !== '57014') throw error;
    throw Failure.transient(
      server.isStandby
        ? `Replication slot ${name} could not be created within ${seconds} s: the standby waits for its primary to log which transactions run. ` +
            'While a sync creates it, run SELECT pg_log_standby_snapshot(); on the primary.'
        : `Replication slot ${name} could not be created within ${seconds} s: the server waits for every transaction that runs. ` +
            'End those that pg_stat_activity shows as idle in transaction, and those of pg_prepared_xacts.',
      { cause: error },
    );
  } finally {
    await client.query(`select set_config('statement_timeout', $1, false)`, [rows[0]?.before ?? '0']);
  }
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
