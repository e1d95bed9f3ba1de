import { closePair, openPair, planAudit, type AuditOptions, AuditStopped } from './audit';
import { SnapshotRun } from './compare/snapshot-run';
import { Snapshots } from './compare/snapshots';
import type { AuditConfig } from './config/audit-config';
import { waitUntilReplayed } from './standby/replayed';

/** Rows of one stream that the warehouse has and the source has not. */
export interface StreamDeletions {
  readonly stream: string;
  /** Names of the key's columns. */
  readonly key: readonly string[];
  /** Rows of the warehouse. */
  readonly landed: number;
  readonly deleted: number;
  /** As PostgreSQL's text; the first ones where there are very many. */
  readonly keys: readonly (readonly (string | null)[])[];
}

/** Keys of one stream that are held in memory: beyond that the table was not deleted from, it was emptied or is another. */
const MOST_KEYS = 200_000;

/**
 * Compares key sets, the warehouse's moment before the source's: what the warehouse has and the source has not was deleted,
 * whatever is still on its way. Streams without a key and those that have not landed yet are left out.
 *
 * @throws Failure where it cannot be done as configured; AuditStopped
 */
export async function findDeletions(
  config: AuditConfig,
  options: Pick<AuditOptions, 'streams' | 'chunkSeconds' | 'workers' | 'stop' | 'now'> & {
    readonly say: (text: string) => void;
  },
): Promise<readonly StreamDeletions[]> {
  const sessions = await openPair(config);
  try {
    const { plans, hash } = await planAudit(sessions, config, { ...options, keysOnly: true }, 'what is there');
    const found: StreamDeletions[] = [];
    const run = new SnapshotRun(
      // A row that a standby does not show yet was not deleted.
      () =>
        Snapshots.open(config.source, config.warehouse, options.workers, async () =>
          waitUntilReplayed(sessions.source, options),
        ),
      options.say,
    );
    try {
      for (const plan of plans) {
        let [landed, deleted] = [0, 0];
        const keys: (readonly (string | null)[])[] = [];
        await run.compare(plan, { ...options, hash, sample: undefined }, (range) => {
          landed += range.rows;
          for (const { kind, key, count, version } of range.differences) {
            if (kind === 'missing') landed -= count;
            if (kind === 'extra') landed += count;
            // With a version it is in the source too: the warehouse has it twice, which no deletion mends.
            if (kind !== 'extra' || version !== '') continue;
            deleted += 1;
            if (keys.length < MOST_KEYS) keys.push(key);
          }
        });
        if (options.stop.aborted) throw new AuditStopped();
        found.push({ stream: plan.stream, key: plan.key, landed, deleted, keys });
      }
    } finally {
      await run.close();
    }
    return found;
  } finally {
    await closePair(sessions);
  }
}
