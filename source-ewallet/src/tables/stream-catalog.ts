import type { CatalogStream, JsonObject } from '@ewallet/airbyte';
import { SyncMode } from '@ewallet/airbyte';
import { propertySchema } from './json-schema';
import type { ReplicationMethod } from '../config/source-config';
import type { Column, Table } from './table';

/** What wallets call the time of a row's last change, best first; then the time of its making. */
const cursorNames = [
  'updated_at',
  'modified_at',
  'last_updated_at',
  'last_modified_at',
  'updated_on',
  'modified_on',
  'occurred_at',
  'event_time',
  'created_at',
  'inserted_at',
  'created_on',
  'timestamp',
];

/** The streams of readable tables, as `discover` offers them. */
export function streamCatalog(tables: readonly Table[], method: ReplicationMethod): readonly CatalogStream[] {
  return tables.filter((table) => table.unreadable === undefined).map((table) => toStream(table, method));
}

function toStream(table: Table, method: ReplicationMethod): CatalogStream {
  const cursor = defaultCursor(table);
  const modes = safeSyncModes(table, method);
  return {
    name: table.name,
    namespace: table.schema,
    json_schema: jsonSchema(table.columns),
    supported_sync_modes: [...modes],
    // Row versions say what is new; a cursor column gives the position shown to people and the way back.
    source_defined_cursor: table.hasRowVersions && method.kind === 'lossless' && modes.includes(SyncMode.INCREMENTAL),
    ...(cursor === undefined ? {} : { default_cursor_field: [cursor.name] }),
    ...(table.primaryKey.length === 0 ? {} : { source_defined_primary_key: table.primaryKey.map((name) => [name]) }),
    is_resumable: isResumable(table),
  };
}

/** Incremental is offered where it is lossless; where it cannot be, only to a user who chose the plain cursor. */
function safeSyncModes(table: Table, method: ReplicationMethod): readonly SyncMode[] {
  return whyNotIncremental(table, method) === undefined
    ? [SyncMode.FULL_REFRESH, SyncMode.INCREMENTAL]
    : [SyncMode.FULL_REFRESH];
}

/** Why a table cannot be read incrementally by a method, and what to do; undefined where it can. */
export function whyNotIncremental(table: Table, method: ReplicationMethod): string | undefined {
  if (method.kind !== 'lossless' && cursorCandidates(table).length === 0) {
    return `has no column that can be a cursor (a time, a date or a whole number): sync it as full refresh${
      hasLosslessVersions(table) ? ', or choose replication_method Lossless' : ''
    }.`;
  }
  if (method.kind === 'cursor' || hasLosslessVersions(table)) return undefined;
  const instead = 'sync it as full refresh, or choose replication_method Cursor and accept its losses.';
  switch (table.kind) {
    case 'view':
    case 'foreign table':
      return `is a ${table.kind}, whose rows show no versions: ${instead}`;
    case 'materialized view':
      return `is a materialized view, whose rows are all new after each REFRESH: ${instead}`;
    case 'table':
    case 'partitioned table':
      return (
        'has rows whose versions cannot be seen (columns or partitions without SELECT for the role, foreign partitions, ' +
        `another storage than heap): GRANT SELECT on all of it, or ${instead}`
      );
  }
}

/** A materialised view has row versions, but REFRESH makes all of them new. */
export function hasLosslessVersions(table: Table): boolean {
  return table.hasRowVersions && (table.kind === 'table' || table.kind === 'partitioned table');
}

/** A full refresh can continue where it stopped: its rows have places and versions. */
function isResumable(table: Table): boolean {
  return table.hasRowVersions;
}

/** Columns whose order is that of changes or of making: times, dates, whole numbers. */
export function cursorCandidates(table: Table): readonly Column[] {
  return table.columns.filter((column) => {
    const { kind } = column.type;
    return ['timestamptz', 'timestamp', 'date', 'int64', 'int32', 'numeric'].includes(kind);
  });
}

export function defaultCursor(table: Table): Column | undefined {
  const candidates = cursorCandidates(table);
  const named = cursorNames.flatMap((name) => candidates.filter((column) => column.name.toLowerCase() === name));
  const timeOf = (column: Column): boolean => ['timestamptz', 'timestamp'].includes(column.type.kind);
  return (
    named.find(timeOf) ??
    named[0] ??
    candidates.find((column) => timeOf(column) && column.isIndexed) ??
    candidates.find((column) => table.primaryKey.length === 1 && column.name === table.primaryKey[0])
  );
}

function jsonSchema(columns: readonly Column[]): JsonObject & Record<string, unknown> {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: Object.fromEntries(columns.map((column) => [column.name, propertySchema(column.type)])),
  };
}
