import { Failure, showShare } from '@ewallet/failure';
import type { AskedRows } from './asked-rows';
import { streamName } from './message';
import type { ConfiguredStream } from './selection';

/** What `ewallet-audit deletions` found of one stream. */
export interface FoundDeletions {
  readonly stream: string;
  readonly key: readonly string[];
  /** Rows of the warehouse. */
  readonly landed: number;
  readonly deleted: number;
  readonly keys: readonly (readonly string[])[];
}

export interface DeletionPlan {
  /** Keys that the source is asked for: those that are still gone by then are sent as deleted. */
  readonly asked: readonly AskedRows[];
  /** Streams of which too many rows would go. */
  readonly refused: readonly (FoundDeletions & { readonly share: number })[];
}

/** @param maxShare of a table, from 0 to 1 */
export function planDeletions(
  found: readonly FoundDeletions[],
  configured: readonly ConfiguredStream[],
  maxShare: number,
): DeletionPlan {
  // An appended stream keeps what was; an overwritten one loses what is gone by itself.
  const deduplicated = new Set(
    configured
      .filter((stream) => stream.destination_sync_mode === 'append_dedup' && stream.sync_mode === 'incremental')
      .map(({ stream }) => streamName(stream)),
  );
  const shares = found
    .filter(({ stream, deleted }) => deleted > 0 && deduplicated.has(stream))
    .map((one) => ({ ...one, share: one.deleted / one.landed }));
  const isTooMuch = ({ share, keys, deleted }: (typeof shares)[number]): boolean =>
    share > maxShare || keys.length < deleted;
  return {
    asked: shares.filter((one) => !isTooMuch(one)),
    refused: shares.filter(isTooMuch),
  };
}

/** Thrown once everything else is synced: silence would leave rows in the warehouse, and a guess could remove them all. */
export function refusedFailure(refused: DeletionPlan['refused'], maxShare: number): Failure {
  const each = refused.map(
    ({ stream, landed, deleted, share }) =>
      `${stream}: ${deleted} of the warehouse's ${landed} rows are not in the source, ${showShare(share)}`,
  );
  return Failure.config(
    `Deletions were not sent, as more than max_delete_share (${showShare(maxShare)}) of a table would go; everything else was synced. ${each.join('; ')}. Look whether it is the right database and whether the role sees every row. If the rows are to go, raise \`max_delete_share\` for one sync.`,
  );
}
