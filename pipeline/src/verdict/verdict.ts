/** `unknown`: what would tell is on a part that is down, which has its own line. */
export type Verdict = 'healthy' | 'degraded' | 'down' | 'unknown';

export type Hop =
  | 'e-wallet'
  | 'sync'
  | 'airbyte'
  | 'kafka'
  | 'registry'
  | 'realtime'
  | 'sink'
  | 'stream'
  | 'warehouse'
  | 'dbt'
  | 'audit';

/** Everything that can be found, by the name under which docs/troubleshooting.md tells what to do. */
export const FINDING_CODES = [
  'ewallet-down',
  'ewallet-old-transaction',
  'clock-skew',
  'slot-missing',
  'slot-lost',
  'slot-retains-wal',
  'sync-unknown',
  'sync-never-ran',
  'sync-failed',
  'sync-late',
  'sync-killed',
  'scheduler-dead',
  'airbyte-down',
  'kafka-down',
  'kafka-no-leader',
  'kafka-no-topics',
  'registry-down',
  'flink-down',
  'flink-no-job',
  'flink-not-running',
  'flink-checkpoints-late',
  'flink-lag',
  'sink-not-running',
  'sink-paused',
  'sink-stopped',
  'sink-failing',
  'sink-unreachable',
  'sink-lag',
  'dead-letters',
  'warehouse-down',
  'warehouse-grants',
  'warehouse-empty',
  'dbt-unknown',
  'dbt-failed',
  'dbt-late',
  'dbt-stale',
  'audit-never',
  'audit-old',
  'audit-different',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  readonly code: FindingCode;
  readonly verdict: Exclude<Verdict, 'healthy'>;
  /** What is wrong. */
  readonly says: string;
  /** What to do next. */
  readonly next: string;
}

/** One hop, or one stream of it. */
export interface Line {
  readonly hop: Hop;
  /** Which one: `host:port/database`, a connector, a stream. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** What is so, wrong or not. */
  readonly says: readonly string[];
  readonly findings: readonly Finding[];
  /** The same as numbers, for programs: seconds, bytes, records. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const GRAVITY: Readonly<Record<Verdict, number>> = { healthy: 0, unknown: 1, degraded: 2, down: 3 };

export function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce<Verdict>((found, next) => (GRAVITY[next] > GRAVITY[found] ? next : found), 'healthy');
}

interface LineContent {
  readonly says: readonly string[];
  readonly findings: readonly Finding[];
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A line whose verdict is that of its gravest finding; findings are in the order of their gravity. */
export function line(hop: Hop, subject: string, { says, findings, facts = {} }: LineContent): Line {
  const graver = [...findings].sort((a, b) => GRAVITY[b.verdict] - GRAVITY[a.verdict]);
  return { hop, subject, verdict: worst(findings.map(({ verdict }) => verdict)), says, findings: graver, facts };
}

/** What a shell sees: what nobody can say is not healthy. */
export function exitCodeOf(lines: readonly Line[]): 0 | 1 | 2 {
  switch (worst(lines.map(({ verdict }) => verdict))) {
    case 'healthy':
      return 0;
    case 'unknown':
    case 'degraded':
      return 1;
    case 'down':
      return 2;
  }
}
