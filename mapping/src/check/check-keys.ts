import type { Database } from '../database/database';
import type { Role } from '../model/roles';
import type { WalletSql } from '../wallet/wallet-sql';
import { note, wrong, type Finding } from './finding';

const REFERENCES: readonly (readonly [Role, string, Role, string])[] = [
  ['transactions', 'source_wallet_id', 'wallets', 'id'],
  ['transactions', 'destination_wallet_id', 'wallets', 'id'],
  ['transactions', 'refund_of_id', 'transactions', 'id'],
  ['wallets', 'user_id', 'users', 'id'],
  ['wallets', 'merchant_id', 'merchants', 'id'],
  ['user_activity', 'user_id', 'users', 'id'],
  ['users', 'referred_by', 'users', 'id'],
];

/** Keys that are not unique (two tables in one, versions), and keys that no row has. */
export async function checkKeys(database: Database, wallet: WalletSql): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const role of Object.keys(wallet.mapping.tables) as Role[]) {
    const key = role === 'currencies' ? 'code' : 'id';
    const row = await database.row(
      `Checking the keys of ${role}`,
      `select count(*) as rows, count(*) - count(key) as missing, count(key) - count(distinct key) as doubled
       from (select ${wallet.or(role, key)} as key from ${wallet.rows(role)}) as keys`,
    );
    const where = `tables.${role}.columns.${key}`;
    if (Number(row.rows) === 0) found.push(note(`tables.${role}`, 0, 'no row is read'));
    if (Number(row.missing) > 0) found.push(wrong(where, Number(row.missing), 'the key is null'));
    if (Number(row.doubled) > 0)
      found.push(
        wrong(
          where,
          Number(row.doubled),
          'more rows than keys: two kinds of rows in one table (`rows` says which are meant), or versions of one row',
        ),
      );
  }
  for (const [child, column, parent, key] of REFERENCES) {
    const reference = wallet.column(child, column);
    if (reference === undefined || !wallet.has(child) || !wallet.has(parent)) continue;
    const { rows } = await database.row(
      `Looking ${child}.${column} up`,
      `select count(*) as rows from (select cast(${reference} as text) as key from ${wallet.present(child)}) as children
       where key is not null and key not in (${keysOf(wallet, parent, key)})`,
    );
    if (Number(rows) > 0)
      found.push(wrong(`tables.${child}.columns.${column}`, Number(rows), `name no row of ${parent}`));
  }
  return found;
}

/** Keys of a role as text; of wallets those of virtual ones too. */
function keysOf(wallet: WalletSql, role: Role, key: string): string {
  if (role === 'wallets') return `select wallet_id from (${wallet.wallets()}) as held where wallet_id is not null`;
  const column = wallet.or(role, key);
  return `select cast(${column} as text) from ${wallet.rows(role)} where ${column} is not null`;
}
