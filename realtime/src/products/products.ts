import type { ProductName } from '../config/realtime-config';
import type { InputTypes } from '../inputs/input-types';
import { COUNT, TEXT, TIME, type ColumnType } from './column';
import type { Product } from './product';

/** The results' columns; identifiers and money are typed as the e-wallet has them. */
export function productOf(name: ProductName, types: InputTypes): Product {
  const money: ColumnType = { kind: 'money', scale: types.moneyScale };
  const wallet: ColumnType = { kind: 'id', of: types.walletId };
  const user: ColumnType = { kind: 'id', of: types.userId };
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
    default:
      return name satisfies never;
  }
}
