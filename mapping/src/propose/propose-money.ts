import { quoteLiteral } from '@ewallet/postgres';
import type { TableProfile } from '../database/profile';
import { currencyOf } from '../model/currency';
import { add, columnOf, tableOf, type Context } from './context';
import { percent, rowsOf } from '../model/shown';
import { feePayerByEntries, payerColumns } from './fee-payer';
import { nameScore, wordsOf } from './names';

/** Each currency with its divisor, evidence from prices, and a question that only a control total closes. */
export async function proposeCurrencies(context: Context): Promise<void> {
  const transactions = tableOf(context, 'transactions');
  const wallets = tableOf(context, 'wallets');
  const amount = context.columns.transactions?.get('amount')?.column;
  const currency = columnOf(context, 'transactions', 'currency');
  const walletCurrency = columnOf(context, 'wallets', 'currency');
  if (transactions === undefined || wallets === undefined || amount === undefined || walletCurrency === undefined)
    return;
  const { how } = context.operations ?? {};
  const payer = how?.kind === 'legs' ? how.wallet : columnOf(context, 'transactions', 'source_wallet_id');
  const walletKey = columnOf(context, 'wallets', 'id');
  if (currency === undefined && (payer === undefined || walletKey === undefined)) return;
  const by =
    currency ??
    `(select w.${walletCurrency} from ${wallets.sql} as w where w.${walletKey ?? ''} = moved.${payer ?? ''})`;
  const rows = await context.database.rows(
    'Looking at amounts by currency',
    `select coalesce(priced.currency, held.currency) as currency, coalesce(priced.rows, 0) as rows, priced.fractions, priced.hundreds,
       priced.median, priced.largest
     from (select distinct cast(${walletCurrency} as text) as currency from ${wallets.sql}) as held
     full join (
       select currency, count(*) as rows, count(*) filter (where amount <> trunc(amount)) as fractions,
         count(*) filter (where mod(amount, 100) = 0) as hundreds,
         percentile_disc(0.5) within group (order by amount) as median, max(amount) as largest
       from (select cast(${by} as text) as currency, cast(${amount.sql} as numeric) as amount from ${transactions.sql} as moved) as prices
       where amount is not null group by currency
     ) as priced on priced.currency = held.currency
     where coalesce(priced.currency, held.currency) is not null order by rows desc, 1 limit 200`,
  );
  const digitsOf = await ownDigits(context);
  const minor = wordsOf(amount.name).some((word) => ['minor', 'cent', 'subunit', 'unit'].includes(word));
  for (const row of rows) {
    const name = row.currency ?? '';
    const known = currencyOf(name);
    const own = digitsOf.get(name);
    const digits = own ?? known?.digits;
    const fractions = Number(row.fractions ?? 0);
    const count = Number(row.rows);
    const inMainUnits = fractions > 0 || (amount.family === 'decimal' && !minor);
    const divisor = inMainUnits ? 1 : digits === undefined ? undefined : 10 ** digits;
    const shown = (units: string | null | undefined): string =>
      divisor === undefined ? String(units) : (Number(units) / divisor).toLocaleString('en-US');
    const evidence = [
      rowsOf(count),
      fractions > 0 ? `${percent(fractions / count)} have a fraction` : 'all whole numbers',
      ...(minor ? [`${amount.name} says minor units`] : []),
      ...(own === undefined ? [] : [`the wallet's own table says ${own} decimal places`]),
      ...(known === undefined ? ['no currency of ISO 4217'] : [`ISO 4217 says ${known.digits}`]),
      ...(count === 0
        ? []
        : [
            `${percent(Number(row.hundreds) / count)} divisible by 100; median would read ${shown(row.median)}, largest ${shown(row.largest)}`,
          ]),
    ].join('; ');
    add(context, {
      path: ['currencies', name, 'iso'],
      value: known?.iso ?? '',
      confidence: known === undefined ? 0 : 0.97,
      because: known === undefined ? 'which currency is it?' : 'by ISO 4217',
    });
    add(context, {
      path: ['currencies', name, 'minor_unit_divisor'],
      value: divisor === undefined ? '' : String(divisor),
      confidence: inMainUnits || minor ? 0.85 : 0.6,
      because: evidence,
    });
    add(context, {
      path: ['currencies', name, 'rate_to_usd'],
      value: known?.iso === 'USD' ? '1' : '',
      confidence: known?.iso === 'USD' ? 0.99 : 0,
      because: 'US dollars for one unit',
    });
    if (count > 0) {
      context.questions.push({
        id: `scale.${name}`,
        about: `currencies.${name}.minor_unit_divisor`,
        question: `Is 1 ${known?.iso ?? name} written as ${divisor ?? '?'}? Give a control total in ${known?.iso ?? name}: it closes this question, an answer does not.`,
        because: evidence,
      });
    }
  }
  context.questions.push({
    id: 'reporting',
    about: 'wallet.reporting_currency',
    question:
      'In which currency are reports, where does a day begin (time zone), and what is one unit of each currency in US dollars (rate_to_usd)?',
    because: `most transactions are in ${rows[0]?.currency ?? ''}`,
  });
  add(context, {
    path: ['wallet', 'reporting_currency'],
    value: currencyOf(rows[0]?.currency ?? '')?.iso ?? '',
    confidence: 0.5,
    because: 'the currency of most transactions',
  });
}

