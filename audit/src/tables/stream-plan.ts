import { avroFieldNames, METADATA_FIELDS } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { quoteIdentifier, quoteQualified, streamName } from '@ewallet/postgres';
import type { StreamChoice } from '../config/stream-choice';
import { landedValue, type ServerAbilities } from './canonical-value';
import type { LandedColumn, LandedTable } from './landed-table';
import type { SourceColumn, SourceTable } from './source-table';

/** How one database's rows of a stream are read. Both sides have the same columns and keys in the same order. */
export interface Side {
  readonly from: string;
  /** Which rows count, as SQL; undefined for all. */
  readonly where: string | undefined;
  /** SQL of each compared value, in its canonical form. */
  readonly values: readonly string[];
  /** SQL of each key column's canonical value. */
  readonly keys: readonly string[];
  /** The key columns themselves, by which ranges and look-ups find rows, and the types that texts are cast to. */
  readonly keyColumns: readonly { readonly sql: string; readonly castTo: string }[];
  /** SQL of what changes with each version of a row; undefined where rows have none. */
  readonly version: string | undefined;
  /** SQL of `_airbyte_meta`, where the side has it. */
  readonly meta: string | undefined;
  /** SQL of the time a row landed, where the side has it. */
  readonly loadedAt: string | undefined;
}

/** What is compared of a stream, decided from both catalogues. */
export interface StreamPlan {
  readonly stream: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Empty for a table without a key: its rows are compared as a multiset. */
  readonly key: readonly string[];
  /** Whether each key column is a whole number, which JSON shows as one. */
  readonly wholeNumbers: readonly boolean[];
  /** How many of the key's first columns sort the same on both sides, so that ranges of them can be compared. */
  readonly rangeColumns: number;
  /** Columns of the source that the warehouse does not have: left out by the selection of columns. */
  readonly notCompared: readonly string[];
  readonly source: Side;
  readonly warehouse: Side;
  readonly estimate: number;
}

const DELETED_AT = '_ab_cdc_deleted_at';
const META = '_airbyte_meta';
const LOADED_AT = '_loaded_at';

interface Pair {
  readonly source: SourceColumn;
  readonly landed: LandedColumn;
}

export interface PlanOptions {
  readonly server: ServerAbilities;
  /** Whether both databases store texts as UTF-8, so that bytes sort the same. */
  readonly sameEncoding: boolean;
  /** Compare keys alone. */
  readonly keysOnly: boolean;
}

/** @throws Failure where the choice names what is not there */
export function planStream(
  table: SourceTable,
  landed: LandedTable,
  choice: StreamChoice,
  options: PlanOptions,
): StreamPlan {
  const stream = streamName(table);
  const shown = `${landed.schema}.${landed.name}`;
  const pairs = pairColumns(table, landed, { choice, stream, shown });
  const key = keyPairs(choice.primaryKey ?? table.primaryKey, pairs, stream, shown);
  if (key.length === 0 && options.keysOnly) {
    throw Failure.config(
      `Stream ${stream} has no key, so that --keys has nothing to compare. Leave it out, or give its \`primary_key\`.`,
    );
  }
  const compared = options.keysOnly ? key : pairs;
  const softDeletes =
    landed.columns.some(({ name }) => name === DELETED_AT) && !table.columns.some(({ name }) => name === DELETED_AT);
  const landedColumn = (name: string): string | undefined =>
    landed.columns.some((column) => column.name === name) && !table.columns.some((column) => column.name === name)
      ? quoteIdentifier(name)
      : undefined;
  return {
    stream,
    table: shown,
    columns: compared.map(({ source }) => source.name),
    key: key.map(({ source }) => source.name),
    wholeNumbers: key.map(({ source }) => source.type.kind === 'int32' || source.type.kind === 'int64'),
    rangeColumns: rangeColumns(key, options.sameEncoding),
    notCompared: table.columns
      .filter((column) => !pairs.some(({ source }) => source.name === column.name))
      .map(({ name }) => name),
    source: {
      from: quoteQualified(table.schema, table.name),
      where: undefined,
      values: compared.map((pair) => landedValue(pair.source, pair.landed, options.server)),
      keys: key.map((pair) => landedValue(pair.source, pair.landed, options.server)),
      keyColumns: key.map(({ source }) => ({ sql: quoteIdentifier(source.name), castTo: source.castTo })),
      version: table.hasVersions ? `concat_ws('/', tableoid, ctid, xmin)` : undefined,
      meta: undefined,
      loadedAt: undefined,
    },
    warehouse: {
      from: quoteQualified(landed.schema, landed.name),
      where: softDeletes ? `${quoteIdentifier(DELETED_AT)} is null` : undefined,
      values: compared.map((pair) => quoteIdentifier(pair.landed.name)),
      keys: key.map((pair) => quoteIdentifier(pair.landed.name)),
      keyColumns: key.map((pair) => ({ sql: quoteIdentifier(pair.landed.name), castTo: pair.landed.castTo })),
      version: undefined,
      meta: landedColumn(META),
      loadedAt: landedColumn(LOADED_AT),
    },
    estimate: table.estimate,
  };
}

