import { Failure } from '@ewallet/failure';
import { Cron } from 'croner';

/** When syncs run: at once and once, or again and again. */
export type Schedule =
  | { readonly kind: 'once' }
  /** From start to start, in milliseconds. */
  | { readonly kind: 'every'; readonly period: number }
  | { readonly kind: 'cron'; readonly next: (after: Date) => Date | undefined };

/** @throws Failure where two schedules are given, or one cannot be understood. */
export function parseSchedule(flags: {
  readonly every?: string;
  readonly cron?: string;
  readonly once?: boolean;
}): Schedule {
  const given = [flags.every !== undefined, flags.cron !== undefined, flags.once === true].filter(Boolean).length;
  if (given > 1) throw Failure.config('Give one of --every, --cron and --once.');
  if (flags.every !== undefined) return { kind: 'every', period: parsePeriod(flags.every) };
  if (flags.cron !== undefined) return { kind: 'cron', next: parseCron(flags.cron) };
  return { kind: 'once' };
}

/**
 * When the next sync starts. Runs that a long sync overran are skipped, never piled up.
 *
 * @param started when the last sync started; undefined before the first
 * @returns undefined when there is no next one
 */
export function nextRun(schedule: Schedule, started: Date | undefined, now: Date): Date | undefined {
  switch (schedule.kind) {
    case 'once':
      return started === undefined ? now : undefined;
    case 'every': {
      if (started === undefined) return now;
      const passed = Math.max(1, Math.ceil((now.getTime() - started.getTime()) / schedule.period));
      return new Date(started.getTime() + passed * schedule.period);
    }
    case 'cron':
      return schedule.next(now);
    default: {
      const never: never = schedule;
      throw new TypeError(`unknown schedule ${JSON.stringify(never)}`);
    }
  }
}

function parsePeriod(text: string): number {
  const match = /^(\d+)(s|m|h|d)$/.exec(text);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ''];
  const period = Number(match?.[1]) * (unit ?? Number.NaN);
  if (!(period > 0)) throw Failure.config(`--every must look like 30s, 15m, 1h or 1d, not ${text}.`);
  return period;
}

function parseCron(pattern: string): (after: Date) => Date | undefined {
  try {
    const cron = new Cron(pattern, { paused: true });
    return (after) => cron.nextRun(after) ?? undefined;
  } catch (error) {
    throw Failure.config(
      `--cron cannot be understood: ${pattern}. It has five fields, such as "0 * * * *" for every hour.`,
      {
        cause: error,
      },
    );
  }
}
