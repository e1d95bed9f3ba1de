import { quoteIdentifier } from '@ewallet/postgres';
import { quotedTable, type TableName } from '../tables/table-name';

/** What the statements about months and moved rows need to know of the landing rows. */
export interface LandedKey {
  readonly landing: string;
  /** Column of the key → expression over the landing table. */
  readonly key: readonly (readonly [column: string, value: string])[];
  /** Type of the key's first column in the table. */
  readonly keyType: string;
  /** The column of the partitions, and its expression over the landing table. */
  readonly date: readonly [column: string, value: string];
}

/**
 * Fails with a cardinality violation, as ON CONFLICT would, where two landing rows have one key. Only keys that PostgreSQL
 * holds for equal in several forms (1.0 and 1.00) can: with other dates the index of a partitioned table does not see it.
 */
export function refuseRepeatedSql({ landing, key }: LandedKey): string {
  const values = key.map(([, value], index) => `${value} as k${index}`).join(', ');
  const names = key.map((_, index) => `k${index}`);
  const rows = `(select ${values} from ${landing})`;
  const same = names.map((name) => `l.${name} = repeated.${name}`).join(' and ');
  return `select (select true from ${rows} as l where ${same})
    from (select ${names.join(', ')} from ${rows} as r group by ${names.join(', ')} having pg_catalog.count(*) > 1 limit 1) as repeated`;
}

/**
 * Months of the landing rows, as numbers; see month.ts. Rows without a date have none. The session's zone is UTC. Few
 * months are left before `extract`, which makes a numeric of each row: a fourteenth of a batch's time.
 */
export function landedMonthsSql({ landing, date: [, value] }: LandedKey): string {
  return `select (extract(year from first) * 12 + extract(month from first) - 1)::integer as month
    from (select distinct pg_catalog.date_trunc('month', ${value}) as first from ${landing} where ${value} is not null) as months order by 1`;
}

/**
 * The partitions, by number, that hold a key between the least and the greatest of the landing rows, and those two as text.
 * With keys that grow with time that is a month or two of a hundred. `order by … limit 1` and not `exists`: the planner
 * would read the partition from its beginning for the latter, as it expects a match soon.
 */
export function overlappingSql({ landing, key }: LandedKey, partitions: readonly TableName[]): string {
  const [column, value] = key[0] ?? ['', ''];
  const name = quoteIdentifier(column);
  const edge = (order: string) => `(select ${value} as v from ${landing} order by v ${order} limit 1)`;
  const probes = partitions.map(
    (partition, index) =>
      `select ${index} as number, low::text, high::text from edges where
       (select t.${name} from ${quotedTable(partition)} as t where t.${name} >= edges.low order by t.${name} limit 1) <= edges.high`,
  );
  return `with edges as materialized (select ${edge('')} as low, ${edge('desc')} as high) ${probes.join(' union all ')}`;
}

/**
 * Removes what a partition holds of the landing rows' keys under another date, or none: the new version goes to another
 * place, where no constraint would see the old one. The edges, $1 and $2, add nothing to the result: by them the planner
 * knows how little of the partition it is about, and does not read all of it (36,000 rows of 283,000: 1.1 s without).
 */
export function removeMovedSql({ landing, key, keyType, date }: LandedKey, partition: TableName): string {
  const values = key.map(([, value], index) => `${value} as k${index}`);
  const matches = key.map(([column], index) => `t.${quoteIdentifier(column)} = k.k${index}`);
  const first = `t.${quoteIdentifier(key[0]?.[0] ?? '')}`;
  return `delete from ${quotedTable(partition)} as t using (select ${values.join(', ')}, ${date[1]} as day from ${landing}) as k
    where ${matches.join(' and ')} and (t.${quoteIdentifier(date[0])} = k.day) is not true
      and ${first} >= $1::text::${keyType} and ${first} <= $2::text::${keyType}`;
}
