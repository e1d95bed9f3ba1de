import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure, Failure } from '@ewallet/failure';
import { during, NO_SPAN, tracedVariables, untraced, type Span } from '@ewallet/tracing';
import { runAttempt, type Attempt } from './attempt';
import { AttemptFiles } from './attempt-files';
import { catalogChanged } from './catalog-watch';
import { refuseUselessSearch } from './captured-source';
import type { SyncConfig } from './config';
import { commandLine } from './connector-process';
import { connectorSettings } from './connector-settings';
import { askFor } from './asked-rows';
import { lookForDeletions } from './deletion-audit';
import { withDeletionColumn } from './deletion-column';
import { refusedFailure } from './deletion-plan';
import { destinationCatalog } from './destination-catalog';
import { confirmState, wantsConfirmation } from './confirmation';
import { discover } from './discovery';
import type { FollowProgress } from './follow-progress';
import { streamName } from './message';
import { RunLock } from './run-lock';
import { configureCatalog, isNamed, vanishedFailure, type ConfiguredStream, type SelectedCatalog } from './selection';
import { SourceFeedback } from './source-feedback';
import {
  forget,
  GLOBAL_STATE,
  nextSync,
  readStateFile,
  stateMessages,
  writeStateFile,
  type SyncState,
} from './state-file';
import { StateKeeper } from './state-keeper';
import { refuseOther, stateOwner, type StateOwner } from './state-owner';
import { variablesOfImages } from './traced-images';
import type { SyncLog } from './sync-log';
import type { SyncObserver, SyncOutcome } from './sync-observer';

/** The longest wait between attempts, in milliseconds. */
const LONGEST_BACKOFF = 300_000;

/** What the user asks of one sync beyond its configuration. */
export interface SyncRequest {
  /** Streams whose state is forgotten first. */
  readonly refresh: readonly string[];
  /** The state is this configuration's, whoever left it. */
  readonly adoptState: boolean;
  /** Called once both are in the state file: from then on the sync continues as any other. */
  readonly begun: () => void;
}

/** What a sync lives in. */
export interface SyncContext {
  readonly stop: AbortSignal;
  readonly log: SyncLog;
  readonly observer: SyncObserver;
  /** Of what is done, in the trace of its sync. */
  readonly span?: Span;
}

/**
 * One sync of the connection: discover, select, read | write, with as many attempts as the configuration allows. Each
 * attempt continues from what the destination last acknowledged.
 *
 * @throws Failure after the last attempt, or at once where only the user can help; AlreadyRunning where one runs.
 */
export async function sync(
  config: SyncConfig,
  request: SyncRequest,
  { stop, log, observer, span = NO_SPAN }: SyncContext,
): Promise<SyncOutcome> {
  const started = performance.now();
  const lock = await RunLock.acquire(path.join(config.stateDirectory, 'lock'));
  try {
    observer.started();
    const streams: Record<string, number> = {};
    let asked = request;
    const begun = (): void => {
      asked = { ...asked, refresh: [] };
      request.begun();
    };
    for (let attempts = 1; ; attempts++) {
      const attempt = span.child('attempt', { attributes: { 'ewallet.attempt': attempts } });
      try {
        const syncId = await attemptSync(config, { ...asked, begun }, streams, { stop, log, observer, span: attempt });
        const records = Object.values(streams).reduce((sum, count) => sum + count, 0);
        const seconds = (performance.now() - started) / 1_000;
        const status = stop.aborted ? 'stopped' : 'succeeded';
        const result: SyncOutcome = { sync: syncId, status, attempts, streams, records, seconds };
        log.info(`sync ${status}`, { ...result });
        observer.ended(result);
        attempt.end();
        span.set({ 'ewallet.sync_id': syncId, 'ewallet.status': status, 'ewallet.records': records });
        return result;
      } catch (error) {
        const failure = asFailure(error);
        attempt.end(failure);
        const final = failure.kind === 'config_error' || attempts > config.retries || stop.aborted;
        log.error('attempt failed', { attempt: attempts, kind: failure.kind, message: failure.message, final });
        observer.attemptFailed(attempts, failure, final);
        if (final) throw failure;
        const wait = Math.min(config.backoff * 2 ** (attempts - 1), LONGEST_BACKOFF);
        log.info('retrying', { after_seconds: wait / 1_000 });
        const rested = await sleep(wait, true, { signal: stop }).catch(() => false);
        if (!rested) throw failure;
      }
    }
  } finally {
    await lock.release(log);
  }
}

