import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import type { ConnectorLog } from '@ewallet/airbyte';
import { quoteIdentifier, quoteQualified, streamName } from '@ewallet/postgres';
import { findCaptureProblems, findCaptureWarnings, queryCaptureFacts } from './capture/capture-check';
import { defaultCursor, hasLosslessVersions } from './tables/stream-catalog';
import type { SourceConfig } from './config/source-config';
import type { Table } from './tables/table';

export interface ServerFacts {
  readonly version: number;
  readonly encoding: string;
  readonly isStandby: boolean;
  readonly hotStandbyFeedback: string;
  readonly maxStandbyStreamingDelay: string;
  /** Seconds the oldest writing transaction has been open, as far as the role may see others' sessions; 0 for none. */
  readonly oldestTransaction: number;
  /** Transactions begun since the oldest open one: every role sees that. */
  readonly transactionsSince: number;
  readonly schemas: readonly { readonly name: string; readonly isUsable: boolean }[];
}

/** What of the configuration would make a sync fail. Each sentence names the remedy. */
function findProblems(config: SourceConfig, server: ServerFacts, tables: readonly Table[]): readonly string[] {
  const role = quoteIdentifier(config.connection.username);
  const problems: string[] = [];
  if (server.version < 140_000) {
    problems.push(`The server is PostgreSQL ${Math.floor(server.version / 10_000)}: 14 or later is needed.`);
  }
  for (const name of config.schemas) {
    const problem = schemaProblem(config, server.schemas, name);
    if (problem !== undefined) {
      problems.push(problem);
    } else if (!tables.some((table) => table.schema === name)) {
      problems.push(`Schema ${name} has no tables: correct \`schemas\`.`);
    } else {
      const refused = tables.filter((table) => table.schema === name && table.unreadable === 'no privilege');
      if (refused.length > 0 && refused.length === tables.filter((table) => table.schema === name).length) {
        problems.push(
          `No table of schema ${name} may be read: GRANT SELECT ON ALL TABLES IN SCHEMA ${quoteIdentifier(name)} TO ${role};`,
        );
      }
    }
  }
  return problems;
}

/** Why no table of a schema can be seen; undefined where they can. */
function schemaProblem(config: SourceConfig, schemas: ServerFacts['schemas'], name: string): string | undefined {
  const schema = schemas.find((one) => one.name === name);
  if (schema === undefined) {
    return `There is no schema ${name} in database ${config.connection.database}: correct \`schemas\`.`;
  }
  if (schema.isUsable) return undefined;
  const role = quoteIdentifier(config.connection.username);
  return `Schema ${name} may not be used: GRANT USAGE ON SCHEMA ${quoteIdentifier(name)} TO ${role};`;
}

/** @throws Failure where a schema's tables would be missing from the catalogue without a word */
export async function checkSchemas(client: Client, config: SourceConfig): Promise<void> {
  const schemas = await querySchemas(client, config.schemas);
  const problems = config.schemas.flatMap((name) => schemaProblem(config, schemas, name) ?? []);
  if (problems.length > 0) throw Failure.config(problems.join(' '));
}

