import type { Input } from '../inputs/input-types';
import { identifier } from './sql-text';

type MovementColumn = readonly [name: string, from: string];

/** Who acted: the receiver of a top-up or refund, the payer of everything else (as in dbt's int_transactions). */
function acting(column: string): string {
  return `CASE WHEN t.\`type\` IN ('top_up', 'refund') THEN COALESCE(receiver.${column}, payer.${column}) ELSE COALESCE(payer.${column}, receiver.${column}) END`;
}

/**
 * `movements`: transactions with the owners of both wallets and the customer who acted; where customers and merchants are
 * read, with their countries and categories, as the e-wallet has them now.
 */
export function movementViews(inputs: readonly Input[]): readonly string[] {
  const isEnriched = inputs.some(({ name }) => name === 'merchants');
  const columns: readonly MovementColumn[] = [
    ['id', 't.id'],
    ['type', 't.`type`'],
    ['status', 't.status'],
    ['channel', 't.channel'],
    ['currency', 't.currency'],
    ['amount', 't.amount'],
    ['fee', 't.fee'],
    ['created_at', 't.created_at'],
    ['settled_at', 't.settled_at'],
    ['source_wallet_id', 't.source_wallet_id'],
    ['source_kind', 'payer.kind'],
    ['source_user_id', 'payer.user_id'],
    ['destination_wallet_id', 't.destination_wallet_id'],
    ['destination_kind', 'receiver.kind'],
    ['destination_user_id', 'receiver.user_id'],
    ['customer_id', acting('user_id')],
    ...(isEnriched ? enrichedColumns() : []),
  ];
  const parties = isEnriched ? 'parties' : 'owners';
  return [
    ...(isEnriched ? [PARTIES] : []),
    `CREATE TEMPORARY VIEW movements AS
SELECT ${columns.map(([name, from]) => `${from} AS ${identifier(name)}`).join(', ')}
FROM transactions AS t
LEFT JOIN ${parties} AS payer ON t.source_wallet_id = payer.id
LEFT JOIN ${parties} AS receiver ON t.destination_wallet_id = receiver.id;`,
  ];
}

/** Joined to wallets first, which are few: then each transaction is joined no more often than without. */
const PARTIES = `CREATE TEMPORARY VIEW parties AS
SELECT o.id, o.kind, o.user_id, c.country AS user_country, o.merchant_id, m.category AS merchant_category, m.country AS merchant_country
FROM owners AS o
LEFT JOIN customers AS c ON o.user_id = c.id
LEFT JOIN merchants AS m ON o.merchant_id = m.id;`;

function enrichedColumns(): readonly MovementColumn[] {
  const ofMerchant = (column: string): string => `COALESCE(receiver.${column}, payer.${column})`;
  return [
    ['failure_reason', 't.failure_reason'],
    ['customer_country', acting('user_country')],
    ['merchant_id', ofMerchant('merchant_id')],
    ['merchant_category', ofMerchant('merchant_category')],
    ['merchant_country', ofMerchant('merchant_country')],
  ];
}
