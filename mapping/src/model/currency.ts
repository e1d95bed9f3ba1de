import { code as byCode, number as byNumber } from 'currency-codes';

export interface Currency {
  /** ISO 4217. */
  readonly iso: string;
  /** Decimal places by ISO 4217. */
  readonly digits: number;
}

/** A currency by its letters in either case, its number, or a name with its scale (`USD/2`). */
export function currencyOf(written: string): Currency | undefined {
  const text = written.trim();
  const scaled = /^([A-Za-z]{3})\/(\d)$/.exec(text);
  if (scaled !== null) {
    const found = currencyOf(scaled[1] ?? '');
    return found === undefined ? undefined : { iso: found.iso, digits: Number(scaled[2]) };
  }
  const found = /^\d{3}$/.test(text) ? byNumber(text) : /^[A-Za-z]{3}$/.test(text) ? byCode(text) : undefined;
  return found === undefined ? undefined : { iso: found.code, digits: found.digits };
}
