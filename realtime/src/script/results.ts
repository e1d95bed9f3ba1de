import type { ProductName } from '../config/realtime-config';
import type { InputTypes } from '../inputs/input-types';
import { balanceChecksQuery } from './balance-checks';
import { sessionsQuery } from './sessions';
import { floorTo, MICROS_PER_MINUTE } from '../inputs/time';
import { transactionEventsQuery } from './transaction-events';

const VELOCITY_MINUTES = 10;
const VELOCITY_HOP_MINUTES = 5;

/** The query of every result but alerts, whose signals have one each. */
export function resultQuery(name: Exclude<ProductName, 'alerts'>, types: InputTypes): string {
  switch (name) {
    case 'minute_volumes':
      return `SELECT minute_start, transaction_type, transaction_status, transaction_currency, COUNT(*), SUM(amount), SUM(fee)
FROM (
  SELECT ${floorTo('COALESCE(created_at, 0)', MICROS_PER_MINUTE)} AS minute_start, COALESCE(\`type\`, '') AS transaction_type,
    COALESCE(status, '') AS transaction_status, COALESCE(currency, '') AS transaction_currency, amount, fee
  FROM transactions
)
GROUP BY minute_start, transaction_type, transaction_status, transaction_currency`;
    case 'wallet_velocity': {
      // Each transaction lies in two windows of ten minutes, one starting every five.
      const hop = VELOCITY_HOP_MINUTES * MICROS_PER_MINUTE;
      const length = VELOCITY_MINUTES * MICROS_PER_MINUTE;
      const windows = [0, hop].map(
        (
          back,
        ) => `  SELECT source_wallet_id AS wallet_id, ${floorTo('created_at', hop)} - ${back} AS window_start, amount
  FROM transactions
  WHERE \`type\` IN ('transfer', 'payment', 'withdrawal') AND source_wallet_id IS NOT NULL AND created_at IS NOT NULL`,
      );
      return `SELECT wallet_id, window_start, window_start + ${length}, COUNT(*), SUM(amount)
FROM (
${windows.join('\n  UNION ALL\n')}
)
GROUP BY wallet_id, window_start
HAVING COUNT(*) >= 2`;
    }
    case 'transaction_events':
      return transactionEventsQuery();
    case 'balance_checks':
      return balanceChecksQuery(types);
    case 'sessions':
      return sessionsQuery();
    default:
      return name satisfies never;
  }
}