function pairColumns(
  table: SourceTable,
  landed: LandedTable,
  { choice, stream, shown }: { readonly choice: StreamChoice; readonly stream: string; readonly shown: string },
): readonly Pair[] {
  const byName = new Map(landed.columns.map((column) => [column.name, column]));
  for (const name of [...(choice.columns ?? []), ...Object.keys(choice.renamed ?? {})]) {
    if (!table.columns.some((column) => column.name === name)) {
      throw Failure.config(`Stream ${stream} has no column ${JSON.stringify(name)} that the role may read.`);
    }
  }
  // A third-party pipeline lands the names that Avro allows; ours lands the source's own.
  const avroNames = avroFieldNames(
    table.columns.map(({ name }) => name),
    new Set(METADATA_FIELDS),
  );
  return table.columns.flatMap((source, index) => {
    const isChosen = choice.columns?.includes(source.name) ?? true;
    if (!isChosen) return [];
    const renamed = choice.renamed?.[source.name];
    const found =
      renamed === undefined
        ? (byName.get(source.name) ?? byName.get(avroNames[index] ?? source.name))
        : byName.get(renamed);
    if (found !== undefined) return [{ source, landed: found }];
    if (choice.columns === undefined && renamed === undefined) return [];
    throw Failure.config(
      `Stream ${stream}: table ${shown} has no column ${JSON.stringify(renamed ?? source.name)}. Sync the stream again, or leave the column out of \`columns\`.`,
    );
  });
}

function keyPairs(names: readonly string[], pairs: readonly Pair[], stream: string, shown: string): readonly Pair[] {
  return names.map((name) => {
    const pair = pairs.find(({ source }) => source.name === name);
    if (pair !== undefined) return pair;
    throw Failure.config(
      `Stream ${stream}: table ${shown} has no column for ${JSON.stringify(name)} of the key. Give \`primary_key\` in \`streams\` if it was synced by another.`,
    );
  });
}

/** Types whose values sort the same on every server, by family: a range of one is a range of the other. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ['int2', 'number'],
  ['int4', 'number'],
  ['int8', 'number'],
  ['oid', 'number'],
  ['numeric', 'number'],
  ['uuid', 'uuid'],
  ['date', 'date'],
  ['timestamp', 'timestamp'],
  ['timestamptz', 'timestamptz'],
  ['bool', 'bool'],
  ['text', 'text'],
  ['varchar', 'text'],
]);

/**
 * The key's leading columns that can be cut into ranges. Not those that can be null, which no comparison finds; not texts
 * in a language's order, which two servers may sort differently. The rest of a key is told apart by hashes.
 */
function rangeColumns(key: readonly Pair[], sameEncoding: boolean): number {
  const unfit = key.findIndex(({ source, landed }) => {
    const family = source.type.kind === 'array' ? undefined : FAMILIES.get(source.base);
    const sorts = source.sortsByBytes && landed.sortsByBytes && (family !== 'text' || sameEncoding);
    return family === undefined || FAMILIES.get(landed.base) !== family || !source.notNull || !sorts;
  });
  return unfit < 0 ? key.length : unfit;
}
