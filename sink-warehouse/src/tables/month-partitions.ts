import { Failure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import { firstDay, monthLabel, monthOf, type Month } from './month';
import { quotedTable, shownTable, type TableName } from './table-name';

/** What a partition holds, read from PostgreSQL's own text. */
export type PartitionBounds =
  | { readonly kind: 'default' }
  /** Days, `YYYY-MM-DD`; undefined is MINVALUE or MAXVALUE. */
  | { readonly kind: 'range'; readonly from: string | undefined; readonly to: string | undefined };

export interface Partition {
  readonly name: TableName;
  readonly bounds: PartitionBounds;
}

/** Months before this one go to the default partition: nobody had a wallet then, it is a date gone wrong. */
const EARLIEST: Month = monthOf(2000, 1);
/** Months further ahead than this also go to the default partition, until they come near. */
const AHEAD = 12;
/** `_p2026_03` has to fit behind the table's name in the 63 bytes that PostgreSQL keeps. */
const LONGEST_TABLE_NAME = 54;

/** Reads `pg_get_expr(relpartbound, oid)` of a range partition. */
export function parseBounds(text: string): PartitionBounds {
  if (text === 'DEFAULT') return { kind: 'default' };
  const range = /^FOR VALUES FROM \((?:MINVALUE|'([^']*)')\) TO \((?:MAXVALUE|'([^']*)')\)$/.exec(text);
  if (range === null) throw Failure.system(`The partition bounds ${JSON.stringify(text)} are not understood.`);
  return { kind: 'range', from: range[1]?.slice(0, 10), to: range[2]?.slice(0, 10) };
}

interface MonthsLookedAt {
  readonly wanted: readonly Month[];
  readonly partitions: readonly Partition[];
  readonly taken: ReadonlySet<string>;
  readonly now: Month;
}

/**
 * The months to make a partition for, of those that rows have: not those out of bounds, not those that any partition
 * holds already, whoever made it, and not those whose name is taken, which an administrator has detached.
 *
 * @param wanted months of rows
 * @param taken names of relations in the table's schema
 */
export function missingMonths(table: TableName, { wanted, partitions, taken, now }: MonthsLookedAt): Month[] {
  return wanted.filter(
    (month) =>
      month >= EARLIEST &&
      month <= now + AHEAD &&
      !partitions.some(({ bounds }) => bounds.kind === 'range' && touches(bounds, month)) &&
      !taken.has(monthPartition(table, month).table),
  );
}

function touches(bounds: { readonly from: string | undefined; readonly to: string | undefined }, month: Month) {
  const endsBefore = bounds.to !== undefined && bounds.to <= firstDay(month);
  const beginsAfter = bounds.from !== undefined && bounds.from >= firstDay(month + 1);
  return !endsBefore && !beginsAfter;
}

export function monthPartition({ schema, table }: TableName, month: Month): TableName {
  return { schema, table: `${table}_p${monthLabel(month)}` };
}

export function defaultPartition({ schema, table }: TableName): TableName {
  return { schema, table: `${table}_default` };
}

/** @throws Failure where a partition's name would be cut off */
export function requireRoomForPartitions(name: TableName): void {
  if (Buffer.byteLength(name.table) <= LONGEST_TABLE_NAME) return;
  throw Failure.config(
    `Table ${shownTable(name)}: its name has more than ${LONGEST_TABLE_NAME} bytes, which leaves no room for those of its partitions. Change table.name.format.`,
  );
}

export function createDefaultSql(table: TableName): string {
  return `create table ${quotedTable(defaultPartition(table))} partition of ${quotedTable(table)} default`;
}

interface MonthToCreate {
  readonly partitionBy: string;
  readonly columns: readonly string[];
  readonly fallback: TableName | undefined;
}

/**
 * Makes a month's partition. It is filled and then attached, not made in place: attaching leaves readers of the other
 * months alone, and rows of the month that wait in the default partition (PostgreSQL refuses the new one while they do)
 * come along.
 *
 * @param columns of the table, generated ones left out
 */
export function createMonthSql(
  table: TableName,
  month: Month,
  { partitionBy, columns, fallback }: MonthToCreate,
): string[] {
  const own = quotedTable(monthPartition(table, month));
  const column = quoteIdentifier(partitionBy);
  const [from, to] = [`'${firstDay(month)}'`, `'${firstDay(month + 1)}'`];
  const names = columns.map(quoteIdentifier).join(', ');
  const waiting =
    fallback === undefined
      ? []
      : [
          `lock table ${quotedTable(fallback)} in access exclusive mode`,
          `with waiting as (delete from ${quotedTable(fallback)} where ${column} >= ${from} and ${column} < ${to} returning ${names})
           insert into ${own} (${names}) select ${names} from waiting`,
        ];
  return [
    `create table ${own} (like ${quotedTable(table)} including all excluding identity)`,
    ...waiting,
    `alter table ${quotedTable(table)} attach partition ${own} for values from (${from}) to (${to})`,
  ];
}
