import { formatDecimal, parseDecimal } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { quoteQualified } from '@ewallet/postgres';
import type { ProductName } from '../config/realtime-config';
import type { ResultRow } from '../engine/result-topic';
import type { HourOf } from './local-hours';

/** Results that dbt computes too, each under keys that both have. */
export const IN_BATCHES = ['minute_volumes', 'balance_checks', 'sessions'] as const satisfies readonly ProductName[];
export type BatchProduct = (typeof IN_BATCHES)[number];

export interface BatchCheck {
  /** dbt's model. */
  readonly model: string;
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** What the model says: every column as text, times in microseconds. */
  readonly sql: string;
  /** Minutes whose local hour `rollUp` asks for. */
  readonly minutes: (rows: readonly ResultRow[]) => readonly string[];
  /** The result's rows, summed up as the model sums. */
  readonly rollUp: (rows: readonly ResultRow[], hourOf: HourOf) => readonly ResultRow[];
}

const noMinutes = (): readonly string[] => [];

/** @param schema where dbt's marts are */
export function batchCheck(product: BatchProduct, schema: string): BatchCheck {
  switch (product) {
    case 'minute_volumes': {
      const keys = ['hour', 'type', 'status', 'currency'];
      const values = ['transactions', 'amount', 'fee'];
      return {
        model: 'hourly_transaction_summary',
        keys,
        values,
        sql: `select (extract(epoch from transaction_hour) * 1000000)::bigint::text as hour, transaction_type as type, transaction_status as status,
  currency, transaction_count::text as transactions, gross_amount::text as amount, fee_amount::text as fee
from ${quoteQualified(schema, 'hourly_transaction_summary')}`,
        minutes: (rows) => [...new Set(rows.map((row) => textOf(row.minute)))],
        rollUp: (rows, hourOf) =>
          summed(
            rows.map((row) => ({ ...row, hour: hourOf(textOf(row.minute)) })),
            { keys, values },
          ),
      };
    }
    case 'balance_checks': {
      const model = quoteQualified(schema, 'wallet_balances_daily');
      return {
        model: 'wallet_balances_daily',
        keys: ['wallet_id'],
        values: ['movements'],
        sql: `select wallet_id::text, closing_balance::text as movements from ${model}
where balance_date = (select max(balance_date) from ${model})`,
        minutes: noMinutes,
        rollUp: (rows) => rows,
      };
    }
    case 'sessions': {
      const keys = ['customer_id'];
      const values = ['events', 'logins', 'pin_failures'];
      return {
        model: 'user_activity_daily',
        keys,
        values,
        // A session that lasts over midnight is counted on both of its days, so that only its events can be summed up.
        sql: `select user_id::text as customer_id, sum(event_count)::text as events, sum(login_count)::text as logins,
  sum(pin_failed_count)::text as pin_failures
from ${quoteQualified(schema, 'user_activity_daily')} where event_count > 0 group by user_id`,
        minutes: noMinutes,
        rollUp: (rows) => summed(rows, { keys, values }),
      };
    }
    default:
      return product satisfies never;
  }
}

/** More than any column of money has. */
const SCALE = 60;

/** Rows of the same keys as one, with exact sums of the values; null adds nothing. */
function summed(
  rows: readonly ResultRow[],
  { keys, values }: { readonly keys: readonly string[]; readonly values: readonly string[] },
): readonly ResultRow[] {
  const groups = new Map<string, { readonly row: ResultRow; readonly sums: bigint[] }>();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => textOf(row[name])));
    const group = groups.get(key) ?? { row, sums: values.map(() => 0n) };
    values.forEach((name, index) => (group.sums[index] = (group.sums[index] ?? 0n) + exact(row[name])));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ row, sums }) => ({
    ...Object.fromEntries(keys.map((name) => [name, row[name]])),
    ...Object.fromEntries(values.map((name, index) => [name, formatDecimal(sums[index] ?? 0n, SCALE)])),
  }));
}

function exact(value: unknown): bigint {
  if (value === null || value === undefined) return 0n;
  const number = parseDecimal(textOf(value), SCALE);
  if (number === undefined) throw Failure.system('A result has a sum that is no decimal number.');
  return number;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}
