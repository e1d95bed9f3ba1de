import { readFile, writeFile } from 'node:fs/promises';
import { Failure } from '@ewallet/failure';
import { Cron } from 'croner';

/** When a sync looks for deleted rows before it reads. */
export type DeletionSchedule =
  | { readonly kind: 'off' }
  | { readonly kind: 'each_sync' }
  /** The first sync after each such time. */
  | { readonly kind: 'cron'; readonly next: (after: Date) => Date | undefined };

/** @throws Failure where it cannot be understood */
export function parseDeletionSchedule(value: unknown): DeletionSchedule {
  if (value === undefined || value === 'off') return { kind: 'off' };
  if (value === 'each_sync') return { kind: 'each_sync' };
  if (typeof value === 'string' && value.trim().includes(' ')) {
    try {
      const cron = new Cron(value, { paused: true });
      return { kind: 'cron', next: (after) => cron.nextRun(after) ?? undefined };
    } catch (error) {
      throw wrong(error);
    }
  }
  throw wrong(undefined);
}

function wrong(cause: unknown): Failure {
  return Failure.config(
    '`detect_deletes` must be "off", "each_sync", or a cron pattern of five fields: "0 3 * * *" looks once a day, with the first sync after 3:00.',
    { cause },
  );
}

/** @param last when it was done last; undefined where it never was */
export function isDue(schedule: DeletionSchedule, last: Date | undefined, now: Date): boolean {
  switch (schedule.kind) {
    case 'off':
      return false;
    case 'each_sync':
      return true;
    case 'cron': {
      const next = last === undefined ? now : schedule.next(last);
      return next !== undefined && next <= now;
    }
    default:
      throw new TypeError(`unknown schedule ${JSON.stringify(schedule satisfies never)}`);
  }
}

/** When deletions were last searched for. A file that is missing or damaged costs one look more than was asked for. */
export async function readLastLook(file: string): Promise<Date | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const time = Date.parse(text.trim());
  return Number.isNaN(time) ? undefined : new Date(time);
}

export async function writeLastLook(file: string, at: Date): Promise<void> {
  await writeFile(file, `${at.toISOString()}\n`, { mode: 0o600 });
}