/**
 * @param context `progress` where the source is to read on until it is stopped: what it reads as it changes, no full refreshes
 * @returns the sync's number; adds what was acknowledged to `streams`, also where it throws.
 */
export async function attemptSync(
  config: SyncConfig,
  { refresh, adoptState, begun }: SyncRequest,
  streams: Record<string, number>,
  { stop, log, observer, span = NO_SPAN, progress }: SyncContext & { readonly progress?: FollowProgress },
): Promise<number> {
  const stateFile = path.join(config.stateDirectory, 'state.json');
  const files = await AttemptFiles.make(config.stateDirectory);
  try {
    const sourceConfig = await files.config('source.json', config.source);
    const destinationConfig = await files.config('destination.json', config.destination);
    const before = await readStateFile(stateFile);
    const owner = stateOwner(config.file, config.stateDirectory, await connectorSettings(config.source));
    if (!adoptState) refuseOther(before.owner, owner, stateFile);
    await refuseUselessSearch(config);
    const discoverCommand = commandLine(config.source.launcher, 'discover', {
      files: { config: sourceConfig },
      directory: files.directory,
    });
    const discovered = await during(span.child('discover'), () => discover(discoverCommand, stop, log));
    const syncId = before.unfinished ? before.syncId : before.syncId + 1;
    const selected = configureCatalog(discovered, config, before.streams, syncId);
    const configured = progress === undefined ? selected : followedStreams(selected, config, log);
    const state = startingState(forget(before, namedStreams(refresh, configured)), selected, owner);
    await writeStateFile(stateFile, state);
    begun();
    const streamsOfSync = seesDeletions(configured.streams, config);
    const deletions = await lookForDeletions(config, { streams: streamsOfSync, sourceConfig, files, stop, log });
    const asking = askFor(deletions.asked, streamsOfSync, 'deleted');
    const read = streamsOfSync.map((one) => asking.find(({ stream }) => stream === one.stream) ?? one);
    const catalogFile = await files.put('catalog.json', JSON.stringify({ streams: read }));
    const written = destinationCatalog(streamsOfSync, state.states);
    const destinationCatalogFile = await files.put('destination-catalog.json', JSON.stringify(written));
    const statePath = await files.put('state.json', stateMessages(state));
    span.set({ 'ewallet.sync_id': syncId, 'ewallet.streams': configured.streams.length });
    // What never ends is no trace: of changes that are followed the metrics have the latency of each.
    const environment = progress === undefined ? tracedVariables(span) : untraced();
    const variables = variablesOfImages(span);
    log.info('sync started', { sync: syncId, streams: configured.streams.length, resumed: before.unfinished });
    const diskFailed = new AbortController();
    const outdated = new AbortController();
    const ended = new AbortController();
    const watching =
      progress === undefined
        ? Promise.resolve(false)
        : catalogChanged(
            {
              every: config.rediscover,
              known: selected,
              look: async (signal) =>
                configureCatalog(await discover(discoverCommand, signal, log), config, before.streams, syncId),
              log,
            },
            AbortSignal.any([stop, ended.signal]),
          );
    void watching.then((changed) => {
      if (changed) outdated.abort();
    });
    const feedback = new SourceFeedback();
    const keeper = new StateKeeper(
      stateFile,
      state,
      () => {
        diskFailed.abort();
      },
      (states) => {
        const json = states.get(GLOBAL_STATE);
        if (progress !== undefined && json !== undefined) feedback.tell(json);
      },
    );
    try {
      const result = await runAttempt({
        sourceCommand: commandLine(config.source.launcher, 'read', {
          files: { config: sourceConfig, catalog: catalogFile, state: statePath },
          directory: files.directory,
          switches: progress === undefined ? [] : ['follow'],
          variables,
        }),
        destinationCommand: commandLine(config.destination.launcher, 'write', {
          files: { config: destinationConfig, catalog: destinationCatalogFile },
          directory: files.directory,
          variables,
        }),
        keep: (message) => {
          keeper.keep(message);
          const records = message.destinationRecords ?? message.sourceRecords ?? 0;
          streams[message.of] = (streams[message.of] ?? 0) + records;
          observer.acknowledged(message, records);
          progress?.acknowledged(records);
        },
        stop: AbortSignal.any([stop, diskFailed.signal, outdated.signal]),
        log,
        environment,
        observer,
        ...(progress === undefined ? {} : { following: following(progress, feedback) }),
      });
      log.info('connectors ended', { read: result.read });
    } catch (error) {
      // Where states could no longer be kept, that came first, and what ended after it was ended by us.
      throw keeper.failure ?? error;
    } finally {
      ended.abort();
      await watching;
      await keeper.settled();
    }
    await keeper.written();
    if (stop.aborted && progress === undefined) return syncId;
    await keeper.finish();
    await confirmIfWanted(config, { stateFile, sourceConfig, files, log });
    if (deletions.refused.length > 0) throw refusedFailure(deletions.refused, config.deletions.maxShare);
    await deletions.done();
    if (configured.vanished.length > 0) {
      throw vanishedFailure(configured, config, 'every other stream was synced');
    }
    return syncId;
  } finally {
    await files.remove().catch((error: unknown) => {
      log.warn('files of the attempt could not be removed', { directory: files.directory, message: String(error) });
    });
  }
}

