import { parseLsn } from '@ewallet/postgres';
import type { Candidate } from './candidate';
import { transactionOf } from './row-transaction';
import type { SyncedPosition } from './synced-position';

/**
 * A landed row that was written after the audit's look proves a sync that began to read later. The sync after it proves
 * that the first has ended for that stream, and a third that the second has for all streams.
 */
const PASSES_NEEDED = 3;

/** What is known of the way from the source to Kafka. */
export interface PassedSoFar {
  /** How often the pipeline was seen to have passed the moment before. */
  readonly passes: number;
  /** Position of the source's log when the audit began to watch. */
  readonly startedAt: string;
  /** No transaction of the source from here on had begun. */
  readonly next: bigint;
}

/** Whether Kafka has the row as the source has it: by what ewallet-sync acknowledged, else by what landed since. */
export function isInKafka(candidate: Candidate, position: SyncedPosition | undefined, passed: PassedSoFar): boolean {
  const byPasses = passed.passes >= PASSES_NEEDED;
  switch (position?.kind) {
    case undefined:
      return byPasses;
    case 'log': {
      const [reached, begun] = [parseLsn(position.lsn), parseLsn(passed.startedAt)];
      return reached !== undefined && begun !== undefined && reached >= begun;
    }
    case 'seen': {
      // Transaction ids of another history say nothing of this one.
      if (position.below > passed.next) return byPasses;
      const transactions = transactionsOf(candidate.first.version, passed.next);
      // A row that is gone has no transaction to ask for.
      return transactions.length === 0 ? byPasses : transactions.every((transaction) => hasSeen(position, transaction));
    }
  }
}

function hasSeen(position: Extract<SyncedPosition, { kind: 'seen' }>, transaction: bigint): boolean {
  return (
    transaction < position.below || position.seen.some(([first, last]) => transaction >= first && transaction <= last)
  );
}

/** Of a candidate's versions, `table/(block,row)/xmin:hash`, one for each row with its key. */
function transactionsOf(versions: string, next: bigint): readonly bigint[] {
  return versions
    .split(' ')
    .map((version) => version.slice(0, version.lastIndexOf(':')))
    .filter((version) => version.includes('/'))
    .map((version) => transactionOf(version, next));
}
