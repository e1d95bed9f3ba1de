import { Failure } from '@ewallet/failure';
import { formatLsn, parseLsn, type Lsn } from '@ewallet/postgres';
import type { JsonObject } from '@ewallet/airbyte';
import type { Snapshot } from './snapshot';
import type { Place, Rule } from './resume-rules';
import type { Witness } from './row-version';
import type { ReadColumn, ReadColumns } from './read-columns';
import { formatRanges, parseRanges } from './xid-ranges';

/** Where a stream stands. Its JSON is versioned and meant to be read by people. */
export interface StreamState {
  readonly mode: 'full_refresh' | 'incremental';
  /** Set while a full refresh is under way; a complete one starts over when it is asked for again. */
  readonly isComplete: boolean;
  readonly generationId: number | undefined;
  readonly cursorField: string | undefined;
  /** The highest cursor value read, as PostgreSQL writes it in UTC. */
  readonly cursor: string | undefined;
  /** What the rows that the state covers were read with. Undefined in the states of the first versions. */
  readonly columns: ReadColumns | undefined;
  /** Empty for streams that have no row versions (views, foreign tables). */
  readonly rules: readonly Rule[];
}

const VERSION = 1;

export function formatStreamState(state: StreamState): JsonObject {
  const latest = state.rules.at(-1);
  return {
    version: VERSION,
    mode: state.mode,
    complete: state.isComplete,
    ...(state.generationId === undefined ? {} : { generation_id: state.generationId }),
    ...(state.cursorField === undefined ? {} : { cursor_field: state.cursorField, cursor: state.cursor ?? null }),
    ...(state.columns === undefined
      ? {}
      : { columns: Object.fromEntries([...state.columns].map(([name, { number, type }]) => [name, [number, type]])) }),
    ...(latest?.since === undefined
      ? {}
      : { snapshot: { ...formatSnapshot(latest.since), ...formatWitnesses(latest.since) } }),
    ...(state.rules.length > 1 ? { unfinished: state.rules.slice(0, -1).map(formatRule) } : {}),
  };
}

/** @throws Failure when the state is not one that this or an earlier version wrote */
export function parseStreamState(value: JsonObject, stream: string): StreamState {
  if (value.version !== VERSION) {
    throw Failure.config(
      typeof value.version === 'number' && value.version > VERSION
        ? `The state of stream ${stream} was written by a newer version of this source: use that version, or reset the stream.`
        : `The state of stream ${stream} is not one of this source: reset the stream to read it again from the start.`,
    );
  }
  const mode = value.mode;
  if (mode !== 'full_refresh' && mode !== 'incremental') throw malformed(stream);
  const unfinished = value.unfinished ?? [];
  if (!Array.isArray(unfinished)) throw malformed(stream);
  const rules = unfinished.map((rule): Rule => parseRule(rule, stream));
  return {
    mode,
    isComplete: value.complete !== false,
    generationId: typeof value.generation_id === 'number' ? value.generation_id : undefined,
    cursorField: optionalText(value.cursor_field, stream),
    cursor: optionalText(value.cursor, stream),
    columns: value.columns === undefined ? undefined : parseColumns(value.columns, stream),
    rules:
      value.snapshot === undefined
        ? rules
        : [...rules, { since: parseSnapshot(value.snapshot, stream), from: undefined }],
  };
}

function parseColumns(value: unknown, stream: string): ReadColumns {
  const columns = Object.entries(asObject(value, stream));
  return new Map(
    columns.map(([name, column]): [string, ReadColumn] => {
      const [number, type] = Array.isArray(column) ? (column as readonly unknown[]) : [];
      if (typeof number !== 'number' || typeof type !== 'string') throw malformed(stream);
      return [name, { number, type }];
    }),
  );
}

