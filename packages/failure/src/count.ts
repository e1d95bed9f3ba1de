/** `1 row`, `2 rows`, `1,234 rows`: a number as people read it, with its noun. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
