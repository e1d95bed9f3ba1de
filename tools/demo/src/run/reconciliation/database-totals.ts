import { Failure } from '@ewallet/failure';
import { quoteIdentifier, quoteQualified } from '@ewallet/postgres';
import { parseDecimal } from '@ewallet/avro';
import type { Client } from 'pg';
import { Tally, type Amount, type Measured, type Totals } from './totals';

/** Every table of the e-wallet, its primary key, its numeric columns, and whether they are in a currency of the row. */
export async function measuredStreams(ewallet: Client): Promise<readonly Measured[]> {
  const { rows } = await ewallet.query<{
    stream: string;
    key: string[];
    currency: string | null;
    amounts: Amount[];
  }>(`
    select t.table_name as stream,
           (select array_agg(k.column_name::text order by k.ordinal_position)
              from information_schema.table_constraints p
              join information_schema.key_column_usage k using (constraint_schema, constraint_name, table_name)
             where p.table_schema = 'public' and p.table_name = t.table_name and p.constraint_type = 'PRIMARY KEY') as key,
           max(c.column_name) filter (where c.column_name = 'currency') as currency,
           coalesce(json_agg(json_build_object('column', c.column_name, 'scale', c.numeric_scale,
             'unsigned', c.column_name = 'balance')
             order by c.ordinal_position) filter (where c.data_type = 'numeric'), '[]') as amounts
      from information_schema.tables t
      join information_schema.columns c using (table_schema, table_name)
     where t.table_schema = 'public' and t.table_type = 'BASE TABLE'
     group by t.table_name
     order by t.table_name`);
  return rows.map(({ currency, ...rest }) => ({ ...rest, currency: currency ?? undefined }));
}

/** Rows and exact sums of a stream's table in a database. */
export async function databaseTotals(database: Client, schema: string, measured: Measured): Promise<Totals> {
  const currency = measured.currency === undefined ? `''` : `${quoteIdentifier(measured.currency)}::text`;
  const sums = measured.amounts.map(({ column, unsigned }) => {
    const value = quoteIdentifier(column);
    return `coalesce(sum(${unsigned ? `abs(${value})` : value}), 0)::text`;
  });
  const { rows } = await database.query<{ currency: string; rows: string; sums: string[] }>(
    `select ${currency} as currency, count(*)::text as rows, array[${sums.join(', ')}]::text[] as sums
       from ${quoteQualified(schema, measured.stream)} group by 1`,
  );
  const tally = new Tally(measured);
  for (const row of rows) {
    tally.add(
      row.currency,
      BigInt(row.rows),
      row.sums.map((sum, index) => exact(sum, measured.amounts[index]?.scale ?? 0, measured.stream)),
    );
  }
  return tally.totals();
}

/** A decimal's text as a whole number of its smallest unit. */
export function exact(text: string, scale: number, stream: string): bigint {
  const unscaled = parseDecimal(text, scale);
  if (unscaled === undefined) throw Failure.system(`a number of ${stream} has more than ${scale} decimal places`);
  return unscaled;
}
