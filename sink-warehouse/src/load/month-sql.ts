import { quoteIdentifier } from '@ewallet/postgres';
import { quotedTable, type TableName } from '../tables/table-name';

/** What the statements about months and moved rows need to know of the landing rows. */
export interface LandedKey {
  readonly landing: string;
  /** Column of the key → expression over the landing table. */
  readonly key: readonly (readonly [column: string, value: string])[];
  /** The column of the partitions, likewise. */
  readonly date: readonly [column: string, value: string];
}

/** Months of the landing rows, as numbers; see month.ts. Rows without a date have none. The session's zone is UTC. */
export function landedMonthsSql({ landing, date: [, value] }: LandedKey): string {
  return `select distinct (extract(year from ${value}) * 12 + extract(month from ${value}) - 1)::integer as month
    from ${landing} where ${value} is not null order by 1`;
}

/**
 * The partitions, by number, that hold a key between the least and the greatest of the landing rows. With keys that grow
 * with time that is a month or two of a hundred. \`order by … limit 1\` and not \`exists\`: the planner would read the
 * partition from its beginning for the latter, as it expects a match soon.
 */
export function overlappingSql({ landing, key }: LandedKey, partitions: readonly TableName[]): string {
  const [column, value] = key[0] ?? ['', ''];
  const name = quoteIdentifier(column);
  const edge = (order: string) => `(select ${value} as v from ${landing} order by v ${order} limit 1)`;
  const probes = partitions.map(
    (partition, index) =>
      `select ${index} as number from edges where
       (select t.${name} from ${quotedTable(partition)} as t where t.${name} >= edges.low order by t.${name} limit 1) <= edges.high`,
  );
  return `with edges as materialized (select ${edge('')} as low, ${edge('desc')} as high) ${probes.join(' union all ')}`;
}

/**
 * Removes what a partition holds of the landing rows' keys under another date, or none: the new version goes to another
 * place, where no constraint would see the old one.
 */
export function removeMovedSql({ landing, key, date }: LandedKey, partition: TableName): string {
  const values = key.map(([, value], index) => `${value} as k${index}`);
  const matches = key.map(([column], index) => `t.${quoteIdentifier(column)} = k.k${index}`);
  return `delete from ${quotedTable(partition)} as t using (select ${values.join(', ')}, ${date[1]} as day from ${landing}) as k
    where ${matches.join(' and ')} and (t.${quoteIdentifier(date[0])} = k.day) is not true`;
}
