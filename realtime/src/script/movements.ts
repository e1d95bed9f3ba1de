import type { Input, InputTypes } from '../inputs/input-types';
import { identifier } from './sql-text';

/**
 * `movements`: transactions with the owners of both wallets. A transaction's customer is who acted: the receiver of a
 * top-up or refund, the payer of everything else (as in dbt's int_transactions).
 *
 * The columns go through one ROW value: the planner would else push each reader's own choice of columns and rows below
 * the joins, and then keep the joins' state once for every result instead of once.
 */
export function movementViews(inputs: readonly Input[], types: InputTypes): readonly string[] {
  const transactions = inputs.find((input) => input.name === 'transactions')?.columns ?? new Map<string, string>();
  const money = transactions.get('amount') ?? `DECIMAL(38, ${types.moneyScale})`;
  const columns: readonly (readonly [name: string, type: string, from: string])[] = [
    ['id', types.transactionId, 't.id'],
    ['type', 'STRING', 't.`type`'],
    ['status', 'STRING', 't.status'],
    ['channel', 'STRING', 't.channel'],
    ['currency', 'STRING', 't.currency'],
    ['amount', money, 't.amount'],
    ['fee', transactions.get('fee') ?? money, 't.fee'],
    ['created_at', 'BIGINT', 't.created_at'],
    ['settled_at', 'BIGINT', 't.settled_at'],
    ['source_wallet_id', types.walletId, 't.source_wallet_id'],
    ['source_kind', 'STRING', 'payer.kind'],
    ['source_user_id', types.userId, 'payer.user_id'],
    ['destination_wallet_id', types.walletId, 't.destination_wallet_id'],
    ['destination_kind', 'STRING', 'receiver.kind'],
    ['destination_user_id', types.userId, 'receiver.user_id'],
    [
      'customer_id',
      types.userId,
      "CASE WHEN t.`type` IN ('top_up', 'refund') THEN COALESCE(receiver.user_id, payer.user_id) ELSE COALESCE(payer.user_id, receiver.user_id) END",
    ],
  ];
  const rowType = columns.map(([name, type]) => `${identifier(name)} ${type}`).join(', ');
  return [
    `CREATE TEMPORARY VIEW joined AS
SELECT CAST(ROW(${columns.map(([, , from]) => from).join(', ')}) AS ROW<${rowType}>) AS movement
FROM transactions AS t
LEFT JOIN owners AS payer ON t.source_wallet_id = payer.id
LEFT JOIN owners AS receiver ON t.destination_wallet_id = receiver.id;`,
    `CREATE TEMPORARY VIEW movements AS
SELECT ${columns.map(([name]) => `joined.movement.${identifier(name)} AS ${identifier(name)}`).join(', ')}
FROM joined;`,
  ];
}
