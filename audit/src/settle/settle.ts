import { count } from '@ewallet/failure';
import { pause } from '@ewallet/command-line';
import type { SessionPair } from '../compare/compare-range';
import type { HashKind } from '../compare/row-hash';
import type { StreamPlan } from '../tables/stream-plan';
import { logPosition, waitUntilReplayed } from '../standby/replayed';
import { isSuspect, judge, type Candidate } from './candidate';
import { isInKafka } from './in-kafka';
import { nextTransaction, PipelineWatch } from './pipeline-watch';
import { lookAgain } from './second-look';
import type { SyncedPosition } from './synced-position';

const LOOK_EVERY_MS = 1_000;

/**
 * Looks at what differed again, as the databases are now, until what still differs is known to be no row on its way: the
 * pipeline has passed it, or stands still.
 *
 * @param sessions outside the snapshots
 */
export async function settle(
  sessions: SessionPair,
  plans: readonly StreamPlan[],
  found: readonly Candidate[],
  options: {
    readonly hash: HashKind;
    readonly settleSeconds: number;
    /** What ewallet-sync has acknowledged, by stream; empty where that is not known. */
    readonly positions: () => Promise<ReadonlyMap<string, SyncedPosition>>;
    readonly stop: AbortSignal;
    readonly now: () => number;
    readonly say: (text: string) => void;
  },
): Promise<readonly Candidate[]> {
  if (found.length === 0) return found;
  const stillDifferent = async (before: readonly Candidate[]): Promise<readonly Candidate[]> =>
    (await lookAgain(sessions, before, options.hash)).filter(({ now }) => now !== undefined);
  const startedAt = await logPosition(sessions.source);
  const watch = await PipelineWatch.start(sessions, plans, options.hash, options.now);
  let inKafkaSince: number | undefined;
  let candidates = found;
  let told = false;
  for (;;) {
    const seen = await watch.look();
    // Looked at after the pipeline was: what it had passed by then had landed before this look.
    candidates = await stillDifferent(candidates);
    if (options.stop.aborted) return candidates;
    const passed = { passes: seen.passes, startedAt, next: await nextTransaction(sessions) };
    const positions = await options.positions();
    const isAllInKafka = candidates
      .filter(isSuspect)
      .every((candidate) => isInKafka(candidate, positions.get(candidate.plan.stream), passed));
    inKafkaSince = isAllInKafka ? (inKafkaSince ?? options.now()) : undefined;
    const inKafkaSeconds = inKafkaSince === undefined ? undefined : (options.now() - inKafkaSince) / 1_000;
    if (judge(candidates, { ...seen, inKafkaSeconds }, options.settleSeconds) === 'decided') break;
    if (!told) {
      told = true;
      const waiting = candidates.filter(isSuspect).length;
      options.say(
        `${count(waiting, 'row differs', 'rows differ')}: waiting until the pipeline has passed, or nothing has landed for ${options.settleSeconds} s`,
      );
    }
    await pause(LOOK_EVERY_MS, options.stop);
  }
  if (!candidates.some(isSuspect)) return candidates;
  // Of a standby that is behind, the warehouse may have a newer row, which this look then finds to be another version.
  const isNewer = await waitUntilReplayed(sessions.source, { ...options, atLeastSeconds: options.settleSeconds });
  return isNewer ? stillDifferent(candidates) : candidates;
}
