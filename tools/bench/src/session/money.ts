import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Failure } from '@ewallet/failure';

/** Rows, and exact sums of amount and fee by currency in ten-thousandths. What every hop must leave unchanged. */
export interface Totals {
  readonly rows: number;
  readonly sums: Readonly<Record<string, string>>;
}

export class TotalsCounter {
  private rows = 0;
  private readonly sums = new Map<string, bigint>();

  /** Amounts are decimal text with at most four places. */
  add(currency: string, amount: string, fee: string): void {
    this.rows += 1;
    this.sums.set(currency, (this.sums.get(currency) ?? 0n) + tenThousandths(amount) + tenThousandths(fee));
  }

  totals(): Totals {
    const sorted = [...this.sums].sort(([left], [right]) => left.localeCompare(right));
    return { rows: this.rows, sums: Object.fromEntries(sorted.map(([currency, sum]) => [currency, String(sum)])) };
  }
}

/** SQL for the totals of a table of transactions, one row per currency: `currency`, `rows`, `sum`. */
export function totalsQuery(table: string): string {
  return `select currency::text as currency, count(*)::text as rows, (sum(amount + fee) * 10000)::numeric(40, 0)::text as sum
            from ${table} group by 1 order by 1`;
}

export function totalsFromRows(rows: readonly { currency: string; rows: string; sum: string }[]): Totals {
  return {
    rows: rows.reduce((sum, row) => sum + Number(row.rows), 0),
    sums: Object.fromEntries(rows.map(({ currency, sum }) => [currency, sum])),
  };
}

/** The totals of a file of Airbyte lines: what the source wrote, read without turning a number into a double. */
export async function totalsOfLines(file: string): Promise<Totals> {
  const counter = new TotalsCounter();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (!line.startsWith('{"type":"RECORD"')) continue;
    counter.add(field(line, 'currency'), field(line, 'amount'), field(line, 'fee'));
  }
  return counter.totals();
}

/** @throws Failure where a hop changed, lost or doubled something: its time is not worth printing. */
export function mustEqual(found: Totals, expected: Totals, where: string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw Failure.system(
      `${where} holds ${found.rows} rows with sums ${JSON.stringify(found.sums)}, and should hold ${expected.rows} with ${JSON.stringify(expected.sums)}.`,
    );
  }
}

function field(line: string, name: string): string {
  const match = new RegExp(`"${name}":"?([^",}]*)`).exec(line);
  if (match?.[1] === undefined) throw Failure.system(`A record has no ${name}.`);
  return match[1];
}

function tenThousandths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = `${whole.replace('-', '')}${fraction.padEnd(4, '0')}`;
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}
