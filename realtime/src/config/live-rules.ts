import type { Rules } from './rules';
import type { SignalName } from './signal-names';

/** A threshold that can change while the job runs. */
export interface LiveThreshold {
  /** What holds where nothing else was set. */
  readonly standard: number;
  /** The job keeps nothing that is below this, so no rule can be. */
  readonly least: number;
  readonly most: number;
}

/** What can change of a signal, beside being on or off. */
export interface LiveRule {
  readonly count: LiveThreshold | undefined;
  readonly share: LiveThreshold | undefined;
}

/** By signal; the standards are the configuration's, and so dbt's. */
export function liveRules(rules: Rules): Readonly<Record<SignalName, LiveRule>> {
  const countOf = (given: number, least: number): LiveThreshold => {
    const standard = Math.ceil(given);
    return { standard, least: Math.min(standard, least), most: 1_000_000 };
  };
  const shareOf = (standard: number, least: number, most: number): LiveThreshold => ({
    standard,
    least: Math.min(standard, least),
    most: Math.max(standard, most),
  });
  const count = (given: number): LiveRule => ({ count: countOf(given, 2), share: undefined });
  const onOrOff: LiveRule = { count: undefined, share: undefined };
  return {
    velocity: count(rules.velocityCount),
    structuring: count(rules.structuringCount),
    pin_failed_burst: count(rules.pinFailures),
    rapid_in_out: { count: undefined, share: shareOf(rules.inOutShare, 0.5, 1) },
    account_takeover: onOrOff,
    dormant_account_wakes: onOrOff,
    first_large_cash_out: { count: undefined, share: shareOf(rules.cashOutShare, 0.1, 100) },
    failure_rate_spike: { count: countOf(rules.failureCount, 5), share: shareOf(rules.failureShare, 0.1, 1) },
  };
}