/** Decimal places by the wallet's own table of currencies. */
async function ownDigits(context: Context): Promise<ReadonlyMap<string, number>> {
  const currencies = tableOf(context, 'currencies');
  const [code, scale] = [columnOf(context, 'currencies', 'code'), columnOf(context, 'currencies', 'scale')];
  if (currencies === undefined || code === undefined || scale === undefined) return new Map();
  const rows = await context.database.rows(
    'Reading the currencies',
    `select cast(${code} as text) as code, cast(${scale} as text) as digits from ${currencies.sql}`,
  );
  return new Map(
    rows.flatMap((row) => (/^\d{1,2}$/.test(row.digits ?? '') ? [[row.code ?? '', Number(row.digits)] as const] : [])),
  );
}

/** The ledger, with the sign by which its sums are the wallets' balances; who pays fees, as it says. */
export async function proposeLedger(context: Context): Promise<void> {
  const transactions = tableOf(context, 'transactions');
  const wallets = tableOf(context, 'wallets');
  const { entries } = context.tables;
  const fee = columnOf(context, 'transactions', 'fee');
  const names = ['id', 'amount', 'source_wallet_id', 'destination_wallet_id'].map((name) =>
    columnOf(context, 'transactions', name),
  );
  const [id, amount, source, destination] = names;
  if (
    transactions === undefined ||
    wallets === undefined ||
    id === undefined ||
    amount === undefined ||
    source === undefined ||
    destination === undefined
  )
    return;
  const [column] = payerColumns(transactions, [amount, fee]);
  const ledger = entries === undefined ? undefined : await ledgerOf(context, entries, transactions, wallets);
  if (ledger !== undefined && entries !== undefined) {
    add(context, {
      path: ['entries', 'table'],
      value: entries.name,
      confidence: 0.9,
      because: `${entries.rows.toLocaleString('en-US')} rows, each of a transaction and a wallet, with an amount`,
    });
    add(context, {
      path: ['entries', 'transaction_id'],
      value: ledger.transaction,
      confidence: 0.95,
      because: `keys of ${transactions.name}`,
    });
    add(context, {
      path: ['entries', 'wallet_id'],
      value: ledger.wallet,
      confidence: 0.95,
      because: `keys of ${wallets.name}`,
    });
    add(context, {
      path: ['entries', 'amount'],
      value: ledger.amount,
      confidence: ledger.agreeing,
      because: `by this sign the entries of ${percent(ledger.agreeing)} of wallets add up to their balance`,
    });
  }
  if (fee === undefined) return;
  const proof =
    ledger === undefined || entries === undefined
      ? undefined
      : await feePayerByEntries(
          context.database,
          transactions,
          { id, amount, fee, source, destination, entries: { sql: entries.sql, ...ledger } },
          column,
        );
  const payer = proof?.payer ?? (column === undefined ? { kind: 'source' as const } : undefined);
  const values = transactions.columns.find((each) => each.sql === column)?.values.map((each) => each.value) ?? [];
  add(context, {
    path: ['tables', 'transactions', 'fee_paid_by'],
    value:
      payer === undefined
        ? { column: column ?? '', values: Object.fromEntries(values.map((value) => [value, 'source'])) }
        : payer.kind === 'by_column'
          ? { column: payer.column, values: { ...payer.values } }
          : payer.kind,
    confidence: proof?.confidence ?? 0.3,
    because: proof?.because ?? 'nothing says who pays the fee: check tells whether balances agree with it',
  });
  if ((proof?.confidence ?? 0) < 0.9) {
    context.questions.push({
      id: 'fee_paid_by',
      about: 'tables.transactions.fee_paid_by',
      question: 'Who pays the fee: the sender on top of the amount (source), or the receiver out of it (destination)?',
      because: proof?.because ?? 'there is no ledger to tell; `check` compares balances by either rule',
    });
  }
}

