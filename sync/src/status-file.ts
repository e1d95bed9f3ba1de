import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Failure } from '@ewallet/failure';
import type { SyncObserver, SyncOutcome } from './sync-observer';

/** Progress reaches the file this late, in milliseconds: a busy sync acknowledges thousands of states in a second. */
const PROGRESS_AFTER = 1_000;

/**
 * `status.json` in the state directory: what the last run did and what comes next, for `ewallet-pipeline status` and for
 * people. It is written as things happen, so that it can be read while nothing runs. Times are ISO 8601 in UTC.
 */
interface SyncStatus {
  readonly version: 1;
  readonly process: { readonly pid: number; readonly host: string };
  readonly state: 'running' | 'waiting' | 'ended';
  /** Whether changes are followed: that has no end that could be a success. */
  readonly following: boolean;
  /** Since when it is in this state. */
  readonly since: string;
  readonly last_success: (Omit<SyncOutcome, 'status'> & { readonly at: string }) | null;
  /** The newest failed attempt after the last success. `final`: no further attempt followed. */
  readonly last_failure: {
    readonly at: string;
    readonly attempt: number;
    readonly kind: string;
    readonly message: string;
    readonly final: boolean;
  } | null;
  /** When the destination last acknowledged anything. */
  readonly acknowledged_at: string | null;
  /** When the schedule starts the next sync; null where there is none. */
  readonly next_at: string | null;
}

/** What runs before this process left, in milliseconds since the epoch. */
export interface EarlierRuns {
  readonly succeededAt: number | undefined;
  readonly acknowledgedAt: number | undefined;
}

type Changes = Partial<Omit<SyncStatus, 'version' | 'process' | 'following'>>;

/** Keeps the file. A file that cannot be written is told once and fails no sync. */
export class StatusFile implements Partial<SyncObserver> {
  private writing: Promise<void> = Promise.resolve();
  private waiting = false;
  private later: NodeJS.Timeout | undefined;
  private hasFailed = false;

  private constructor(
    private readonly file: string,
    private status: SyncStatus,
    private readonly now: () => Date,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** @param onFailure hears at most once that the file cannot be written */
  static async open(
    { stateDirectory, following }: { readonly stateDirectory: string; readonly following: boolean },
    now: () => Date,
    onFailure: (error: unknown) => void,
  ): Promise<StatusFile> {
    const file = path.join(stateDirectory, 'status.json');
    const before = await readBefore(file);
    return new StatusFile(
      file,
      {
        version: 1,
        process: { pid: process.pid, host: hostname() },
        state: 'waiting',
        following,
        since: now().toISOString(),
        last_success: before.last_success ?? null,
        last_failure: before.last_failure ?? null,
        acknowledged_at: before.acknowledged_at ?? null,
        next_at: null,
      },
      now,
      onFailure,
    );
  }

  get earlier(): EarlierRuns {
    const { last_success: success, acknowledged_at: acknowledged } = this.status;
    return { succeededAt: moment(success?.at), acknowledgedAt: moment(acknowledged) };
  }

  started(): void {
    this.change({ state: 'running', since: this.now().toISOString(), next_at: null });
  }

  /** What got through after a failure is its end: a sync that follows changes never ends by itself. */
  acknowledged(): void {
    this.status = { ...this.status, last_failure: null, acknowledged_at: this.now().toISOString() };
    this.later ??= setTimeout(() => {
      this.later = undefined;
      this.write();
    }, PROGRESS_AFTER).unref();
  }

  attemptFailed(attempt: number, { kind, message }: Failure, final: boolean): void {
    const at = this.now().toISOString();
    this.change({
      last_failure: { at, attempt, kind, message, final },
      ...(final ? { state: 'ended', since: at } : {}),
    });
  }

  ended({ status, ...outcome }: SyncOutcome): void {
    const at = this.now().toISOString();
    const success: Changes = status === 'succeeded' ? { last_success: { ...outcome, at }, last_failure: null } : {};
    this.change({ state: 'ended', since: at, ...success });
  }

  planned(next: Date | undefined): void {
    const since = this.now().toISOString();
    this.change(
      next === undefined
        ? { state: 'ended', since, next_at: null }
        : { state: 'waiting', since, next_at: next.toISOString() },
    );
  }

  /** Resolves when all of it is on disk. Never throws. */
  async settled(): Promise<void> {
    if (this.later !== undefined) this.write();
    clearTimeout(this.later);
    this.later = undefined;
    await this.writing;
  }

  private change(changes: Changes): void {
    this.status = { ...this.status, ...changes };
    this.write();
  }

  /** One write at a time, always of the newest. */
  private write(): void {
    if (this.waiting) return;
    this.waiting = true;
    this.writing = this.writing.then(async () => {
      this.waiting = false;
      try {
        await replaceFile(this.file, `${JSON.stringify(this.status, undefined, 2)}\n`);
      } catch (error) {
        if (!this.hasFailed) this.onFailure(error);
        this.hasFailed = true;
      }
    });
  }
}

function moment(text: unknown): number | undefined {
  const milliseconds = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Whole or not at all for whoever reads; it need not survive a power cut. */
async function replaceFile(file: string, text: string): Promise<void> {
  // One name for everybody: what a killed process left of it is taken by the next one.
  const temporary = `${file}.new`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(temporary, text, { mode: 0o644 });
  await rename(temporary, file);
}

/** What the process before left: its last success is still the last success. */
async function readBefore(file: string): Promise<Partial<SyncStatus>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
