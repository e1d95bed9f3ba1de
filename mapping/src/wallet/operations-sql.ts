import type { Operations } from '../file/operations';
import { ROWS } from './expression';

/** Columns of the transactions' table as SQL over its own rows. */
export interface LandedColumns {
  readonly id: string;
  readonly createdAt: string;
  readonly status: string;
  readonly currency: string;
  readonly amount: string;
  readonly fee: string;
}

/** What operations are worked out from. */
interface OperationsOver {
  /** The table's rows, as a from item. */
  readonly rows: string;
  readonly columns: LandedColumns;
  /** A query that gives wallet_id (text), kind and source_currency. */
  readonly wallets: string;
  readonly keyType: 'uuid' | 'bigint' | 'text';
}

/**
 * Operations of rows that are states or legs of them, as dbt/macros/operations.sql works them out, with keys as text.
 *
 * The same SQL is written in both places. `propose`, `check` and `explain` run where there is no Python and before a model is built,
 * so they cannot ask dbt; and the macro serves people who write dbt's variables by hand, so it cannot be made from this. A test runs
 * both over wallets of each kind and compares every row (test/integration/mapping/operations.test.ts).
 */
export function operationsSql(operations: Operations, over: OperationsOver): string {
  switch (operations.kind) {
    case 'states':
      return states(operations, over.rows, over.columns);
    case 'legs':
      return legs(operations, over);
  }
}

function states(
  { operation, order, parts }: Extract<Operations, { kind: 'states' }>,
  rows: string,
  columns: LandedColumns,
): string {
  const sums = parts
    ? `, sum(${columns.amount}) over last_state as ewallet_amount, sum(${columns.fee}) over last_state as ewallet_fee`
    : '';
  return `(select distinct on (ewallet_operation_id) * from (
      select ${ROWS}.*, ${operation} as ewallet_operation_id, row_number() over states as ewallet_state_number,
        first_value(${columns.createdAt}) over states as ewallet_created_at,
        count(*) over last_state as ewallet_rows_in_state${sums}
      from ${rows}
      window states as (partition by ${operation} order by ${order}, ${columns.id}),
        last_state as (partition by ${operation}, ${columns.status})
    ) as states order by ewallet_operation_id, ewallet_state_number desc) as ${ROWS}`;
}

function legs(how: Extract<Operations, { kind: 'legs' }>, { rows, columns, wallets, keyType }: OperationsOver): string {
  const first = (kind: string): string =>
    `(array_agg(wallet_id order by cast(wallet_id as ${keyType})) filter (where kind = '${kind}'))[1]`;
  const further = `numbered.ewallet_operation || ':' || numbered.pair_number`;
  const key = keyType === 'uuid' ? `cast(cast(md5(${further}) as uuid) as text)` : further;
  const order = [...(how.order === undefined ? [] : [how.order]), columns.id].join(', ');
  return `(with legs as materialized (
      select ${ROWS}.*, cast(${how.operation} as text) as ewallet_operation, cast(${columns.currency} as text) as ewallet_currency,
        cast(${how.wallet} as text) as ewallet_wallet_id, cast(${how.amount} as numeric) as ewallet_leg_amount,
        ${how.chargeWhen === undefined ? 'false' : `(${how.chargeWhen}) is true`} as ewallet_is_charge,
        row_number() over (partition by ${how.operation} order by ${order}) as ewallet_leg_number
      from ${rows}
    ), counterparts as (
      select source_currency, ${first('float')} as outside_wallet_id, ${first('fee')} as fee_wallet_id
      from (${wallets}) as wallets group by source_currency
    ), booked as (
      select ewallet_operation, ewallet_currency, counterparts.fee_wallet_id, sides.wallet_id, sum(sides.amount) as amount
      from legs left join counterparts on ewallet_currency = counterparts.source_currency
      cross join lateral (values (ewallet_wallet_id, ewallet_leg_amount),
        (case when ewallet_is_charge then counterparts.fee_wallet_id else counterparts.outside_wallet_id end, -ewallet_leg_amount)
      ) as sides (wallet_id, amount)
      group by 1, 2, 3, 4
    ), spans as (
      select *, amount < 0 as gives, sum(abs(amount)) over same_side - abs(amount) as span_from, sum(abs(amount)) over same_side as span_until
      from booked where amount <> 0
      window same_side as (partition by ewallet_operation, ewallet_currency, amount < 0
        order by coalesce(wallet_id = fee_wallet_id, false), cast(wallet_id as ${keyType}))
    ), pairs as (
      select giver.ewallet_operation, giver.ewallet_currency, giver.wallet_id as source_wallet_id, receiver.wallet_id as destination_wallet_id,
        least(giver.span_until, receiver.span_until) - greatest(giver.span_from, receiver.span_from) as amount,
        coalesce(receiver.wallet_id = receiver.fee_wallet_id, false) as is_fee
      from spans as giver join spans as receiver on giver.ewallet_operation = receiver.ewallet_operation
        and giver.ewallet_currency = receiver.ewallet_currency
        and giver.span_from < receiver.span_until and receiver.span_from < giver.span_until
      where giver.gives and not receiver.gives
    ), of_givers as (
      select *, sum(case when is_fee then amount else 0 end) over giver as fee_of_giver, bool_and(is_fee) over giver as gives_fees_only,
        row_number() over (giver order by is_fee, destination_wallet_id) as number_of_giver
      from pairs window giver as (partition by ewallet_operation, ewallet_currency, source_wallet_id)
    ), numbered as (
      select *, case when number_of_giver = 1 and not is_fee then fee_of_giver else 0 end as fee,
        row_number() over (partition by ewallet_operation
          order by ewallet_currency, cast(source_wallet_id as ${keyType}), cast(destination_wallet_id as ${keyType})) as pair_number
      from of_givers where not is_fee or gives_fees_only
    )
    select first_legs.*, case when numbered.pair_number = 1 then numbered.ewallet_operation else ${key} end as ewallet_operation_id,
      numbered.source_wallet_id as ewallet_source_wallet_id, numbered.destination_wallet_id as ewallet_destination_wallet_id,
      numbered.amount as ewallet_amount, numbered.fee as ewallet_fee, numbered.pair_number as ewallet_pair_number
    from numbered join (select distinct on (ewallet_operation, ewallet_currency) * from legs
      order by ewallet_operation, ewallet_currency, ewallet_leg_number) as first_legs
      on numbered.ewallet_operation = first_legs.ewallet_operation and numbered.ewallet_currency = first_legs.ewallet_currency
  ) as ${ROWS}`;
}
