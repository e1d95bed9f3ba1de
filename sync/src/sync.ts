import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure } from '@ewallet/failure';
import { runAttempt } from './attempt';
import { AttemptFiles } from './attempt-files';
import type { SyncConfig } from './config';
import { commandLine } from './connector-process';
import { discover } from './discovery';
import { RunLock } from './run-lock';
import { configureCatalog } from './selection';
import { nextSync, readStateFile, stateMessages, writeStateFile, type SyncState } from './state-file';
import { StateKeeper } from './state-keeper';
import type { SyncLog } from './sync-log';

/** The longest wait between attempts, in milliseconds. */
const LONGEST_BACKOFF = 300_000;

export interface SyncResult {
  readonly sync: number;
  readonly status: 'succeeded' | 'stopped';
  readonly attempts: number;
  /** Records that the destination acknowledged, by stream. */
  readonly streams: Readonly<Record<string, number>>;
  readonly records: number;
  readonly seconds: number;
}

/**
 * One sync of the connection: discover, select, read | write, with as many attempts as the configuration allows. Each
 * attempt goes on from what the destination last acknowledged.
 *
 * @throws Failure after the last attempt, or at once where only the user can help; AlreadyRunning where one runs.
 */
export async function sync(config: SyncConfig, stop: AbortSignal, log: SyncLog): Promise<SyncResult> {
  const started = Date.now();
  const lock = await RunLock.acquire(path.join(config.stateDirectory, 'lock'));
  try {
    const streams: Record<string, number> = {};
    for (let attempts = 1; ; attempts++) {
      try {
        const syncId = await attemptSync(config, streams, stop, log);
        const records = Object.values(streams).reduce((sum, count) => sum + count, 0);
        const seconds = (Date.now() - started) / 1_000;
        const status = stop.aborted ? 'stopped' : 'succeeded';
        const result: SyncResult = { sync: syncId, status, attempts, streams, records, seconds };
        log.info(`sync ${status}`, { ...result });
        return result;
      } catch (error) {
        const failure = asFailure(error);
        const final = failure.kind === 'config_error' || attempts > config.retries || stop.aborted;
        log.error('attempt failed', { attempt: attempts, kind: failure.kind, message: failure.message, final });
        if (final) throw failure;
        const wait = Math.min(config.backoff * 2 ** (attempts - 1), LONGEST_BACKOFF);
        log.info('retrying', { after_seconds: wait / 1_000 });
        const rested = await sleep(wait, true, { signal: stop }).catch(() => false);
        if (!rested) throw failure;
      }
    }
  } finally {
    await lock.release();
  }
}

/** @returns the sync's number; adds what was acknowledged to `streams`, also where it throws. */
async function attemptSync(
  config: SyncConfig,
  streams: Record<string, number>,
  stop: AbortSignal,
  log: SyncLog,
): Promise<number> {
  const stateFile = path.join(config.stateDirectory, 'state.json');
  const files = await AttemptFiles.make(path.join(config.stateDirectory, 'attempt'));
  try {
    const sourceConfig = await files.config('source.json', config.source);
    const destinationConfig = await files.config('destination.json', config.destination);
    const catalog = await discover(
      commandLine(config.source.launcher, 'discover', { config: sourceConfig }, files.directory),
      stop,
      log,
    );
    const before = await readStateFile(stateFile);
    const syncId = before.unfinished ? before.syncId : before.syncId + 1;
    const configured = configureCatalog(catalog, config.streams, syncId);
    const fullRefresh = configured.streams
      .filter(({ sync_mode: mode }) => mode === 'full_refresh')
      .map(({ stream }) => fullName(stream));
    const state: SyncState = nextSync(before, new Set(fullRefresh));
    await writeStateFile(stateFile, state);
    const catalogFile = await files.put('catalog.json', JSON.stringify(configured));
    const statePath = await files.put('state.json', stateMessages(state));
    log.info('sync started', { sync: syncId, streams: configured.streams.length, resumed: before.unfinished });
    const keeper = new StateKeeper(stateFile, state);
    try {
      const result = await runAttempt({
        sourceCommand: commandLine(
          config.source.launcher,
          'read',
          { config: sourceConfig, catalog: catalogFile, state: statePath },
          files.directory,
        ),
        destinationCommand: commandLine(
          config.destination.launcher,
          'write',
          { config: destinationConfig, catalog: catalogFile },
          files.directory,
        ),
        keep: (message) => {
          keeper.keep(message);
          streams[message.of] = (streams[message.of] ?? 0) + (message.destinationRecords ?? message.sourceRecords ?? 0);
        },
        stop,
        log,
      });
      log.info('connectors ended', { read: result.read });
    } finally {
      await keeper.written();
    }
    if (!stop.aborted) await keeper.finish();
    return syncId;
  } finally {
    await files.remove();
  }
}

function fullName(stream: Readonly<Record<string, unknown>>): string {
  const { namespace, name } = stream;
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}.${String(name)}` : String(name);
}
