import type { ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';
import type { TopicPartition } from '@ewallet/kafka';
import { clockSkew, withDatabase } from './database';

export interface LandedPartition extends TopicPartition {
  readonly nextOffset: number;
  /** Undefined where the sink holds it and nothing of it ever landed. */
  readonly landedAt: Date | undefined;
  /** `host/pid/…` of the process that holds it. */
  readonly owner: string;
}

export interface LandedTable {
  readonly topic: string;
  /** `public.users`, or the stream alone where the namespace is not known. */
  readonly stream: string;
  /** `raw.users`. */
  readonly table: string;
}

export interface DeadLetters {
  readonly topic: string;
  /** Those that were not replayed. */
  readonly count: number;
  readonly newestAt: Date;
}

export interface AuditedStream {
  readonly stream: string;
  readonly finishedAt: Date;
  readonly equal: boolean;
  readonly findings: number;
  readonly isPartial: boolean;
}

export interface WarehouseFacts {
  readonly clockSkewSeconds: number;
  /** The sink's tables that are there and that this role may not read. */
  readonly refused: readonly string[];
  /** Whether the sink ever made its schema here. */
  readonly hasSinkSchema: boolean;
  readonly partitions: readonly LandedPartition[];
  readonly tables: readonly LandedTable[];
  readonly deadLetters: readonly DeadLetters[];
  /** What an operator asked of the connector, and when; undefined where nobody did, which is RUNNING. */
  readonly target: { readonly state: string; readonly since: Date } | undefined;
  /** The newest audit of each stream. */
  readonly audits: readonly AuditedStream[];
}

const SINK_TABLES = ['offsets', 'tables', 'dead_letters', 'connectors', 'audits'] as const;

/** @param connector the sink's name; undefined for every connector that lands here */
export async function askWarehouse(
  connection: ConnectionConfig,
  connector: string | undefined,
  limitMs: number,
  over: AbortSignal,
): Promise<WarehouseFacts> {
  return withDatabase(connection, limitMs, over, async (client) => {
    const clockSkewSeconds = await clockSkew(client);
    const { rows } = await client.query<{ name: string; allowed: boolean }>(
      `select c.relname as name,
         has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as allowed
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'sink' and c.relname = any($1) order by c.relname`,
      [SINK_TABLES],
    );
    const readable = new Set(rows.filter(({ allowed }) => allowed).map(({ name }) => name));
    const readIf = async <T>(table: (typeof SINK_TABLES)[number], read: () => Promise<T[]>): Promise<T[]> =>
      readable.has(table) ? read() : [];
    const [target] = await readIf('connectors', () => targets(client, connector));
    return {
      clockSkewSeconds,
      refused: rows.filter(({ allowed }) => !allowed).map(({ name }) => `sink.${name}`),
      hasSinkSchema: rows.length > 0,
      partitions: await readIf('offsets', () => partitions(client, connector)),
      tables: await readIf('tables', () => tables(client, connector)),
      deadLetters: await readIf('dead_letters', () => deadLetters(client, connector)),
      target,
      audits: await readIf('audits', () => audits(client)),
    };
  });
}

async function partitions(client: Client, connector: string | undefined): Promise<LandedPartition[]> {
  const { rows } = await client.query<{
    topic: string;
    partition: number;
    next_offset: string;
    landed_at: Date | null;
    owner: string;
  }>(
    `select topic, partition, next_offset, case when records > 0 then updated_at end as landed_at, owner from sink.offsets
     where $1::text is null or connector = $1 order by topic, partition`,
    [connector],
  );
  return rows.map(({ topic, partition, next_offset: next, landed_at: landedAt, owner }) => ({
    topic,
    partition,
    nextOffset: Number(next),
    landedAt: landedAt ?? undefined,
    owner,
  }));
}

async function tables(client: Client, connector: string | undefined): Promise<LandedTable[]> {
  // Columns by name out of the whole row: a warehouse of version 0.1.0 has no namespace here.
  const { rows } = await client.query<LandedTable>(
    `select topic, coalesce(to_jsonb(t) ->> 'namespace' || '.', '') || stream as stream,
       table_schema || '.' || table_name as table
     from sink.tables t where $1::text is null or connector = $1 order by topic`,
    [connector],
  );
  return rows;
}

async function deadLetters(client: Client, connector: string | undefined): Promise<DeadLetters[]> {
  const { rows } = await client.query<{ topic: string; count: string; newest_at: Date }>(
    `select topic, count(*) as count, max(failed_at) as newest_at from sink.dead_letters
     where replayed_at is null and ($1::text is null or connector = $1) group by topic order by topic`,
    [connector],
  );
  return rows.map(({ topic, count, newest_at: newestAt }) => ({ topic, count: Number(count), newestAt }));
}

async function targets(
  client: Client,
  connector: string | undefined,
): Promise<{ readonly state: string; readonly since: Date }[]> {
  const { rows } = await client.query<{ state: string; since: Date }>(
    `select target_state as state, updated_at as since from sink.connectors
     where $1::text is null or connector = $1 order by target_state <> 'RUNNING' desc, connector limit 1`,
    [connector],
  );
  return rows;
}

async function audits(client: Client): Promise<AuditedStream[]> {
  const { rows } = await client.query<{
    stream: string;
    finished_at: Date;
    equal: boolean;
    findings: string;
    partial: boolean;
  }>(
    `select distinct on (stream) stream, finished_at, equal, missing + extra + different as findings,
       keys_only or sample_percent is not null as partial
     from sink.audits order by stream, finished_at desc`,
  );
  return rows.map(({ stream, finished_at: finishedAt, equal, findings, partial }) => ({
    stream,
    finishedAt,
    equal,
    findings: Number(findings),
    isPartial: partial,
  }));
}
