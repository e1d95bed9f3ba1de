import type { Lsn } from '@ewallet/postgres';

/**
 * What the first snapshot of a table saw. The slot is older than the snapshot, so the stream repeats transactions whose
 * rows were copied: those are dropped for this table, and no others. The snapshot lists the ids of top-level transactions,
 * which is what the stream names, so savepoints are no trouble.
 */
export interface SeenTransactions {
  /** pg_current_snapshot() as text: `xmin:xmax:xip,xip`, 64-bit ids. */
  readonly snapshot: string;
  /** Where the write-ahead log ended after the snapshot was taken: a transaction that commits there or later was not seen. */
  readonly until: Lsn;
}

/** Whether a transaction of the stream was visible to the snapshot. */
export type SawTransaction = (xid: number, commit: Lsn) => boolean;

const CIRCLE = 2n ** 32n;

/** @throws SyntaxError where the snapshot's text is not one */
export function sawTransaction(seen: SeenTransactions): SawTransaction {
  const match = /^(\d+):(\d+):([\d,]*)$/.exec(seen.snapshot);
  if (match === null) throw new SyntaxError('not a snapshot');
  const below = BigInt(match[1] ?? '0');
  const next = BigInt(match[2] ?? '0');
  const running = new Set((match[3] ?? '').split(',').filter(Boolean).map(BigInt));
  return (xid, commit) => {
    if (commit >= seen.until) return false;
    const id = nearest(BigInt(xid), next);
    return id < below || (id < next && !running.has(id));
  };
}

/** The 64-bit id with these low bits that lies nearest to `to`: the stream's ids have 32 bits. */
function nearest(xid: bigint, to: bigint): bigint {
  const id = (to & ~(CIRCLE - 1n)) + xid;
  if (id - to > CIRCLE / 2n) return id - CIRCLE;
  return to - id > CIRCLE / 2n ? id + CIRCLE : id;
}
