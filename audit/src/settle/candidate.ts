import type { Difference } from '../compare/row-differences';
import type { StreamPlan } from '../tables/stream-plan';

/** A difference that one look found, and what later looks say of it. */
export interface Candidate {
  readonly plan: StreamPlan;
  readonly first: Difference;
  /** What the last look found; undefined once both sides agreed. */
  readonly now: Difference | undefined;
  /** Whether the source's row is another version than at first: what was found is history. */
  readonly isMoving: boolean;
}

export function candidateOf(plan: StreamPlan, first: Difference): Candidate {
  return { plan, first, now: first, isMoving: false };
}

/** @param look what a later look found, undefined where both sides agree; @param version the source's then */
export function lookedAgain(candidate: Candidate, look: Difference | undefined, version: string): Candidate {
  return { ...candidate, now: look, isMoving: candidate.isMoving || version !== candidate.first.version };
}

/** A difference that is still there, on a row that nobody wrote to since. */
export function isSuspect(candidate: Candidate): boolean {
  return candidate.now !== undefined && !candidate.isMoving;
}

export function isInFlight(candidate: Candidate): boolean {
  return candidate.now !== undefined && candidate.isMoving;
}

/** What is known of the pipeline when candidates are judged. */
export interface PipelineSeen {
  /** Since the sink last landed anything, or since the audit began to watch. */
  readonly quietSeconds: number;
  /** Since Kafka was known to have every row that differs; undefined while that is not known. */
  readonly inKafkaSeconds: number | undefined;
  /** Since the audit began to watch. */
  readonly watchedSeconds: number;
}

/** What a sink that works needs for what is in Kafka, though another instance takes a partition over meanwhile. */
const LANDING_SECONDS = 15;

/** However busy the pipeline is: a row that was the same and wrong for so long has not been on its way. */
const LONGEST_WATCH_SECONDS = 600;

export type Verdict = 'wait' | 'decided';

/** Whether what is still different is so for good. */
export function judge(candidates: readonly Candidate[], seen: PipelineSeen, settleSeconds: number): Verdict {
  if (!candidates.some(isSuspect)) return 'decided';
  if (seen.quietSeconds >= settleSeconds) return 'decided';
  if ((seen.inKafkaSeconds ?? -1) >= Math.min(settleSeconds, LANDING_SECONDS)) return 'decided';
  return seen.watchedSeconds >= Math.max(LONGEST_WATCH_SECONDS, settleSeconds) ? 'decided' : 'wait';
}
