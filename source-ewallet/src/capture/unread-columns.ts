import type { ConfiguredStream } from '@ewallet/airbyte';
import type { Client } from 'pg';
import { configuredNames, selectedColumns, unreadColumns } from '../position/read-columns';
import type { Column } from '../tables/table';
import type { CapturedState } from './capture-state';
import type { CapturedTable } from './publication';

/** A column whose values were not given for every row, though nobody changed those rows. */
export interface UnreadColumn {
  readonly name: string;
  readonly why: 'filled' | 'carried' | 'renamed' | 'replaced' | 'retyped' | 'not chosen';
}

/**
 * What became of the chosen columns since a stream's rows were given. The log has none of it: PostgreSQL writes no change
 * for a row whose column is renamed, retyped or added with a value.
 *
 * @param filled names of columns that have, or had, a value for rows that were there when they were added
 */
export function unreadSince(
  before: Pick<CapturedState, 'columns' | 'carried' | 'rows'>,
  chosen: readonly Column[],
  filled: ReadonlySet<string>,
): readonly UnreadColumn[] {
  const read = before.rows?.columns;
  const unread = new Set(read === undefined ? [] : unreadColumns(read, chosen, []));
  const highest = Math.max(0, ...[...(read ?? [])].map(([, { number }]) => number));
  return chosen.flatMap((column): readonly UnreadColumn[] => {
    const why = whyUnread(column);
    return why === undefined ? [] : [{ name: column.name, why }];
  });

  function whyUnread(column: Column): UnreadColumn['why'] | undefined {
    const { name, number } = column;
    const was = read?.get(name);
    if (was !== undefined) {
      if (!unread.has(column)) return undefined;
      return was.number === number ? 'retyped' : 'replaced';
    }
    if (before.carried.includes(name)) return 'carried';
    if (before.columns.includes(name)) return read === undefined ? undefined : 'not chosen';
    if (filled.has(name)) return 'filled';
    // Numbers only grow: this one was there when the rows were read.
    return number <= highest ? 'renamed' : undefined;
  }
}

const reasons: Readonly<Record<UnreadColumn['why'], string>> = {
  filled: 'came with values for rows that were there',
  carried: 'had values before the catalogue had it',
  renamed: 'is a column that had another name',
  replaced: 'was dropped and added again',
  retyped: 'is of another type',
  'not chosen': 'was not chosen before',
};

/** `level, rank came with values for rows that were there; note is of another type` */
export function describeUnread(unread: readonly UnreadColumn[]): string {
  return [...new Set(unread.map(({ why }) => why))]
    .map((why) => `${unread.flatMap((one) => (one.why === why ? [one.name] : [])).join(', ')} ${reasons[why]}`)
    .join('; ');
}

/** Columns of the publication that the catalogue names: none where it names none, as nothing was chosen then. */
export function chosenColumns(stream: ConfiguredStream, { columns }: CapturedTable): readonly Column[] {
  return configuredNames(stream) === undefined ? [] : selectedColumns(columns, stream);
}

/**
 * Columns that have, or had when they were added, a value for rows that were there.
 *
 * @param tables oids of a table and of its partitions
 */
export async function queryFilledColumns(client: Client, tables: readonly number[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct attname::text as name from pg_attribute
     where attrelid = any($1::oid[]) and attnum > 0 and not attisdropped and (atthasmissing or atthasdef or attidentity <> '')`,
    [tables],
  );
  return new Set(rows.map(({ name }) => name));
}
