import { quoteLiteral } from '@ewallet/postgres';
import type { Database } from '../database/database';
import type { WalletSql } from '../wallet/wallet-sql';
import { movedWith } from './check-balances';
import { wrong, type Finding } from './finding';

/** The wallet's own ledger: whether it balances, and whether it books what the mapping says that transactions move. */
export async function checkEntries(database: Database, wallet: WalletSql): Promise<readonly Finding[]> {
  const { entries } = wallet.mapping;
  if (entries === undefined) return [];
  const found: Finding[] = [];
  const ledger = wallet.latest(entries.table, wallet.keyColumn(entries.table) ?? 'id');
  const broken = await database.complaint(
    `select ${entries.transaction}, ${entries.wallet}, ${entries.amount} as amount from ${ledger}`,
  );
  if (broken !== undefined) return [wrong('entries', 0, `does not run: ${broken}`)];
  const unbalanced = await database.row(
    'Adding the ledger up by transaction',
    `select count(*) as rows from (select ${entries.transaction} from ${ledger} group by ${entries.transaction} having sum(${entries.amount}) <> 0) as off`,
  );
  if (Number(unbalanced.rows) > 0)
    found.push(wrong('entries.amount', Number(unbalanced.rows), 'transactions whose entries do not add up to zero'));
  const booked = await database.rows(
    'Comparing the ledger with statuses',
    `select t.source_status as value, t.status, count(*) as rows, count(*) filter (where booked.id is not null) as booked
     from (${wallet.transactions()}) as t
     left join (select distinct cast(${entries.transaction} as text) as id from ${ledger}) as booked on booked.id = t.transaction_id
     group by 1, 2 order by 1`,
  );
  for (const row of booked) {
    const missing = Number(row.rows) - Number(row.booked);
    const where = `values.transaction_status.${row.value ?? ''}`;
    if (row.status === 'completed' && missing > 0)
      found.push(wrong(where, missing, 'count as completed, and the ledger has no entry of them'));
    if (row.status !== 'completed' && Number(row.booked) > 0)
      found.push(
        wrong(where, Number(row.booked), `count as ${row.status ?? 'unmapped'}, and the ledger has booked them`),
      );
  }
  const scale = `(case held.source_currency ${Object.entries(wallet.mapping.currencies)
    .map(([name, each]) => `when ${quoteLiteral(name).trim()} then ${each.divisor ?? 'null'}`)
    .join(' ')} end)`;
  if (Object.keys(wallet.mapping.currencies).length === 0) return found;
  const differing = await database.row(
    'Comparing the ledger with movements',
    `${movedWith(wallet)} select count(*) as rows from (
       select coalesce(m.transaction_id, b.transaction_id) as transaction_id
       from (select transaction_id, wallet_id, sum(amount) as amount from movements group by 1, 2) as m
       full join (
         select cast(${entries.transaction} as text) as transaction_id, cast(${entries.wallet} as text) as wallet_id, sum(cast(${entries.amount} as numeric)) as units
         from ${ledger} group by 1, 2
       ) as b on b.transaction_id = m.transaction_id and b.wallet_id = m.wallet_id
       left join held on held.wallet_id = coalesce(m.wallet_id, b.wallet_id)
       where coalesce(m.amount, 0) <> coalesce(b.units / ${scale}, 0)
     ) as differing`,
  );
  if (Number(differing.rows) > 0)
    found.push(
      wrong('entries', Number(differing.rows), 'entries differ from what the mapping says that transactions move'),
    );
  return found;
}
