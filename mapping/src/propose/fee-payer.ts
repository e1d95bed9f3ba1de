import type { Database } from '../database/database';
import type { TableProfile } from '../database/profile';
import type { FeePayer, FeeSide } from '../file/mapping';
import { percent, rowsOf } from '../model/shown';
import { wordsOf } from './names';

interface Sides {
  readonly id: string;
  readonly amount: string;
  readonly fee: string;
  readonly source: string;
  readonly destination: string;
  readonly entries: {
    readonly sql: string;
    readonly transaction: string;
    readonly wallet: string;
    readonly amount: string;
  };
}

export interface FeeProof {
  readonly payer: FeePayer;
  readonly confidence: number;
  readonly because: string;
}

/** Columns by whose value it may be decided who pays: named for it, or one letter for each side. */
export function payerColumns(table: TableProfile, amounts: readonly (string | undefined)[]): readonly string[] {
  return table.columns
    .filter((column) => !amounts.includes(column.sql))
    .filter((column) => column.values.length > 0 && column.values.length <= 4)
    .filter((column) =>
      wordsOf(column.name).some((word) => ['bearer', 'payer', 'borne', 'charge', 'charged'].includes(word)),
    )
    .map((column) => column.sql);
}

/**
 * Who pays the fee, by the wallet's own bookings: a sender who pays it gives amount and fee, a receiver who pays it gets the amount
 * less the fee. Undefined where no transaction has a fee.
 */
export async function feePayerByEntries(
  database: Database,
  table: TableProfile,
  sides: Sides,
  column: string | undefined,
): Promise<FeeProof | undefined> {
  const by = column === undefined ? `'all'` : `cast(source_rows.${column} as text)`;
  const rows = await database.rows(
    'Comparing fees with the ledger',
    `with charged as materialized (
       select ${by} as value, ${sides.id} as id, ${sides.source} as payer, ${sides.destination} as receiver,
         ${sides.amount} as amount, ${sides.fee} as fee
       from (select * from ${table.sql} where ${sides.fee} <> 0 limit 3000) as source_rows
     ), booked as (
       select ${sides.entries.transaction} as id, ${sides.entries.wallet} as wallet, sum(${sides.entries.amount}) as amount
       from ${sides.entries.sql} where ${sides.entries.transaction} in (select id from charged) group by 1, 2
     ), compared as (
       select charged.*, paid.amount as paid, received.amount as received from charged
       join booked as paid on paid.id = charged.id and paid.wallet = charged.payer
       join booked as received on received.id = charged.id and received.wallet = charged.receiver
     )
     select value, count(*) as rows,
       count(*) filter (where paid = -(amount + fee) and received = amount) as source,
       count(*) filter (where paid = -amount and received = amount - fee) as destination,
       count(*) filter (where paid = -(amount + fee / 2.0) and received = amount - fee / 2.0) as split
     from compared group by value order by value`,
  );
  if (rows.length === 0) return undefined;
  const found = rows.map((row) => {
    const shares = (['source', 'destination', 'split'] as const).map((side) => ({
      side,
      share: Number(row[side]) / Number(row.rows),
    }));
    const best = shares.reduce((a, b) => (b.share > a.share ? b : a));
    return { value: row.value ?? '', rows: Number(row.rows), ...best };
  });
  const because = found
    .map(
      (each) =>
        `${column === undefined ? '' : `${each.value}: `}the ledger of ${percent(each.share)} of ${rowsOf(each.rows)} with a fee says ${each.side}`,
    )
    .join('; ');
  const confidence = Math.min(...found.map((each) => each.share)) * 0.97;
  const [first] = found;
  if (column === undefined || found.every((each) => each.side === first?.side)) {
    const side = first?.side ?? 'source';
    if (side !== 'split') return { payer: { kind: side }, confidence, because };
  }
  if (column === undefined) return { payer: { kind: 'source' }, confidence: 0.2, because };
  return {
    payer: {
      kind: 'by_column',
      column,
      values: Object.fromEntries(found.map((each): [string, FeeSide] => [each.value, each.side])),
    },
    confidence,
    because,
  };
}
