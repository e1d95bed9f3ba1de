export function percent(share: number): string {
  const value = share * 100;
  return `${Number.isInteger(value) ? value : value.toFixed(value > 99 ? 2 : 1)} %`;
}

/** `1 row`, `2 rows`, `30,211 rows`. */
export function rowsOf(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'row' : 'rows'}`;
}
