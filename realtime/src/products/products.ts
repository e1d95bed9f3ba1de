import type { ProductName } from '../config/realtime-config';
import type { InputTypes } from '../inputs/input-types';
import { COUNT, TEXT, TIME, type ColumnType } from './column';
import type { Product } from './product';

/** The results' columns; identifiers and money are typed as the e-wallet has them. */
export function productOf(name: ProductName, types: InputTypes): Product {
  const money: ColumnType = { kind: 'money', scale: types.moneyScale };
  const wallet: ColumnType = { kind: 'id', of: types.walletId };
  const user: ColumnType = { kind: 'id', of: types.userId };
  const balance: ColumnType = { kind: 'money', scale: types.balanceScale };
  switch (name) {
    case 'minute_volumes':
      return {
        name,
        key: [
          { name: 'minute', type: TIME },
          { name: 'type', type: TEXT },
          { name: 'status', type: TEXT },
          { name: 'currency', type: TEXT },
        ],
        values: [
          { name: 'transactions', type: COUNT },
          { name: 'amount', type: money },
          { name: 'fee', type: money },
        ],
      };
    case 'wallet_velocity':
      return {
        name,
        key: [
          { name: 'wallet_id', type: wallet },
          { name: 'window_start', type: TIME },
        ],
        values: [
          { name: 'window_end', type: TIME },
          { name: 'transactions', type: COUNT },
          { name: 'amount', type: money },
        ],
      };
    case 'alerts':
      return {
        name,
        key: [{ name: 'alert_id', type: TEXT }],
        values: [
          { name: 'signal', type: TEXT },
          { name: 'customer_id', type: user },
          { name: 'subject', type: TEXT },
          { name: 'window_start', type: TIME },
          { name: 'window_end', type: TIME },
          { name: 'transactions', type: COUNT },
          { name: 'amount', type: money },
          { name: 'currency', type: TEXT },
          { name: 'severity', type: TEXT },
          { name: 'explanation', type: TEXT },
        ],
      };
    case 'transaction_events':
      return {
        name,
        key: [
          { name: 'transaction_id', type: { kind: 'id', of: types.transactionId } },
          { name: 'event', type: TEXT },
        ],
        values: [
          { name: 'occurred_at', type: TIME },
          { name: 'created_at', type: TIME },
          { name: 'type', type: TEXT },
          { name: 'channel', type: TEXT },
          { name: 'failure_reason', type: TEXT },
          { name: 'currency', type: TEXT },
          { name: 'amount', type: money },
          { name: 'fee', type: money },
          { name: 'source_wallet_id', type: wallet },
          { name: 'source_wallet_kind', type: TEXT },
          { name: 'destination_wallet_id', type: wallet },
          { name: 'destination_wallet_kind', type: TEXT },
          { name: 'customer_id', type: user },
          { name: 'customer_country', type: TEXT },
          { name: 'merchant_id', type: { kind: 'id', of: types.merchantId } },
          { name: 'merchant_category', type: TEXT },
          { name: 'merchant_country', type: TEXT },
        ],
      };
    case 'balance_checks':
      return {
        name,
        key: [{ name: 'wallet_id', type: wallet }],
        values: [
          { name: 'wallet_kind', type: TEXT },
          { name: 'customer_id', type: user },
          { name: 'currency', type: TEXT },
          { name: 'balance', type: balance },
          { name: 'movements', type: balance },
          { name: 'difference', type: balance },
          { name: 'unchanged_since', type: TIME },
        ],
      };
    case 'sessions':
      return {
        name,
        key: [
          { name: 'session_id', type: { kind: 'id', of: types.sessionId } },
          { name: 'customer_id', type: user },
        ],
        values: [
          { name: 'started_at', type: TIME },
          { name: 'last_event_at', type: TIME },
          { name: 'events', type: COUNT },
          { name: 'logins', type: COUNT },
          { name: 'pin_failures', type: COUNT },
          { name: 'transactions', type: COUNT },
          { name: 'completed', type: COUNT },
          { name: 'failed', type: COUNT },
          { name: 'first_transaction_at', type: TIME },
          { name: 'stage', type: TEXT },
        ],
      };
    default:
      return name satisfies never;
  }
}