function formatSnapshot(snapshot: Snapshot): JsonObject {
  return {
    ...(snapshot.server.system === undefined ? {} : { system: snapshot.server.system }),
    ...(snapshot.server.database === undefined ? {} : { database: snapshot.server.database }),
    ...(snapshot.server.version === undefined ? {} : { server_version: snapshot.server.version }),
    ...(snapshot.server.timeline === undefined ? {} : { timeline: snapshot.server.timeline }),
    ...(snapshot.server.started === undefined ? {} : { started: snapshot.server.started }),
    ...(snapshot.lsn === undefined ? {} : { lsn: formatLsn(snapshot.lsn) }),
    below: String(snapshot.below),
    next: String(snapshot.next),
    seen: formatRanges(snapshot.seen),
    tables: Object.fromEntries(snapshot.files),
  };
}

/** Only the latest snapshot's: what proves the history to be the same up to there proves it for those before. */
function formatWitnesses(snapshot: Snapshot): JsonObject {
  return {
    witnesses: snapshot.witnesses.map(({ table, place, xid, digest }) => ({ table, place, xid: String(xid), digest })),
    ...(snapshot.digestColumns === undefined ? {} : { digest_columns: snapshot.digestColumns }),
  };
}

function formatRule(rule: Rule): JsonObject {
  return {
    since: rule.since === undefined ? null : formatSnapshot(rule.since),
    from: rule.from === undefined ? null : { table: rule.from.table, block: rule.from.block },
  };
}

function parseRule(value: unknown, stream: string): Rule {
  const rule = asObject(value, stream);
  return {
    since: rule.since === null || rule.since === undefined ? undefined : parseSnapshot(rule.since, stream),
    from: rule.from === null || rule.from === undefined ? undefined : parsePlace(rule.from, stream),
  };
}

function parsePlace(value: unknown, stream: string): Place {
  const { table, block } = asObject(value, stream);
  if (typeof table !== 'number' || typeof block !== 'number') throw malformed(stream);
  return { table, block };
}

function parseSnapshot(value: unknown, stream: string): Snapshot {
  const object = asObject(value, stream);
  const seen = Array.isArray(object.seen) ? parseRanges(object.seen) : undefined;
  if (seen === undefined) throw malformed(stream);
  const files = Object.entries(asObject(object.tables, stream)).map(([oid, file]): [number, number] => [
    Number(oid),
    Number(file),
  ]);
  return {
    server: {
      system: optionalText(object.system, stream),
      database: optionalText(object.database, stream),
      version: typeof object.server_version === 'number' ? object.server_version : undefined,
      timeline: typeof object.timeline === 'number' ? object.timeline : undefined,
      started: optionalText(object.started, stream),
    },
    lsn: object.lsn === undefined ? undefined : lsn(object.lsn, stream),
    below: xid(object.below, stream),
    next: xid(object.next, stream),
    seen,
    files: new Map(files),
    witnesses: parseWitnesses(object.witnesses ?? [], stream),
    digestColumns: object.digest_columns === undefined ? undefined : texts(object.digest_columns, stream),
  };
}

function parseWitnesses(value: unknown, stream: string): readonly Witness[] {
  if (!Array.isArray(value)) throw malformed(stream);
  return value.map((row): Witness => {
    const { table, place, xid: id, digest } = asObject(row, stream);
    if (typeof table !== 'number' || typeof place !== 'string' || !/^\(\d+,\d+\)$/.test(place)) throw malformed(stream);
    if (typeof digest !== 'string' || !/^-?\d+$/.test(digest)) throw malformed(stream);
    return { table, place, xid: xid(id, stream), digest };
  });
}

function texts(value: unknown, stream: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) throw malformed(stream);
  return value;
}

function xid(value: unknown, stream: string): bigint {
  if (typeof value !== 'string' || !/^\d+$/.test(value)) throw malformed(stream);
  return BigInt(value);
}

function lsn(value: unknown, stream: string): Lsn {
  const parsed = typeof value === 'string' ? parseLsn(value) : undefined;
  if (parsed === undefined) throw malformed(stream);
  return parsed;
}

function optionalText(value: unknown, stream: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw malformed(stream);
  return value;
}

function asObject(value: unknown, stream: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(stream);
  return value as JsonObject;
}

function malformed(stream: string): Failure {
  return Failure.config(`The state of stream ${stream} is damaged: reset the stream to read it again from the start.`);
}
