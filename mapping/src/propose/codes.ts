import { quoteQualified } from '@ewallet/postgres';
import type { Database, Row } from '../database/database';
import { meaningOfWord, type Domain } from '../model/domains';
import { percent, rowsOf } from '../model/shown';

export interface Meaning {
  readonly value: string;
  readonly rows: number;
  /** Empty where nothing speaks for any. */
  readonly meaning: string;
  readonly confidence: number;
  readonly because: string;
}

/** What rows cannot tell apart, and words can: a hold is pending, what undoes another goes back. */
const BROADER: Readonly<Record<string, string>> = { held: 'pending', reversal: 'refund', chargeback: 'refund' };

/** What each value of a code seems to mean: by its word, by its label in a code table, or by what its rows have and lack. */
export function meaningsOf(
  domain: Domain,
  counts: readonly { readonly value: string; readonly rows: number }[],
  labels: ReadonlyMap<string, string>,
  structural: ReadonlyMap<string, { readonly meaning: string; readonly confidence: number; readonly because: string }>,
): readonly Meaning[] {
  return counts.map(({ value, rows }) => {
    const label = labels.get(value);
    const word = meaningOfWord(domain, value) ?? (label === undefined ? undefined : meaningOfWord(domain, label));
    const seen = structural.get(value);
    const labelled = label === undefined ? '' : `labelled “${label}”`;
    if (word !== undefined && (seen === undefined || seen.meaning === '' || seen.meaning === (BROADER[word] ?? word))) {
      const agrees = seen === undefined || seen.meaning === '' ? '' : `, and ${seen.because}`;
      return {
        value,
        rows,
        meaning: word,
        confidence: agrees === '' ? 0.9 : 0.97,
        because: `${labelled === '' ? 'by its word' : labelled}${agrees}`,
      };
    }
    if (word !== undefined && seen !== undefined) {
      return {
        value,
        rows,
        meaning: word,
        confidence: 0.5,
        because: `by its word; but ${seen.because}, as ${seen.meaning}`,
      };
    }
    if (seen !== undefined)
      return { value, rows, ...seen, because: [labelled, seen.because].filter(Boolean).join('; ') };
    return {
      value,
      rows,
      meaning: '',
      confidence: 0,
      because: labelled === '' ? 'nothing says what it means' : labelled,
    };
  });
}

type Structural = ReadonlyMap<
  string,
  { readonly meaning: string; readonly confidence: number; readonly because: string }
>;

/** Kinds of wallets by their owners, and by which side of transactions they are on. */
export function walletKinds(
  rows: readonly {
    readonly value: string;
    readonly rows: number;
    readonly users: number;
    readonly merchants: number;
    readonly moved: number;
  }[],
): Structural {
  return new Map(
    rows.map(({ value, rows: count, users, merchants, moved }) => {
      if (merchants >= count * 0.95)
        return [
          value,
          { meaning: 'merchant', confidence: 0.93, because: `${percent(merchants / count)} belong to merchants` },
        ];
      if (users >= count * 0.95)
        return [
          value,
          { meaning: 'customer', confidence: 0.93, because: `${percent(users / count)} belong to customers` },
        ];
      if (users + merchants > 0)
        return [
          value,
          {
            meaning: '',
            confidence: 0,
            because: `${users} of ${count} belong to customers, ${merchants} to merchants`,
          },
        ];
      return moved > 0
        ? [
            value,
            {
              meaning: 'float',
              confidence: 0.8,
              because: `nobody owns them (${rowsOf(count)}), and transactions come from and go to them`,
            },
          ]
        : [
            value,
            {
              meaning: 'fee',
              confidence: 0.7,
              because: `nobody owns them (${rowsOf(count)}), and no transaction names them as a side`,
            },
          ];
    }),
  );
}

