import type { Database } from '../database/database';
import type { ControlTotal } from '../file/mapping';
import { quoteLiteral } from '@ewallet/postgres';
import type { WalletSql } from '../wallet/wallet-sql';
import { wrong, type Finding } from './finding';

export interface Totals {
  readonly findings: readonly Finding[];
  /** Questions that matching totals close: scale of a currency, statuses, direction. */
  readonly closed: ReadonlySet<string>;
  readonly matching: number;
}

/** Figures that the person knows from elsewhere, against the same figures by the mapping. */
export async function checkTotals(database: Database, wallet: WalletSql, balancesProven: boolean): Promise<Totals> {
  const findings: Finding[] = [];
  const closed = new Set<string>();
  let matching = 0;
  for (const [index, total] of wallet.mapping.controlTotals.entries()) {
    const found = await compare(database, wallet, total, `control_totals.${index}`);
    if (found.finding !== undefined) {
      findings.push(found.finding);
      continue;
    }
    matching += 1;
    for (const id of found.closes) closed.add(id);
    // A balance that is right, and is what movements add up to, is so by right signs and right statuses.
    if (total.kind === 'wallet' && balancesProven) for (const id of ['direction', 'transaction_status']) closed.add(id);
  }
  return { findings, closed, matching };
}

async function compare(
  database: Database,
  wallet: WalletSql,
  total: ControlTotal,
  where: string,
): Promise<{ readonly finding: Finding | undefined; readonly closes: readonly string[] }> {
  if (total.kind === 'wallet') {
    const rows = await database.rows(
      'Reading a balance',
      `select source_currency, balance, balance = $2 as same from (${wallet.wallets()}) as w where wallet_id = $1`,
      [total.wallet, total.balance],
    );
    const [row] = rows;
    if (row === undefined) return { finding: wrong(where, 0, 'no wallet has this key'), closes: [] };
    if (row.same !== 't')
      return {
        finding: wrong(
          where,
          1,
          `by the mapping the balance is ${plain(row.balance)}, by your figure ${total.balance}`,
        ),
        closes: [],
      };
    return { finding: undefined, closes: Number(total.balance) === 0 ? [] : [`scale.${row.source_currency ?? ''}`] };
  }
  const conditions = [
    `(currency = ${literal(total.currency)} or source_currency = ${literal(total.currency)})`,
    `status = ${literal(total.status)}`,
    ...(total.type === undefined ? [] : [`type = ${literal(total.type)}`]),
    ...(total.from === undefined
      ? []
      : [`created_at at time zone ${literal(wallet.mapping.reportingTimeZone)} >= date ${literal(total.from)}`]),
    ...(total.until === undefined
      ? []
      : [`created_at at time zone ${literal(wallet.mapping.reportingTimeZone)} < date ${literal(total.until)}`]),
  ].join(' and ');
  const row = await database.row(
    'Adding transactions up',
    `select count(*) as count, coalesce(sum(amount), 0) as amount, min(source_currency) as source_currency,
       coalesce(sum(amount), 0) = coalesce(cast($1 as numeric), 0) as same
     from (${wallet.transactions()}) as t where ${conditions}`,
    [total.amount ?? null],
  );
  const what = `${total.type ?? 'all'} ${total.status} in ${total.currency}`;
  if (total.count !== undefined && Number(row.count) !== Number(total.count)) {
    return {
      finding: wrong(
        where,
        Math.abs(Number(row.count) - Number(total.count)),
        `${what}: ${row.count ?? ''} transactions by the mapping, ${total.count} by your figure`,
      ),
      closes: [],
    };
  }
  if (total.amount !== undefined && row.same !== 't') {
    return {
      finding: wrong(
        where,
        Number(row.count),
        `${what}: ${plain(row.amount)} by the mapping, ${total.amount} by your figure`,
      ),
      closes: [],
    };
  }
  return {
    finding: undefined,
    closes: [
      ...(total.amount === undefined || Number(total.amount) === 0 ? [] : [`scale.${row.source_currency ?? ''}`]),
      ...(total.count === undefined || Number(total.count) === 0 ? [] : ['transaction_status']),
    ],
  };
}

function literal(text: string): string {
  return quoteLiteral(text).trim();
}

/** A numeric's text without the zeros that a division leaves. */
function plain(text: string | null | undefined): string {
  return (text ?? 'null').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
