/** A place in the server's write-ahead log: a byte's number, as 64 bits. */
export type Lsn = bigint;

/** `16/B374D848`, as PostgreSQL writes it. Undefined where the text is no such place. */
export function parseLsn(text: string): Lsn | undefined {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (match === null) return undefined;
  return (BigInt(`0x${match[1] ?? '0'}`) << 32n) | BigInt(`0x${match[2] ?? '0'}`);
}

export function formatLsn(lsn: Lsn): string {
  const hex = (part: bigint): string => part.toString(16).toUpperCase();
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

export function laterLsn(a: Lsn, b: Lsn): Lsn {
  return a > b ? a : b;
}
