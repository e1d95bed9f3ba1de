import { pause } from '@ewallet/command-line';
import path from 'node:path';
import { asFailure, Failure } from '@ewallet/failure';
import { during, type Span } from '@ewallet/tracing';
import { capturesChanges } from './captured-source';
import type { SyncConfig } from './config';
import type { FollowProgress, FollowStatus } from './follow-progress';
import { RunLock } from './run-lock';
import { attemptSync, type SyncContext, type SyncRequest } from './sync';
import type { SyncOutcome } from './sync-observer';

/** The longest wait before connectors are started again, in milliseconds: whoever follows waits for seconds, not minutes. */
const LONGEST_BACKOFF = 30_000;
/** Milliseconds between two lines of the log that say how far behind the destination is. */
const BETWEEN_LINES = 10_000;

interface FollowContext extends SyncContext {
  readonly progress: FollowProgress;
  /** The span of the sync that comes first. */
  readonly begin: () => Span;
}

/**
 * Syncs once, then keeps source and destination open: what the source's database commits is in the destination moments
 * later. What breaks is started again from the last acknowledged state, until `stop`.
 *
 * @throws Failure at once where only the user can help; for a fault of ours after the configuration's retries without an
 *   acknowledged state in between; AlreadyRunning where a sync runs
 */
export async function follow(config: SyncConfig, request: SyncRequest, context: FollowContext): Promise<SyncOutcome> {
  await requireCapture(config);
  const { log, observer, progress } = context;
  const started = performance.now();
  const lock = await RunLock.acquire(path.join(config.stateDirectory, 'lock'), { follows: true });
  const lines = setInterval(() => {
    log.info('following', statusFields(progress.status(performance.now())));
  }, BETWEEN_LINES);
  try {
    observer.started();
    const run = new FollowRun(config, request, context);
    const { sync, attempts, streams } = await run.untilStopped();
    const records = Object.values(streams).reduce((sum, count) => sum + count, 0);
    const seconds = (performance.now() - started) / 1_000;
    const result: SyncOutcome = { sync, status: 'stopped', attempts, streams, records, seconds };
    log.info('sync stopped', { ...result });
    observer.ended(result);
    return result;
  } finally {
    clearInterval(lines);
    await lock.release(log);
  }
}

class FollowRun {
  private readonly streams: Record<string, number> = {};
  private request: SyncRequest;
  private sync = 0;
  private attempts = 0;
  private hasSynced = false;
  /** Starts in a row that acknowledged nothing. */
  private fruitless = 0;

  constructor(
    private readonly config: SyncConfig,
    request: SyncRequest,
    private readonly context: FollowContext,
  ) {
    this.request = {
      ...request,
      begun: () => {
        this.request = { refresh: [], adoptState: false, begun: () => undefined };
        request.begun();
      },
    };
  }

  async untilStopped(): Promise<Pick<SyncOutcome, 'sync' | 'attempts' | 'streams'>> {
    while (!this.isStopped()) {
      const before = this.context.progress.status(performance.now()).states;
      const failure = await this.pass();
      if (this.isStopped()) {
        if (failure !== undefined) throw failure;
        break;
      }
      this.fruitless = this.context.progress.status(performance.now()).states > before ? 0 : this.fruitless + 1;
      if (failure !== undefined) this.throwIfFinal(failure);
      this.context.progress.restarting();
      await this.rest(failure !== undefined);
    }
    return { sync: this.sync, attempts: this.attempts, streams: this.streams };
  }

  /** One life of the two connectors, and the sync before the first one. @returns what ended it, where it was no choice */
  private async pass(): Promise<Failure | undefined> {
    const { config, context, streams } = this;
    try {
      this.attempts += 1;
      if (!this.hasSynced) {
        this.sync = await this.syncFirst();
        this.hasSynced = true;
        if (this.isStopped()) return undefined;
      }
      this.sync = await attemptSync(config, this.request, streams, context);
      return undefined;
    } catch (error) {
      return asFailure(error);
    }
  }

  /** What was written before anybody followed: a sync as any other, in a trace of its own. */
  private async syncFirst(): Promise<number> {
    const { config, streams } = this;
    const { stop, log, observer, begin } = this.context;
    const span = begin();
    return during(span, () => attemptSync(config, this.request, streams, { stop, log, observer, span }));
  }

  private throwIfFinal(failure: Failure): void {
    const { kind, message } = failure;
    const final = kind === 'config_error' || (kind === 'system_error' && this.fruitless > this.config.retries);
    this.context.log.error('attempt failed', { attempt: this.attempts, kind, message, final });
    this.context.observer.attemptFailed(this.attempts, failure, final);
    if (final) throw failure;
  }

  /** A source that ended by itself has columns to discover again: it is started at once, unless it does nothing else. */
  private async rest(hasFailed: boolean): Promise<void> {
    if (!hasFailed && this.fruitless <= 1) return;
    const wait = Math.min(this.config.backoff * 2 ** Math.max(0, this.fruitless - 1), LONGEST_BACKOFF);
    this.context.log.info('starting again', { after_seconds: wait / 1_000 });
    await pause(wait, this.context.stop);
  }

  private isStopped(): boolean {
    return this.context.stop.aborted;
  }
}

function statusFields(status: FollowStatus): Readonly<Record<string, unknown>> {
  const { isConnected, records, states, restarts, lagBytes, lagSeconds } = status;
  return { connected: isConnected, records, states, restarts, lag_bytes: lagBytes, lag_seconds: lagSeconds };
}

/** @throws Failure where the source's configuration does not say that it captures changes */
async function requireCapture(config: SyncConfig): Promise<void> {
  if (await capturesChanges(config)) return;
  throw Failure.config(
    '--follow needs a source that captures changes: set its replication_method to {"method": "CDC", "replication_slot": …, "publication": …}, or sync on a schedule with --every.',
  );
}
