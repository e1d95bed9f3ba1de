import { median } from './measurement';

/** What takes time whatever the number of rows it moves: told in seconds, as it has no limit to be a ratio of. */
export interface Delay {
  readonly name: string;
  /** Seconds at most. */
  readonly target: number | undefined;
  readonly seconds: number;
  /** Largest resident set of a process of ours, in bytes. */
  readonly peakRss: number;
}

export interface DelaySummary {
  readonly name: string;
  readonly target: number | undefined;
  readonly seconds: { readonly min: number; readonly median: number; readonly max: number };
  readonly peakRssMegabytes: number;
}

/** One summary a name, in the order of their first trials. */
export function summariseDelays(delays: readonly Delay[]): DelaySummary[] {
  return [...new Set(delays.map(({ name }) => name))].map((name) => {
    const trials = delays.filter((delay) => delay.name === name);
    const seconds = trials.map((trial) => trial.seconds);
    return {
      name,
      target: trials[0]?.target,
      seconds: { min: Math.min(...seconds), median: median(seconds), max: Math.max(...seconds) },
      peakRssMegabytes: Math.max(...trials.map(({ peakRss }) => peakRss)) / 1e6,
    };
  });
}
