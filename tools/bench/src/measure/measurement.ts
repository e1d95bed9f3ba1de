/** What a run of a hop, or of its limit, took. Correctness was checked before one of these exists. */
export interface Measurement {
  readonly rows: number;
  /** Bytes that went through, where that has one meaning. */
  readonly bytes: number;
  readonly seconds: number;
  /** Largest resident set of a process of ours, in bytes. */
  readonly peakRss: number;
  /** User and system time of our processes together, without the servers'. */
  readonly cpuSeconds: number;
  /** How far the hop was when, from its start, where that can be watched. */
  readonly progress?: readonly Progress[];
}

export interface Progress {
  readonly rows: number;
  readonly seconds: number;
}

export interface HopResult {
  readonly hop: string;
  readonly limit: string;
  /** The least ratio that is good enough. */
  readonly target: number | undefined;
  readonly trials: readonly { readonly hop: Measurement; readonly limit: Measurement }[];
}

export interface HopSummary {
  readonly hop: string;
  readonly limit: string;
  readonly target: number | undefined;
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly limitRowsPerSecond: number;
  /** Rows a second beside the limit's of the same trial. */
  readonly ratio: { readonly min: number; readonly median: number; readonly max: number };
  readonly peakRssMegabytes: number;
  readonly cpuSecondsPerMillionRows: number;
  /** Of the last trial: seconds a million rows took in each tenth of the run, in order; empty where it was not watched. */
  readonly secondsPerMillionRowsByTenth: readonly number[];
}

/** The figures of a hop: medians over its trials, but for the peak of memory. */
export function summarise({ hop, limit, target, trials }: HopResult): HopSummary {
  const ratios = trials.map((trial) => rate(trial.hop) / rate(trial.limit));
  return {
    hop,
    limit,
    target,
    rows: trials[0]?.hop.rows ?? 0,
    rowsPerSecond: median(trials.map((trial) => rate(trial.hop))),
    megabytesPerSecond: median(trials.map((trial) => trial.hop.bytes / trial.hop.seconds / 1e6)),
    limitRowsPerSecond: median(trials.map((trial) => rate(trial.limit))),
    ratio: { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) },
    peakRssMegabytes: Math.max(...trials.map((trial) => trial.hop.peakRss)) / 1e6,
    cpuSecondsPerMillionRows: median(trials.map((trial) => (trial.hop.cpuSeconds / trial.hop.rows) * 1e6)),
    secondsPerMillionRowsByTenth: byTenth(trials.at(-1)?.hop.progress ?? []),
  };
}

/** Cost of a row in each tenth of the rows, read off the nearest sample at or after each tenth's end. */
function byTenth(progress: readonly Progress[]): number[] {
  const [first, last] = [progress[0], progress.at(-1)];
  if (first === undefined || last === undefined || last.rows === first.rows) return [];
  const ends = Array.from({ length: 11 }, (_, tenth) => {
    const rows = first.rows + ((last.rows - first.rows) * tenth) / 10;
    return progress.find((sample) => sample.rows >= rows) ?? last;
  });
  return ends.slice(1).flatMap((end, index) => {
    const begin = ends[index] ?? first;
    // A batch may be larger than a tenth: that tenth has no sample of its own.
    return end.rows === begin.rows ? [] : [((end.seconds - begin.seconds) / (end.rows - begin.rows)) * 1e6];
  });
}

function rate({ rows, seconds }: Measurement): number {
  return rows / seconds;
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