/** What lets a sync succeed and is still worth knowing. */
export function findWarnings(config: SourceConfig, server: ServerFacts, tables: readonly Table[]): readonly string[] {
  const warnings = [...leftOutTables(config, tables)];
  if (server.encoding === 'SQL_ASCII') {
    warnings.push(
      'The database’s encoding is SQL_ASCII: texts that are not UTF-8 will be refused by whoever reads them.',
    );
  }
  if (server.isStandby && server.hotStandbyFeedback === 'off' && server.maxStandbyStreamingDelay !== '-1') {
    warnings.push(
      `The server is a standby that cancels reads after max_standby_streaming_delay = ${server.maxStandbyStreamingDelay}: ` +
        'set hot_standby_feedback = on there, or raise it above the longest sync.',
    );
  }
  if (server.oldestTransaction > 3600 || server.transactionsSince > 100_000) {
    const since =
      server.oldestTransaction > 3600
        ? `for ${Math.round(server.oldestTransaction / 60)} minutes`
        : `while ${server.transactionsSince} others began`;
    warnings.push(
      `A transaction has been open ${since}: until it ends each state grows with the transactions after it. ` +
        'See pg_stat_activity and pg_prepared_xacts (GRANT pg_read_all_stats to see the sessions of others).',
    );
  }
  for (const table of tables.filter((one) => one.unreadable === undefined && hasLosslessVersions(one))) {
    const cursor = defaultCursor(table);
    if (
      cursor !== undefined &&
      !cursor.isIndexed &&
      config.method.kind !== 'lossless' &&
      config.method.kind !== 'cdc'
    ) {
      warnings.push(
        `Cursor ${cursor.name} of ${streamName(table)} has no index, so each sync reads the whole table: ` +
          `CREATE INDEX ON ${quoteQualified(table.schema, table.name)} (${quoteIdentifier(cursor.name)});`,
      );
    }
  }
  return warnings;
}

/** Tables that no catalogue offers, each with what would bring it in. */
export function leftOutTables(config: SourceConfig, tables: readonly Table[]): readonly string[] {
  const role = quoteIdentifier(config.connection.username);
  return tables.flatMap((table) => leftOut(table, role) ?? []);
}

function leftOut(table: Table, role: string): string | undefined {
  const name = `Table ${streamName(table)} is left out`;
  switch (table.unreadable) {
    case undefined:
    case 'dropped meanwhile':
      return undefined;
    case 'no privilege':
      return `${name}: GRANT SELECT ON ${quoteQualified(table.schema, table.name)} TO ${role};`;
    case 'unlogged on a standby':
      return `${name}: a standby has no rows of unlogged tables. Connect to the primary to read it.`;
  }
}

/** Asks the server, logs the warnings, throws the problems as one text. */
export async function checkServer(
  client: Client,
  config: SourceConfig,
  tables: readonly Table[],
  log: ConnectorLog,
): Promise<void> {
  const server = await queryServerFacts(client, config.schemas);
  for (const warning of findWarnings(config, server, tables)) await log.warn(warning);
  const problems = [...findProblems(config, server, tables)];
  if (config.method.kind === 'cdc') {
    const { capture } = config.method;
    const facts = await queryCaptureFacts(client, capture, tables);
    for (const warning of findCaptureWarnings(capture, facts)) await log.warn(warning);
    problems.push(...findCaptureProblems(config, capture, facts));
  }
  if (problems.length > 0) throw Failure.config(problems.join(' '));
}

/** @param schemas those of the configuration */
export async function queryServerFacts(client: Client, schemas: readonly string[]): Promise<ServerFacts> {
  const { rows } = await client.query<Omit<ServerFacts, 'schemas'>>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
       pg_is_in_recovery() as "isStandby", current_setting('hot_standby_feedback') as "hotStandbyFeedback",
       current_setting('max_standby_streaming_delay') as "maxStandbyStreamingDelay",
       greatest(
         coalesce((select extract(epoch from now() - min(xact_start)) from pg_stat_activity
           where backend_xid is not null and pid <> pg_backend_pid()), 0),
         coalesce((select extract(epoch from now() - min(prepared)) from pg_prepared_xacts), 0))::float8 as "oldestTransaction",
       (select pg_snapshot_xmax(s)::text::numeric - pg_snapshot_xmin(s)::text::numeric
         from pg_current_snapshot() s)::float8 as "transactionsSince"`,
  );
  const [facts] = rows;
  if (facts === undefined) throw Failure.system('The server did not answer about itself.');
  return { ...facts, schemas: await querySchemas(client, schemas) };
}

async function querySchemas(client: Client, schemas: readonly string[]): Promise<ServerFacts['schemas']> {
  const { rows } = await client.query<{ name: string; isUsable: boolean }>(
    `select nspname as name, has_schema_privilege(oid, 'USAGE') as "isUsable" from pg_namespace where nspname = any($1)`,
    [schemas],
  );
  return rows;
}
