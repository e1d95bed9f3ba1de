import type { Database } from '../database/database';
import type { WalletSql } from '../wallet/wallet-sql';
import { note, wrong, type Finding } from './finding';

/** Currencies without meaning or scale, amounts that are in other units than the mapping says, rows without what every row needs. */
export async function checkAmounts(database: Database, wallet: WalletSql): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const { mapping } = wallet;
  const transactions = wallet.present('transactions');
  const used = await database.rows(
    'Counting currencies',
    `select currency, sum(rows) as rows, sum(fractions) as fractions from (
       select cast(${wallet.or('transactions', 'currency')} as text) as currency, count(*) as rows,
         count(*) filter (where cast(${wallet.or('transactions', 'amount')} as numeric) <> trunc(cast(${wallet.or('transactions', 'amount')} as numeric))) as fractions
       from ${transactions} group by 1
       union all
       select cast(${wallet.or('wallets', 'currency')} as text), count(*), 0 from ${wallet.rows('wallets')} group by 1
     ) as counted group by currency order by 2 desc`,
  );
  for (const { currency, rows, fractions } of used) {
    const where = `currencies.${currency ?? '(null)'}`;
    const line = currency === null || currency === undefined ? undefined : mapping.currencies[currency];
    if (line?.iso === undefined)
      found.push(wrong(`${where}.iso`, Number(rows), 'it is not said which currency this is'));
    if (line?.divisor === undefined)
      found.push(wrong(`${where}.minor_unit_divisor`, Number(rows), 'it is not said how many units are one'));
    if (line?.rate === undefined && mapping.exchangeRatesFile === undefined)
      found.push(
        wrong(`${where}.rate_to_usd`, Number(rows), 'it has no rate: nothing can be summed in the reporting currency'),
      );
    if ((line?.divisor ?? 1) !== 1 && Number(fractions) > 0) {
      found.push(
        wrong(
          `${where}.minor_unit_divisor`,
          Number(fractions),
          `amounts have a fraction, so they are not in units of which ${line?.divisor ?? ''} are one`,
        ),
      );
    }
  }
  if (!Object.values(mapping.currencies).some((each) => each.iso === mapping.reportingCurrency)) {
    found.push(
      wrong(
        'wallet.reporting_currency',
        0,
        mapping.reportingCurrency === ''
          ? 'is missing'
          : `${mapping.reportingCurrency} is none of the wallet’s currencies: give it a line in currencies, with its rate`,
      ),
    );
  }
  const zone = await database.row(
    'Checking the time zone',
    'select count(*) as known from pg_timezone_names where name = $1',
    [mapping.reportingTimeZone],
  );
  if (Number(zone.known) === 0)
    found.push(
      wrong(
        'wallet.reporting_time_zone',
        0,
        `${JSON.stringify(mapping.reportingTimeZone)} is no time zone that PostgreSQL knows`,
      ),
    );
  const rows = await database.row(
    'Looking at transactions',
    `select count(*) filter (where amount is null) as no_amount, count(*) filter (where amount < 0) as negative,
       count(*) filter (where created_at is null) as undated, count(*) filter (where source_wallet_id is null or destination_wallet_id is null) as one_sided,
       count(*) filter (where source_wallet_id = destination_wallet_id) as to_itself, count(*) filter (where settled_at < created_at) as backwards,
       count(*) filter (where created_at > now() + interval '1 day') as ahead
     from (${wallet.transactions()}) as t`,
  );
  const said: readonly (readonly [string, string, string, Finding['kind']])[] = [
    ['no_amount', 'amount', 'have no amount in main units', 'wrong'],
    [
      'negative',
      'amount',
      'have a negative amount: the sign says the direction in this wallet, so swap the sides by it and take abs()',
      'wrong',
    ],
    ['undated', 'created_at', 'have no created_at', 'wrong'],
    ['one_sided', 'source_wallet_id', 'have one side only: money comes from nowhere or goes there', 'wrong'],
    ['to_itself', 'source_wallet_id', 'go from a wallet to itself', 'note'],
    ['backwards', 'settled_at', 'ended before they began', 'note'],
    ['ahead', 'created_at', 'are more than a day ahead of the clock: another zone? (wallet.source_time_zone)', 'wrong'],
  ];
  for (const [name, column, what, kind] of said) {
    const count = Number(rows[name]);
    if (count > 0) found.push((kind === 'wrong' ? wrong : note)(`tables.transactions.columns.${column}`, count, what));
  }
  return found;
}
