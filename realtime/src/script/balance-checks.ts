import type { InputTypes } from '../inputs/input-types';

/**
 * Each wallet's balance beside the sum of its movements: a completed transaction takes amount and fee from its source, gives
 * the amount to its destination and the fee to the currency's fee wallet (as in dbt's double_entry). Both sides are summed up
 * in one place by wallet, so that the state is one row per wallet, and a wallet that did not arrive is a row without a balance.
 *
 * Fees are summed up by currency before they meet their wallet: their join has one row per currency.
 */
export function balanceChecksQuery(types: InputTypes): string {
  const money = `DECIMAL(38, ${types.balanceScale})`;
  const side = (columns: {
    readonly wallet: string;
    readonly kind?: string;
    readonly customer?: string;
    readonly currency?: string;
    readonly balance?: string;
    readonly balanceAt?: string;
    readonly movement?: string;
    readonly movedAt?: string;
  }): string =>
    [
      `${columns.wallet} AS wallet_id`,
      `${columns.kind ?? 'CAST(NULL AS STRING)'} AS kind`,
      `${columns.customer ?? `CAST(NULL AS ${types.userId})`} AS customer_id`,
      `${columns.currency ?? 'CAST(NULL AS STRING)'} AS currency`,
      `CAST(${columns.balance ?? 'NULL'} AS ${money}) AS balance`,
      `${columns.balanceAt ?? 'CAST(NULL AS BIGINT)'} AS balance_at`,
      `CAST(${columns.movement ?? 'NULL'} AS ${money}) AS movement`,
      `${columns.movedAt ?? 'CAST(NULL AS BIGINT)'} AS moved_at`,
    ].join(', ');
  const balance = side({
    wallet: 'id',
    kind: 'kind',
    customer: 'user_id',
    currency: 'currency',
    balance: 'balance',
    balanceAt: 'updated_at',
  });
  const movedAt = 'COALESCE(settled_at, created_at)';
  const paid = side({ wallet: 'source_wallet_id', movement: '-(amount + COALESCE(fee, 0))', movedAt });
  const received = side({ wallet: 'destination_wallet_id', movement: 'amount', movedAt });
  const fees = side({ wallet: 'w.wallet_id', movement: 'f.fees' });
  return `SELECT wallet_id, MAX(kind), MAX(customer_id), MAX(currency), SUM(balance), COALESCE(SUM(movement), 0),
  CAST(COALESCE(SUM(balance), 0) - COALESCE(SUM(movement), 0) AS ${money}),
  GREATEST(COALESCE(MAX(balance_at), MAX(moved_at)), COALESCE(MAX(moved_at), MAX(balance_at)))
FROM (
  SELECT ${balance}
  FROM balances
  UNION ALL
  SELECT ${paid}
  FROM transactions
  WHERE status = 'completed' AND source_wallet_id IS NOT NULL
  UNION ALL
  SELECT ${received}
  FROM transactions
  WHERE status = 'completed' AND destination_wallet_id IS NOT NULL
  UNION ALL
  SELECT ${fees}
  FROM (SELECT currency, SUM(fee) AS fees FROM transactions WHERE status = 'completed' AND fee <> 0 GROUP BY currency) AS f
  JOIN (SELECT currency, MIN(id) AS wallet_id FROM balances WHERE kind = 'fee' GROUP BY currency) AS w ON f.currency = w.currency
)
GROUP BY wallet_id`;
}
