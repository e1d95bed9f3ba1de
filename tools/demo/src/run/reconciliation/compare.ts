import { formatDecimal } from '@ewallet/avro';
import { Columns } from '../columns';
import type { Measured, Totals } from './totals';

const PLACES = ['e-wallet', 'Kafka', 'warehouse'] as const;

/** One number in the three places, as text. */
export interface Comparison {
  readonly stream: string;
  readonly currency: string;
  readonly measure: string;
  readonly values: readonly [string, string, string];
  readonly equal: boolean;
}

/** Rows of the stream, then for each currency rows and sums, each in the three places. */
export function compare(measured: Measured, places: readonly [Totals, Totals, Totals]): readonly Comparison[] {
  const currencies = [...new Set(places.flatMap((totals) => [...totals.keys()]))].sort();
  const comparison = (currency: string, measure: string, read: (totals: Totals) => string): Comparison => {
    const values = places.map(read) as [string, string, string];
    return { stream: measured.stream, currency, measure, values, equal: new Set(values).size === 1 };
  };
  const all = comparison('', 'rows', (totals) =>
    [...totals.values()].reduce((sum, { rows }) => sum + rows, 0n).toString(),
  );
  const byCurrency = currencies.flatMap((currency) => [
    ...(currency === ''
      ? []
      : [comparison(currency, 'rows', (totals) => (totals.get(currency)?.rows ?? 0n).toString())]),
    ...measured.amounts.map(({ column, scale, unsigned }, index) =>
      comparison(currency, unsigned ? `sum of |${column}|` : `sum of ${column}`, (totals) =>
        formatDecimal(totals.get(currency)?.sums[index] ?? 0n, scale),
      ),
    ),
  ]);
  return [all, ...byCurrency];
}

/** The comparisons as a table for people, numbers aligned to the right. */
export function table(comparisons: readonly Comparison[]): string {
  const header = ['stream', 'currency', 'measure', ...PLACES, ''];
  const rows = comparisons.map(({ stream, currency, measure, values, equal }) => [
    stream,
    currency,
    measure,
    ...values.map(grouped),
    equal ? 'equal' : 'DIFFERENT',
  ]);
  const columns = new Columns([header, ...rows], (column) => column >= 3 && column <= 5);
  const rule = columns.widths.map((width) => '─'.repeat(width));
  return [header, rule, ...rows].map((cells) => columns.line(cells)).join('\n');
}

/** Thousands separated in the whole part, by text, as the number may be larger than a double holds. */
function grouped(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const separated = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}
