import type { Database } from '../database/database';
import { DOMAINS, type Domain } from '../model/domains';
import type { Role } from '../model/roles';
import type { WalletSql } from '../wallet/wallet-sql';
import { note, wrong, type Finding } from './finding';

const CODES: readonly (readonly [Role, string, Domain])[] = [
  ['wallets', 'kind', 'wallet_kind'],
  ['transactions', 'type', 'transaction_type'],
  ['transactions', 'status', 'transaction_status'],
  ['transactions', 'channel', 'channel'],
  ['wallets', 'status', 'wallet_status'],
  ['users', 'status', 'user_status'],
  ['merchants', 'status', 'merchant_status'],
  ['merchants', 'category', 'merchant_category'],
  ['user_activity', 'event', 'activity_event'],
];

/** Values without a meaning, and meanings that the models do not know. */
export async function checkValues(database: Database, wallet: WalletSql): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const [role, name, domain] of CODES) {
    const expression = wallet.column(role, name);
    const lines = wallet.mapping.values[domain] ?? {};
    // Trades are the wallet's own to name; of the rest the models know only these.
    const known = Object.keys(DOMAINS[domain].values);
    for (const [value, meaning] of Object.entries(lines)) {
      if (meaning === '' || domain === 'merchant_category' || known.includes(meaning)) continue;
      found.push(wrong(`values.${domain}.${value}`, 0, `${meaning} is none of ${known.join(', ')}`));
    }
    if (expression === undefined || !wallet.has(role)) continue;
    const rows = await database.rows(
      `Counting the values of ${role}.${name}`,
      `select value, count(*) as rows from (select cast(${expression} as text) as value from ${wallet.rows(role)}) as counted
       where value is not null group by value order by 2 desc, 1`,
    );
    for (const row of rows) {
      if ((lines[row.value ?? ''] ?? '') !== '') continue;
      found.push(
        wrong(
          `values.${domain}.${row.value ?? ''}`,
          Number(row.rows),
          'no meaning is given: they would be `unmapped` in every figure',
        ),
      );
    }
    const seen = new Set(rows.map((row) => row.value));
    for (const value of Object.keys(lines)) {
      if (!seen.has(value)) found.push(note(`values.${domain}.${value}`, 0, 'no row has this value'));
    }
  }
  return found;
}
