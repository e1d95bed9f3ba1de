/** How long single changes took, where each is timed by itself: a distribution, as one slow one is what users see. */
export interface Latency {
  readonly name: string;
  /** Milliseconds at most, by percentile. */
  readonly targets: readonly { readonly percentile: number; readonly milliseconds: number }[];
  /** Milliseconds, one per change. */
  readonly samples: readonly number[];
}

export interface LatencySummary {
  readonly name: string;
  readonly targets: Latency['targets'];
  readonly changes: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly histogram: readonly Bucket[];
}

export interface Bucket {
  /** Milliseconds; the last bucket has no end. */
  readonly below: number | undefined;
  readonly changes: number;
}

const ENDS = [25, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 2_000, 5_000];

/** Summaries by name, in the order of their first trials: the changes of all trials together. */
export function summariseLatencies(latencies: readonly Latency[]): LatencySummary[] {
  return [...new Set(latencies.map(({ name }) => name))].map((name) => {
    const trials = latencies.filter((latency) => latency.name === name);
    const sorted = trials.flatMap(({ samples }) => samples).sort((left, right) => left - right);
    return {
      name,
      targets: trials[0]?.targets ?? [],
      changes: sorted.length,
      p50: percentile(sorted, 50),
      p95: percentile(sorted, 95),
      p99: percentile(sorted, 99),
      max: sorted.at(-1) ?? Number.NaN,
      histogram: histogram(sorted),
    };
  });
}

/** The smallest value that so many percent of the values do not exceed. */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

function histogram(sorted: readonly number[]): readonly Bucket[] {
  const counted = [...ENDS, undefined].map((below, index) => {
    const from = ENDS[index - 1] ?? Number.NEGATIVE_INFINITY;
    return { below, changes: sorted.filter((value) => value >= from && (below === undefined || value < below)).length };
  });
  const last = counted.findLastIndex(({ changes }) => changes > 0);
  return counted.slice(0, last + 1);
}
