import { Failure } from '@ewallet/failure';
import { quoteQualified } from '@ewallet/postgres';
import { readCatalogue } from '../database/catalogue';
import type { Database, Row } from '../database/database';
import type { Mapping } from '../file/mapping';
import { WalletSql } from '../wallet/wallet-sql';

/** One transaction from its row in the wallet to the marts: what is read, what it means, where the money goes, what dbt made of it. */
export async function explain(database: Database, mapping: Mapping, key: string): Promise<string> {
  const wallet = new WalletSql(mapping, await readCatalogue(database, mapping.schema));
  const [read] = await database.rows(
    'Reading the transaction',
    `select t.*, t.type as means_type, amount - destination_fee as receives, amount + fee - destination_fee as pays
     from (${wallet.transactions()}) as t where transaction_id = $1`,
    [key],
  );
  if (read === undefined) {
    const id = wallet.or('transactions', 'id');
    const [raw] = await database.rows(
      'Looking for the row',
      `select 1 as found from ${wallet.rows('transactions')} where cast(${id} as text) = $1`,
      [key],
    );
    throw Failure.config(
      raw === undefined
        ? `${mapping.tables.transactions?.table ?? 'transactions'} has no row with the key ${key} (by \`rows\`, in its latest version).`
        : `The transaction ${key} counts as deleted: \`tables.transactions.deleted_when\` is true for it, so it is in no mart.`,
    );
  }
  const wallets = await database.rows(
    'Reading its wallets',
    `select * from (${wallet.wallets()}) as w where wallet_id in ($1, $2)`,
    [read.source_wallet_id, read.destination_wallet_id],
  );
  const side = (id: string | null | undefined): string => {
    const found = wallets.find((each) => each.wallet_id === id);
    if (found === undefined) return `${id ?? 'null'} (no such wallet)`;
    return `${id ?? ''} (${found.source_kind ?? 'null'} = ${found.kind ?? 'unmapped'})`;
  };
  const show = (name: string): string => plain(read[name]);
  const lines = [
    `In the wallet (${mapping.schema}.${mapping.tables.transactions?.table ?? ''}):`,
    `  type ${show('source_type')}, status ${show('source_status')}, channel ${show('source_channel')}, currency ${show('source_currency')}`,
    'By the mapping:',
    `  a ${read.means_type ?? 'unmapped'}, ${read.status ?? 'unmapped'}, of ${show('amount')} ${read.currency ?? '?'}, fee ${show('fee')}, of which the receiver pays ${show('destination_fee')}`,
    `  made ${show('created_at')}, ended ${show('settled_at')}${read.failure_reason === null ? '' : `, because ${show('failure_reason')}`}`,
    ...(read.refund_of === null ? [] : [`  gives back ${show('refund_of')}`]),
    `  from ${side(read.source_wallet_id)}, to ${side(read.destination_wallet_id)}`,
    read.status === 'completed'
      ? `  moves: the sender −${show('pays')}, the receiver +${show('receives')}, the fee wallet +${show('fee')}`
      : '  moves nothing, as it is not completed',
    ...(await booked(database, mapping, key)),
    ...(await inMarts(database, key)),
    '',
  ];
  return lines.join('\n');
}

async function booked(database: Database, mapping: Mapping, key: string): Promise<readonly string[]> {
  const { entries } = mapping;
  if (entries === undefined) return [];
  const rows = await database.rows(
    'Reading its entries',
    `select cast(${entries.wallet} as text) as wallet, cast(${entries.amount} as text) as amount
     from ${quoteQualified(mapping.schema, entries.table)} where cast(${entries.transaction} as text) = $1 order by 2`,
    [key],
  );
  return [
    `In the ledger (${entries.table}, in its own units):`,
    ...(rows.length === 0 ? ['  nothing'] : rows.map((row) => `  ${plain(row.wallet)}: ${plain(row.amount)}`)),
  ];
}

async function inMarts(database: Database, key: string): Promise<readonly string[]> {
  const { there } = await database.row(
    'Looking for the marts',
    `select to_regclass('marts.fct_transactions') is not null as there`,
  );
  if (there !== 't') return ['In the marts: dbt has not built them yet (npm run dbt -- build).'];
  const [row] = await database.rows(
    'Reading the mart',
    `select transaction_type, transaction_status, currency, amount, fee_amount, net_amount, net_amount_reporting, transaction_date, user_id, merchant_id
     from marts.fct_transactions where cast(transaction_id as text) = $1`,
    [key],
  );
  if (row === undefined) {
    return [
      'In the marts: not there. It landed after the last build, or was set aside: marts.set_aside_rows says by which rule.',
    ];
  }
  return ['In marts.fct_transactions:', `  ${described(row)}`];
}

function described(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => `${name} ${plain(value)}`)
    .join(', ');
}

/** A value's text; of a numeric without the zeros that a division leaves. */
function plain(value: string | null | undefined): string {
  if (value === null || value === undefined) return 'null';
  return /^-?\d+\.\d+$/.test(value) ? value.replace(/0+$/, '').replace(/\.$/, '') : value;
}
