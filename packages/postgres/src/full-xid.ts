/**
 * The 64-bit id of a row's 32-bit `xmin`. A row that is visible was written before `next`, so its id is the highest one
 * below `next` with these low bits. Ids under 3 are PostgreSQL's marks for rows older than everything.
 */
export function fullXid(xmin: bigint, next: bigint): bigint {
  if (xmin < 3n) return xmin;
  const full = ((next >> 32n) << 32n) + xmin;
  return full >= next ? full - 2n ** 32n : full;
}
