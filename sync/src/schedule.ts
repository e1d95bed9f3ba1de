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

/** A moment by two clocks: the wall's, which people and NTP set, and one that only counts on, in milliseconds. */
export interface Moment {
  readonly wall: Date;
  readonly counted: number;
}

/** The next start of a sync, planned once the sync before it has ended. */
export type Plan =
  | { readonly kind: 'now' }
  /** So many milliseconds after the last start. */
  | { readonly kind: 'after'; readonly started: Moment; readonly period: number }
  /** At a time of the wall's clock. */
  | {
      readonly kind: 'at';
      readonly at: Date;
      readonly planned: Date;
      readonly next: (after: Date) => Date | undefined;
    };

/**
 * When the next sync starts. Runs that a long sync overran are skipped, never piled up.
 *
 * @param started when the last sync started; undefined before the first
 * @returns undefined when there is no next one
 */
export function planRun(schedule: Schedule, started: Moment | undefined, now: Moment): Plan | undefined {
  switch (schedule.kind) {
    case 'once':
      return started === undefined ? { kind: 'now' } : undefined;
    case 'every': {
      if (started === undefined) return { kind: 'now' };
      const passed = Math.max(1, Math.ceil(passedSince(started, now) / schedule.period));
      return { kind: 'after', started, period: passed * schedule.period };
    }
    case 'cron':
      return planAt(schedule.next, now.wall);
    default:
      throw new TypeError(`unknown schedule ${JSON.stringify(schedule satisfies never)}`);
  }
}

/** A plan by the wall's clock is recalculated where that clock was set back: it would wait until time has come by twice. */
export function replan(plan: Plan, now: Moment): Plan | undefined {
  return plan.kind === 'at' && now.wall < plan.planned ? planAt(plan.next, now.wall) : plan;
}

/** Milliseconds until the plan is due; at most 0 where it is. */
export function remaining(plan: Plan, now: Moment): number {
  switch (plan.kind) {
    case 'now':
      return 0;
    case 'after':
      return plan.period - passedSince(plan.started, now);
    case 'at':
      return plan.at.getTime() - now.wall.getTime();
    default:
      throw new TypeError(`unknown plan ${JSON.stringify(plan satisfies never)}`);
  }
}

/** The wall clock's time at which the plan is due, as far as can be said now. */
export function dueAt(plan: Plan, now: Moment): Date {
  return new Date(now.wall.getTime() + Math.max(0, remaining(plan, now)));
}

function planAt(next: (after: Date) => Date | undefined, now: Date): Plan | undefined {
  const at = next(now);
  return at === undefined ? undefined : { kind: 'at', at, planned: now, next };
}

/** The clock that was set back does not count, and neither does the one that stood still while the machine slept. */
function passedSince(moment: Moment, now: Moment): number {
  return Math.max(now.counted - moment.counted, now.wall.getTime() - moment.wall.getTime());
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
