import type { Client } from 'pg';
import { quoteIdentifier } from '@ewallet/postgres';
import type { HeapTable } from './heap-table';
import { atPlaces, fullXidSql } from './row-condition';
import type { Column } from './table';
import type { RowVersion, Witness } from './row-version';
import type { WantedRows } from './version-scan';

/** The newest rows are the ones most likely to be written again: of several, some stay. */
const most = 8;

/** A stream's witnesses after a sync: the newest of the rows it found, of the ends of tables it read whole, and of those before. */
export async function queryWitnesses(
  client: Client,
  found: readonly { readonly heap: HeapTable; readonly wanted: WantedRows }[],
  columns: readonly Column[],
  next: bigint,
  before: readonly Witness[],
): Promise<readonly Witness[]> {
  const rows = [...before];
  for (const { heap, wanted } of found) {
    if (wanted.kind === 'places' && wanted.rows.length === 0) continue;
    const where =
      wanted.kind === 'places' ? atPlaces(newest(wanted.rows)) : `ctid >= '(${Math.max(0, heap.blocks - 2)},0)'::tid`;
    rows.push(...(await queryRows(client, heap, columns, where, next)));
  }
  return newest(rows);
}

/** The highest transaction id whose witness is still as it was; undefined where none is. */
export async function queryProvenXid(
  client: Client,
  tables: readonly HeapTable[],
  columns: readonly Column[],
  saved: readonly Witness[],
  next: bigint,
): Promise<bigint | undefined> {
  let proven: bigint | undefined;
  for (const table of tables) {
    const witnesses = saved.filter((witness) => witness.table === table.oid);
    if (witnesses.length === 0) continue;
    for (const row of await queryRows(client, table, columns, atPlaces(witnesses), next)) {
      const isSame = witnesses.some(
        ({ place, xid, digest }) => place === row.place && xid === row.xid && digest === row.digest,
      );
      if (isSame && (proven === undefined || row.xid > proven)) proven = row.xid;
    }
  }
  return proven;
}

function newest<T extends RowVersion>(rows: readonly T[]): readonly T[] {
  return [...rows].sort((a, b) => (a.xid > b.xid ? -1 : 1)).slice(0, most);
}

async function queryRows(
  client: Client,
  table: HeapTable,
  columns: readonly Column[],
  where: string,
  next: bigint,
): Promise<readonly Witness[]> {
  const id = fullXidSql(next);
  const { rows } = await client.query<{ place: string; xid: string; digest: string }>(
    `select ctid::text as place, ${id}::text as xid, hashtextextended(${shortValues(columns)}, 0)::text as digest
     from only ${table.sql} where ${where} order by ${id} desc limit ${most}`,
  );
  return rows.map(({ place, xid, digest }) => ({ table: table.oid, place, xid: BigInt(xid), digest }));
}

/** A row's values as one text, without those that may be megabytes long. */
function shortValues(columns: readonly Column[]): string {
  const values = columns.flatMap(({ name, type: { kind } }) => {
    const column = quoteIdentifier(name);
    if (kind === 'json' || kind === 'bytea' || kind === 'array') return [];
    return [kind === 'text' ? `left(${column}::text, 64)` : column];
  });
  // A ROW of more than 1,664 columns cannot be built; the first hundred tell rows apart.
  return `row(${values.slice(0, 100).join(', ')})::text`;
}
