import type { Input, InputTypes } from '../inputs/input-types';
import { identifier } from './sql-text';

type MovementColumn = readonly [name: string, type: string, from: string];

/** Who acted: the receiver of a top-up or refund, the payer of everything else (as in dbt's int_transactions). */
function acting(column: string): string {
  return `CASE WHEN t.\`type\` IN ('top_up', 'refund') THEN COALESCE(receiver.${column}, payer.${column}) ELSE COALESCE(payer.${column}, receiver.${column}) END`;
}

/**
 * `movements`: transactions with the owners of both wallets and the customer who acted; where customers and merchants are
 * read, with their countries and categories, as the e-wallet has them now.
 *
 * The columns go through one ROW value: the planner would else push each reader's own choice of columns and rows below
 * the joins, and then keep the joins' state once for every result instead of once.
 */
export function movementViews(inputs: readonly Input[], types: InputTypes): readonly string[] {
  const transactions = inputs.find((input) => input.name === 'transactions')?.columns ?? new Map<string, string>();
  const isEnriched = inputs.some(({ name }) => name === 'merchants');
  const money = transactions.get('amount') ?? `DECIMAL(38, ${types.moneyScale})`;
  const columns: readonly MovementColumn[] = [
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
    ['customer_id', types.userId, acting('user_id')],
    ...(isEnriched ? enrichedColumns(types) : []),
  ];
  const rowType = columns.map(([name, type]) => `${identifier(name)} ${type}`).join(', ');
  const parties = isEnriched ? 'parties' : 'owners';
  return [
    ...(isEnriched ? [PARTIES] : []),
    `CREATE TEMPORARY VIEW joined AS
SELECT CAST(ROW(${columns.map(([, , from]) => from).join(', ')}) AS ROW<${rowType}>) AS movement
FROM transactions AS t
LEFT JOIN ${parties} AS payer ON t.source_wallet_id = payer.id
LEFT JOIN ${parties} AS receiver ON t.destination_wallet_id = receiver.id;`,
    `CREATE TEMPORARY VIEW movements AS
SELECT ${columns.map(([name]) => `joined.movement.${identifier(name)} AS ${identifier(name)}`).join(', ')}
FROM joined;`,
  ];
}

/** Joined to wallets first, which are few: then each transaction is joined no more often than without. */
const PARTIES = `CREATE TEMPORARY VIEW parties AS
SELECT o.id, o.kind, o.user_id, c.country AS user_country, o.merchant_id, m.category AS merchant_category, m.country AS merchant_country
FROM owners AS o
LEFT JOIN customers AS c ON o.user_id = c.id
LEFT JOIN merchants AS m ON o.merchant_id = m.id;`;

function enrichedColumns(types: InputTypes): readonly MovementColumn[] {
  const ofMerchant = (column: string): string => `COALESCE(receiver.${column}, payer.${column})`;
  return [
    ['failure_reason', 'STRING', 't.failure_reason'],
    ['customer_country', 'STRING', acting('user_country')],
    ['merchant_id', types.merchantId, ofMerchant('merchant_id')],
    ['merchant_category', 'STRING', ofMerchant('merchant_category')],
    ['merchant_country', 'STRING', ofMerchant('merchant_country')],
  ];
}