interface Ledger {
  readonly transaction: string;
  readonly wallet: string;
  readonly amount: string;
  readonly agreeing: number;
}

async function ledgerOf(
  context: Context,
  entries: TableProfile,
  transactions: TableProfile,
  wallets: TableProfile,
): Promise<Ledger | undefined> {
  const column = (parent: string): string | undefined => {
    const name = context.references.find((each) => each.table === entries.name && each.parent === parent)?.column;
    return entries.columns.find((each) => each.name === name)?.sql;
  };
  const [transaction, wallet] = [column(transactions.name), column(wallets.name)];
  const numbers = entries.columns.filter(
    (each) => (each.family === 'integer' || each.family === 'decimal') && !each.unique,
  );
  const named = (...names: string[]): string | undefined =>
    [...numbers]
      .sort((a, b) => nameScore(b.name, entries.name, names) - nameScore(a.name, entries.name, names))
      .find((each) => nameScore(each.name, entries.name, names) > 0.4)?.sql;
  const amount = named('amount', 'amount_minor', 'value', 'minor_units');
  const [credit, debit] = [named('credit', 'credit_amount'), named('debit', 'debit_amount')];
  if (transaction === undefined || wallet === undefined) return undefined;
  const direction = entries.columns.find(
    (each) =>
      each.values.length === 2 &&
      each.sql !== amount &&
      nameScore(each.name, entries.name, [
        'direction',
        'side',
        'type',
        'sign',
        'is_credit',
        'is_debit',
        'entry_type',
        'dr_cr',
      ]) > 0.4,
  );
  const candidates: string[] = [];
  if (amount !== undefined && direction !== undefined) {
    const literal = (value: string): string => `cast(${direction.sql} as text) = ${quoteLiteral(value).trim()}`;
    for (const { value } of direction.values)
      candidates.push(`case when ${literal(value)} then ${amount} else -${amount} end`);
  } else if (amount !== undefined) candidates.push(amount, `-${amount}`);
  else if (credit !== undefined && debit !== undefined) {
    candidates.push(`coalesce(${credit}, 0) - coalesce(${debit}, 0)`, `coalesce(${debit}, 0) - coalesce(${credit}, 0)`);
  }
  const balance = columnOf(context, 'wallets', 'balance');
  const id = columnOf(context, 'wallets', 'id');
  if (id === undefined) return undefined;
  const found: Ledger[] = [];
  for (const each of candidates) {
    const { agreeing, all } = await context.database.row(
      'Adding the ledger up by wallet',
      `select count(*) as all, count(*) filter (where booked.amount = ${balance === undefined ? 'null' : `held.${balance}`}) as agreeing
       from (select ${wallet} as wallet, sum(${each}) as amount from ${entries.sql} group by 1) as booked
       join ${wallets.sql} as held on held.${id} = booked.wallet`,
    );
    found.push({ transaction, wallet, amount: each, agreeing: Number(all) === 0 ? 0 : Number(agreeing) / Number(all) });
  }
  // Entries that add up to few of the balances are no ledger, or none that says anything.
  return found.filter((each) => each.agreeing >= 0.5).sort((a, b) => b.agreeing - a.agreeing)[0];
}
