import type { Database } from '../database/database';
import type { FeePayer, Mapping, TableMapping } from '../file/mapping';
import { WalletSql } from '../wallet/wallet-sql';
import type { CatalogueTable } from '../database/catalogue';
import { note, wrong, type Finding } from './finding';

/** What completed transactions add to each wallet: the sender's amount and fee, the receiver's amount, the fee wallet's fee. */
function movements(): string {
  return `select transaction_id, source_wallet_id as wallet_id, -amount - (fee - destination_fee) as amount from moved
    union all select transaction_id, destination_wallet_id, amount - destination_fee from moved
    union all select transaction_id, fees.wallet_id, fee from moved join fees on fees.source_currency = moved.source_currency where fee <> 0`;
}

export function movedWith(wallet: WalletSql): string {
  return `with held as materialized (${wallet.wallets()}),
    fees as (select distinct on (source_currency) source_currency, wallet_id from held where kind = 'fee'
      order by source_currency, cast(wallet_id as ${wallet.mapping.keyType})),
    moved as materialized (select * from (${wallet.transactions()}) as t where status = 'completed'),
    movements as (${movements()}),
    summed as (select wallet_id, sum(amount) as amount from movements group by wallet_id)`;
}

interface Agreement {
  readonly wallets: number;
  readonly agreeing: number;
}

async function agreementOf(database: Database, wallet: WalletSql): Promise<Agreement> {
  const row = await database.row(
    'Comparing balances with movements',
    `${movedWith(wallet)} select count(*) as wallets, count(*) filter (where held.balance = coalesce(summed.amount, 0)) as agreeing
     from held left join summed on summed.wallet_id = held.wallet_id where not is_virtual`,
  );
  return { wallets: Number(row.wallets), agreeing: Number(row.agreeing) };
}

export interface BalanceCheck {
  readonly findings: readonly Finding[];
  /** Balances are what movements add up to, in all wallets. */
  readonly proven: boolean;
}

/** Balances against what movements add up to; where they differ, by which other rule they would not. */
export async function checkBalances(
  database: Database,
  wallet: WalletSql,
  catalogue: readonly CatalogueTable[],
): Promise<BalanceCheck> {
  const found: Finding[] = [];
  const fees = await database.rows(
    'Looking at fees',
    `${movedWith(wallet)} select moved.source_currency as currency, count(*) as rows from moved
     left join fees on fees.source_currency = moved.source_currency where fee <> 0 and fees.wallet_id is null group by 1 order by 1`,
  );
  for (const row of fees) {
    found.push(
      wrong(
        'values.wallet_kind',
        Number(row.rows),
        `transactions in ${row.currency ?? ''} have a fee, and no wallet of kind fee in that currency gets it: double entry does not balance`,
      ),
    );
  }
  if (wallet.column('wallets', 'balance') === undefined) {
    return {
      findings: [
        ...found,
        note('tables.wallets.columns.balance', 0, 'the wallet keeps no balance, so movements cannot be proven by it'),
      ],
      proven: false,
    };
  }
  const now = await agreementOf(database, wallet);
  if (now.agreeing === now.wallets) return { findings: found, proven: now.wallets > 0 };
  found.push(
    wrong(
      'tables.transactions',
      now.wallets - now.agreeing,
      `of ${now.wallets} wallets have a balance that completed transactions do not add up to`,
    ),
  );
  for (const [rule, changed] of otherRules(wallet.mapping)) {
    const then = await agreementOf(database, new WalletSql(changed, catalogue));
    if (then.agreeing > now.agreeing) {
      found.push(
        note(
          'tables.transactions',
          then.agreeing - now.agreeing,
          `more wallets would agree if ${rule}${then.agreeing === then.wallets ? ': then all do' : ''}`,
        ),
      );
    }
  }
  return { findings: found, proven: false };
}

/** The mapping with one thing changed that wallets differ in. */
function otherRules(mapping: Mapping): readonly (readonly [string, Mapping])[] {
  const rules: (readonly [string, Mapping])[] = [];
  const { transactions } = mapping.tables;
  const operations = transactions?.operations;
  // Legs say who pays what, and which way.
  if (operations?.kind !== 'legs') rules.push(...otherFeePayers(mapping));
  const [source, destination] = [transactions?.columns.source_wallet_id, transactions?.columns.destination_wallet_id];
  const changed = (more: Partial<TableMapping>): Mapping => ({
    ...mapping,
    tables: {
      ...mapping.tables,
      ...(transactions === undefined ? {} : { transactions: { ...transactions, ...more } }),
    },
  });
  if (transactions !== undefined && source !== undefined && destination !== undefined) {
    const columns = { ...transactions.columns, source_wallet_id: destination, destination_wallet_id: source };
    rules.push(['source and destination were swapped', changed({ columns })]);
    if (transactions.deletedWhen !== undefined)
      rules.push(['deleted transactions counted (no deleted_when)', changed({ deletedWhen: undefined })]);
  }
  if (operations?.kind === 'legs') {
    const negated = { ...operations, amount: `-(${operations.amount})` };
    rules.push(['the sign of legs were the other way round', changed({ operations: negated })]);
  }
  for (const [value, meaning] of Object.entries(mapping.values.transaction_status ?? {})) {
    const other = meaning === 'completed' ? 'failed' : 'completed';
    const statuses = { ...mapping.values.transaction_status, [value]: other };
    rules.push([
      `status ${value} were ${other}`,
      { ...mapping, values: { ...mapping.values, transaction_status: statuses } },
    ]);
  }
  return rules;
}

/** The mapping with each other payer of fees. */
function otherFeePayers(mapping: Mapping): readonly (readonly [string, Mapping])[] {
  const { feePaidBy } = mapping;
  const payer = (other: FeePayer): Mapping => ({ ...mapping, feePaidBy: other });
  const rules: (readonly [string, Mapping])[] = [];
  if (feePaidBy.kind !== 'source')
    rules.push(['the sender paid every fee (fee_paid_by: source)', payer({ kind: 'source' })]);
  if (feePaidBy.kind !== 'destination')
    rules.push(['the receiver paid every fee (fee_paid_by: destination)', payer({ kind: 'destination' })]);
  if (feePaidBy.kind === 'by_column') {
    const values = Object.fromEntries(
      Object.entries(feePaidBy.values).map(([value, side]) => [
        value,
        side === 'source' ? ('destination' as const) : ('source' as const),
      ]),
    );
    rules.push(['fee_paid_by were the other way round', payer({ ...feePaidBy, values })]);
  }
  return rules;
}