function following(progress: FollowProgress, feedback: SourceFeedback): NonNullable<Attempt['following']> {
  progress.connected();
  return {
    feedback,
    measured: (name, value) => {
      progress.measured(name, value, performance.now());
    },
  };
}

/** Of what is read whole each time nothing can be followed: the sync before has read it. */
function followedStreams(selected: SelectedCatalog, config: SyncConfig, log: SyncLog): SelectedCatalog {
  if (selected.vanished.length > 0) {
    throw vanishedFailure(selected, config, 'every other stream was synced');
  }
  const streams = selected.streams.filter(({ sync_mode: mode }) => mode === 'incremental');
  const others = selected.streams.filter(({ sync_mode: mode }) => mode !== 'incremental');
  if (streams.length === 0) throw Failure.config('No stream can be followed: all of them are read whole each time.');
  if (others.length > 0) {
    const names = others.map(({ stream }) => streamName(stream)).join(', ');
    log.warn('streams without changes to follow are read once, when --follow starts', { streams: names });
  }
  return { ...selected, streams };
}

/** Where deletions are searched for, streams that a key deduplicates have the column that says so, in every sync. */
function seesDeletions(streams: readonly ConfiguredStream[], config: SyncConfig): readonly ConfiguredStream[] {
  if (config.deletions.schedule.kind === 'off') return streams;
  return streams.map((stream) =>
    stream.destination_sync_mode === 'append_dedup' ? withDeletionColumn(stream) : stream,
  );
}

function startingState(before: SyncState, { streams, vanished }: SelectedCatalog, owner: StateOwner): SyncState {
  const fullRefresh = streams.filter(({ sync_mode: mode }) => mode === 'full_refresh');
  return {
    ...nextSync(before, new Set(fullRefresh.map(({ stream }) => streamName(stream)))),
    streams: [...streams.map(({ stream }) => streamName(stream)), ...vanished],
    owner,
  };
}

/** @throws Failure for a name that is no stream of this sync */
function namedStreams(names: readonly string[], { streams }: SelectedCatalog): ReadonlySet<string> {
  const known = streams.map(({ stream }) => streamName(stream));
  return new Set(
    names.map((name) => {
      const found = known.find((stream) => isNamed(stream, name));
      if (found === undefined) {
        throw Failure.config(`--refresh ${name}: there is no such stream in this sync. It has ${known.join(', ')}.`);
      }
      return found;
    }),
  );
}

/** A source that keeps a log for us is told what it may forget, now that the state is on disk. */
async function confirmIfWanted(
  config: SyncConfig,
  {
    stateFile,
    sourceConfig,
    files,
    log,
  }: { readonly stateFile: string; readonly sourceConfig: string; readonly files: AttemptFiles; readonly log: SyncLog },
): Promise<void> {
  const state = await readStateFile(stateFile);
  if (!wantsConfirmation(state)) return;
  const statePath = await files.put('confirmed.json', stateMessages(state));
  const flags = { config: sourceConfig, state: statePath };
  await confirmState(commandLine(config.source.launcher, 'confirm', { files: flags, directory: files.directory }), log);
}
