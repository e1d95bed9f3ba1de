import { Failure } from './failure';

/**
 * A share of a whole as a number from 0 to 1, given so or as a text in percent: `0.01`, `"0.01"`, `"1 %"`.
 *
 * @throws Failure that names the option
 */
export function parseShare(value: unknown, option: string): number {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const percent = text.endsWith('%');
  const digits = percent ? text.slice(0, -1).trim() : text;
  const share = digits === '' ? Number.NaN : Number(digits) / (percent ? 100 : 1);
  if (share >= 0 && share <= 1) return share;
  throw Failure.config(`\`${option}\` must be a share from 0 to 1, as 0.01, or in percent, as "1 %".`);
}

/** A share for people: `0.03 %`, `12 %`. */
export function showShare(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
