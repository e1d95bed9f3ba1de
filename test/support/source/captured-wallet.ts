import type { PostgresConnection } from '@ewallet/local-stack';
import type { Client } from 'pg';
import { sourceConfig } from '../configurations';
import { connectedTo, freshDatabase } from '../fresh-database';
import { uniqueName } from '../unique-name';
import {
  configuredCatalog,
  runWalletSource,
  type ConfiguredCatalog,
  type Message,
  type RunOptions,
  type RunResult,
} from './wallet-source';

/** A GLOBAL state as this source writes it. */
export interface GlobalState {
  readonly type: 'GLOBAL';
  readonly global: {
    readonly shared_state: { readonly lsn: string; readonly slot: string };
    readonly stream_states: readonly {
      readonly stream_descriptor: { readonly name: string };
      readonly stream_state: Record<string, unknown>;
    }[];
  };
  readonly sourceStats: { readonly recordCount: number };
}

/** A database with a publication and a slot name of its own. */
export interface CapturedWallet {
  readonly admin: Client;
  /** After a restart of the server. */
  reconnect(): Promise<void>;
  readonly slot: string;
  readonly database: PostgresConnection;
  config(more?: Record<string, unknown>): Record<string, unknown>;
  catalog(names?: readonly string[], more?: Record<string, unknown>): Promise<ConfiguredCatalog>;
  close(): Promise<void>;
}

/** Of a source that captures publication `wallet` by a slot of that name, which it makes. @param more of its method */
export function captureConfig(server: PostgresConnection, more: Record<string, unknown> = {}): Record<string, unknown> {
  return sourceConfig(server, {
    replication_method: {
      method: 'CDC',
      replication_slot: 'wallet',
      publication: 'wallet',
      slot_creation: 'if_missing',
      ...more,
    },
  });
}

export async function capturedWallet(server: PostgresConnection, tables: string): Promise<CapturedWallet> {
  const database = await freshDatabase(server, 'capture');
  const slot = uniqueName('capture').replace(/[^a-z0-9_]/g, '_');
  let admin = await connectedTo(database);
  await admin.query(tables);
  await admin.query('create publication wallet for all tables with (publish_via_partition_root = true)');
  const config = (more: Record<string, unknown> = {}): Record<string, unknown> =>
    captureConfig(database, { replication_slot: slot, ...more });
  return {
    get admin() {
      return admin;
    },
    async reconnect() {
      admin = await connectedTo(database);
    },
    slot,
    database,
    config,
    async catalog(names, more = {}) {
      const { streams } = await configuredCatalog(config(more), 'incremental', names);
      return { streams };
    },
    async close() {
      await admin.query(
        `select pg_terminate_backend(active_pid) from pg_replication_slots where database = current_database() and active`,
      );
      for (let attempt = 0; ; attempt += 1) {
        try {
          await admin.query(
            'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()',
          );
          break;
        } catch (error) {
          if (attempt > 50) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      await admin.end();
      await database.drop();
    },
  };
}

/** Runs one sync and gives the state to keep: what the last STATE said. */
export async function capture(
  config: unknown,
  catalog: ConfiguredCatalog,
  state: GlobalState | undefined,
  options: Omit<RunOptions, 'state'> = {},
): Promise<RunResult & { readonly state: GlobalState | undefined; readonly kept: readonly Message[] }> {
  const result = await runWalletSource('read', config, catalog, {
    ...options,
    ...(state === undefined ? {} : { state: [state] }),
  });
  const at = result.messages.findLastIndex(({ type }) => type === 'STATE');
  const last = result.messages[at]?.state as GlobalState | undefined;
  return { ...result, state: last ?? state, kept: result.messages.slice(0, at + 1) };
}

export interface CapturedRow {
  readonly stream: string;
  readonly data: Record<string, unknown>;
  readonly meta?: unknown;
}

/** Records under acknowledged states: what a destination that commits at states has. */
export function changes(result: { readonly kept: readonly Message[] }, stream?: string): readonly CapturedRow[] {
  return result.kept.flatMap(({ record }) =>
    record === undefined || (stream !== undefined && record.stream !== stream)
      ? []
      : [{ stream: record.stream, data: record.data, ...(record.meta === undefined ? {} : { meta: record.meta }) }],
  );
}

export function errorOf(result: RunResult): Record<string, unknown> | undefined {
  return result.messages.find(({ trace }) => trace?.error !== undefined)?.trace?.error;
}
