import { fullXid } from '@ewallet/postgres';

/** The 64-bit id of the transaction that wrote a row, by its version, `table/(block,row)/xmin`. */
export function transactionOf(version: string, next: bigint): bigint {
  return fullXid(BigInt(version.slice(version.lastIndexOf('/') + 1) || '0'), next);
}