/** Types of transactions by whose wallets they go between. */
export function transactionTypes(
  rows: readonly {
    readonly value: string;
    readonly rows: number;
    readonly payer: string;
    readonly receiver: string;
    readonly refunds: number;
  }[],
): Structural {
  const values = [...new Set(rows.map((each) => each.value))];
  return new Map(
    values.map((value) => {
      const own = rows.filter((each) => each.value === value);
      const all = own.reduce((sum, each) => sum + each.rows, 0);
      const refunds = own.reduce((sum, each) => sum + each.refunds, 0);
      const [most] = [...own].sort((a, b) => b.rows - a.rows);
      const sides = `${percent((most?.rows ?? 0) / all)} from ${most?.payer ?? ''} to ${most?.receiver ?? ''} wallets`;
      if (refunds >= all * 0.9)
        return [
          value,
          {
            meaning: 'refund',
            confidence: 0.93,
            because: `${percent(refunds / all)} name the transaction that they give back; ${sides}`,
          },
        ];
      const meaning = bySides(most?.payer ?? '', most?.receiver ?? '');
      return [
        value,
        { meaning, confidence: meaning === '' ? 0 : Math.min(0.9, (most?.rows ?? 0) / all), because: sides },
      ];
    }),
  );
}

function bySides(payer: string, receiver: string): string {
  if (payer === 'float') return 'top_up';
  if (receiver === 'float') return 'withdrawal';
  if (receiver === 'merchant') return 'payment';
  if (payer === 'merchant') return 'refund';
  return payer === 'customer' && receiver === 'customer' ? 'transfer' : '';
}

/** Statuses by what their rows have: bookings in the ledger, a reason for failure, an end, and how long ago they began. */
export function transactionStatuses(rows: readonly Row[]): Structural {
  const newestDays = Math.min(...rows.map((row) => Number(row.newest_days ?? 0)), Infinity);
  return new Map(
    rows.map((row) => {
      const count = Number(row.rows);
      const share = (name: string): number => Number(row[name] ?? 0) / count;
      const value = row.value ?? '';
      const settled = row.settled === null ? '' : `${percent(share('settled'))} have an end`;
      if (row.booked !== null && share('booked') > 0.95)
        return [
          value,
          {
            meaning: 'completed',
            confidence: 0.95,
            because: `${percent(share('booked'))} are booked in the ledger; ${settled}`,
          },
        ];
      if (row.failed !== null && share('failed') > 0.9)
        return [
          value,
          { meaning: 'failed', confidence: 0.93, because: `${percent(share('failed'))} have a reason for failure` },
        ];
      if (row.booked === null && share('settled') > 0.9)
        return [value, { meaning: 'completed', confidence: 0.6, because: settled }];
      const before = Math.round(Number(row.oldest_days ?? 0) - newestDays);
      const old = before > 2;
      return [
        value,
        {
          meaning: 'pending',
          confidence: old ? 0.4 : 0.7,
          because: [
            row.booked === null ? '' : 'none is booked',
            settled,
            old ? `some began ${before} days before the newest transaction, so it may be a failed state (expired)` : '',
          ]
            .filter(Boolean)
            .join('; '),
        },
      ];
    }),
  );
}

/** A status that most rows have is that of the living. */
export function livingStatuses(
  counts: readonly { readonly value: string; readonly rows: number }[],
  rest: string,
): Structural {
  const all = counts.reduce((sum, each) => sum + each.rows, 0);
  return new Map(
    counts.map(({ value, rows }) =>
      rows >= all * 0.5
        ? [value, { meaning: 'active', confidence: 0.7, because: `${percent(rows / all)} of rows` }]
        : [
            value,
            { meaning: rest, confidence: 0.3, because: `${percent(rows / all)} of rows; could be closed as well` },
          ],
    ),
  );
}

/** Labels of a code table: its key with the text beside it. */
export async function labelsIn(
  database: Database,
  schema: string,
  { table, key, label }: { readonly table: string; readonly key: string; readonly label: string },
): Promise<ReadonlyMap<string, string>> {
  const rows = await database.rows(
    `Reading the code table ${table}`,
    `select cast(${key} as text) as value, cast(${label} as text) as label from ${quoteQualified(schema, table)} limit 200`,
  );
  return new Map(rows.map((row) => [row.value ?? '', row.label ?? '']));
}
