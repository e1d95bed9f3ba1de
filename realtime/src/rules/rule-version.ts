import { Failure } from '@ewallet/failure';
import type { LiveRule, LiveThreshold } from '../config/live-rules';
import { SIGNALS, type SignalName } from '../config/signal-names';
import type { ResultRow } from '../engine/result-topic';

/** One version of a signal's rule, as it was set. */
export interface RuleVersion {
  readonly signal: SignalName;
  /** From 1. */
  readonly version: number;
  readonly enabled: boolean;
  /** Undefined: the standard holds. */
  readonly count: number | undefined;
  readonly share: number | undefined;
  readonly by: string;
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What somebody asks for; what is undefined stays as it is. */
export interface RuleChange {
  readonly signal: SignalName;
  readonly enabled: boolean | undefined;
  readonly count: number | undefined;
  readonly share: number | undefined;
  /** Begin at the standards, and on. */
  readonly standard: boolean;
  readonly by: string;
  readonly why: string;
}

/** @throws Failure config_error naming what the signal has not, or the bounds of a threshold */
export function nextVersion(
  before: RuleVersion | undefined,
  change: RuleChange,
  rule: LiveRule,
  at: number,
): RuleVersion {
  const from = change.standard ? undefined : before;
  const { signal } = change;
  check(signal, 'count', change.count, rule.count);
  check(signal, 'share', change.share, rule.share);
  if (change.count !== undefined && !Number.isInteger(change.count)) {
    throw Failure.config(`--count must be a whole number.`);
  }
  if (change.why.trim() === '') throw Failure.config('--why must say why, for whoever asks later.');
  return {
    signal,
    version: (before?.version ?? 0) + 1,
    enabled: change.enabled ?? from?.enabled ?? true,
    count: change.count ?? from?.count,
    share: change.share ?? from?.share,
    by: change.by,
    why: change.why,
    at,
  };
}

function check(signal: string, name: string, value: number | undefined, bounds: LiveThreshold | undefined): void {
  if (value === undefined) return;
  if (bounds === undefined) throw Failure.config(`The signal ${signal} has no --${name} that can be set.`);
  if (value >= bounds.least && value <= bounds.most) return;
  throw Failure.config(`--${name} of ${signal} must be from ${bounds.least} to ${bounds.most}.`);
}

/** For the topics: times in microseconds, shares as exact text. */
export function rowOf(rule: RuleVersion): Readonly<Record<string, unknown>> {
  return {
    signal: rule.signal,
    version: rule.version,
    enabled: rule.enabled,
    least_count: rule.count ?? null,
    least_share: rule.share?.toFixed(9) ?? null,
    set_by: rule.by,
    reason: rule.why,
    set_at: rule.at * 1_000,
  };
}

/** @returns undefined for a row that is no rule of a known signal */
export function versionOf(row: ResultRow): RuleVersion | undefined {
  const signal = SIGNALS.find((known) => known === row.signal);
  if (signal === undefined) return undefined;
  const number = (value: unknown): number | undefined =>
    value === null || value === undefined ? undefined : Number(value);
  return {
    signal,
    version: Number(row.version),
    enabled: row.enabled !== false,
    count: number(row.least_count),
    share: number(row.least_share),
    by: String(row.set_by),
    why: String(row.reason),
    at: Number(row.set_at) / 1_000,
  };
}

/** `velocity: on, count 4 (standard 8); version 2 by maria at 2026-03-01T10:00:00.000Z: too many`. */
export function ruleLine(signal: SignalName, rule: LiveRule, version: RuleVersion | undefined): string {
  const thresholds = [
    threshold('count', version?.count, rule.count),
    threshold('share', version?.share, rule.share),
  ].filter((text) => text !== undefined);
  const state = [version?.enabled === false ? 'off' : 'on', ...thresholds].join(', ');
  if (version === undefined) return `${signal}: ${state}`;
  return `${signal}: ${state}; version ${version.version} by ${version.by} at ${new Date(version.at).toISOString()}: ${version.why}`;
}

function threshold(name: string, set: number | undefined, bounds: LiveThreshold | undefined): string | undefined {
  if (bounds === undefined) return undefined;
  return set === undefined ? `${name} ${bounds.standard}` : `${name} ${set} (standard ${bounds.standard})`;
}
