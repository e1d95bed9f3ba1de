/** The 64-bit id of the transaction that wrote a row: the highest one below `next` with the low bits of its xmin. */
export function transactionOf(version: string, next: bigint): bigint {
  const xmin = BigInt(version.slice(version.lastIndexOf('/') + 1) || '0');
  if (xmin < 3n) return xmin;
  const full = ((next >> 32n) << 32n) + xmin;
  return full >= next ? full - 2n ** 32n : full;
}
