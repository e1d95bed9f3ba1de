import { Failure } from '@ewallet/failure';
import { shownTable, type TableName } from '../tables/table-name';
import type { KeyReader } from './key-reader';

const KEY = 'table.partition.by.month';

/** Which tables are partitioned by month, and by which of their columns: names as the file has them, with or without schema. */
export type PartitionChoice = ReadonlyMap<string, string>;

/** @throws Failure naming the entry that is no `table:column` */
export function partitionChoice(read: KeyReader): PartitionChoice {
  const chosen = new Map<string, string>();
  for (const entry of read.list(KEY)) {
    const colon = entry.lastIndexOf(':');
    const [table, column] = [entry.slice(0, Math.max(0, colon)).trim(), entry.slice(colon + 1).trim()];
    if (table === '' || column === '') {
      throw Failure.config(
        `${KEY}: ${JSON.stringify(entry)} must be a table and its timestamp column, such as transactions:created_at.`,
      );
    }
    if (chosen.has(table)) throw Failure.config(`${KEY} names the table ${JSON.stringify(table)} twice.`);
    chosen.set(table, column);
  }
  return chosen;
}

/** The column that the table is partitioned by. A name with its schema goes before one without. */
export function partitionColumn(choice: PartitionChoice, name: TableName): string | undefined {
  return choice.get(shownTable(name)) ?? choice.get(name.table);
}
