import type { Database } from '../database/database';
import type { WalletSql } from '../wallet/wallet-sql';
import { note, wrong, type Finding } from './finding';

/** What rows that are states or legs make, where that needs another line of the mapping. */
export async function checkOperations(database: Database, wallet: WalletSql): Promise<readonly Finding[]> {
  const { operations } = wallet;
  switch (operations?.kind) {
    case undefined:
      return [];
    case 'states': {
      if (operations.parts) return [];
      const { rows } = await database.row(
        'Looking at states',
        `select count(*) as rows from ${wallet.present('transactions')} where ewallet_rows_in_state > 1`,
      );
      if (Number(rows) === 0) return [];
      return [
        note(
          'tables.transactions.states',
          Number(rows),
          'operations have several rows in their last state, of which the last one counts: `parts: yes` if each is a part',
        ),
      ];
    }
    case 'legs': {
      const row = await database.row(
        'Looking at legs',
        `select count(*) filter (where ewallet_pair_number = 2) as several,
           count(*) filter (where ewallet_source_wallet_id is null or ewallet_destination_wallet_id is null) as one_sided
         from ${wallet.present('transactions')}`,
      );
      const found: Finding[] = [];
      if (Number(row.several) > 0 && wallet.mapping.keyType === 'bigint') {
        found.push(
          wrong(
            'wallet.key_type',
            Number(row.several),
            'operations have more than two sides, and a number has no room for the keys of their parts: `key_type: text`',
          ),
        );
      }
      if (Number(row.one_sided) > 0) {
        found.push(
          wrong(
            'tables.wallets.virtual',
            Number(row.one_sided),
            'come from outside or go there, or are fees, and no wallet of kind float or fee in their currency has that side: `virtual: [float, fee]`',
          ),
        );
      }
      return found;
    }
  }
}
