import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { count, Failure } from '@ewallet/failure';
import { askFor, type AskedRows } from './asked-rows';
import { runAttempt } from './attempt';
import { AttemptFiles } from './attempt-files';
import type { SyncConfig } from './config';
import { commandLine } from './connector-process';
import { connectorSettings } from './connector-settings';
import { keepsDeletedRows, withDeletionColumn } from './deletion-column';
import { destinationCatalog } from './destination-catalog';
import { discover } from './discovery';
import { AlreadyRunning, RunLock } from './run-lock';
import { configureCatalog } from './selection';
import { readStateFile } from './state-file';
import { refuseOther, stateOwner } from './state-owner';
import type { SyncLog } from './sync-log';

/** How long a sync that runs is waited for, in milliseconds. */
const PATIENCE = 600_000;
const LOOK_EVERY = 500;

export interface ResendResult {
  readonly status: 'sent' | 'stopped';
  /** Records that the destination acknowledged, by stream. */
  readonly streams: Readonly<Record<string, number>>;
  readonly records: number;
}

/**
 * Reads rows by their keys and sends them through the same topics as every sync: as they are now, or as deleted where they
 * are gone. The streams' states stay as they are. No sync of the connection runs meanwhile: a newer version of a row that
 * it sent would be followed by the older one.
 *
 * @throws Failure; AlreadyRunning where a sync has run for ten minutes, or one that follows changes runs
 */
export async function resend(
  config: SyncConfig,
  asked: readonly AskedRows[],
  stop: AbortSignal,
  log: SyncLog,
): Promise<ResendResult> {
  const lock = await acquire(path.join(config.stateDirectory, 'lock'), stop, log);
  try {
    const files = await AttemptFiles.make(config.stateDirectory);
    try {
      return await send(config, asked, { files, stop, log });
    } finally {
      await files.remove().catch((error: unknown) => {
        log.warn('files could not be removed', { directory: files.directory, message: String(error) });
      });
    }
  } finally {
    await lock.release(log);
  }
}

async function acquire(file: string, stop: AbortSignal, log: SyncLog): Promise<RunLock> {
  const deadline = performance.now() + PATIENCE;
  for (let told = false; ; told = true) {
    try {
      return await RunLock.acquire(file);
    } catch (error) {
      if (!(error instanceof AlreadyRunning) || error.follows || performance.now() > deadline) throw error;
      if (!told) log.info('waiting for the sync that runs', { lock: file });
      await sleep(LOOK_EVERY, undefined, { signal: stop }).catch(() => {
        throw Failure.transient('Stopped while waiting for the sync that runs. Nothing was sent.');
      });
    }
  }
}

async function send(
  config: SyncConfig,
  asked: readonly AskedRows[],
  { files, stop, log }: { readonly files: AttemptFiles; readonly stop: AbortSignal; readonly log: SyncLog },
): Promise<ResendResult> {
  const { source, destination } = config;
  const sourceConfig = await files.config('source.json', source);
  const destinationConfig = await files.config('destination.json', destination);
  const stateFile = path.join(config.stateDirectory, 'state.json');
  const state = await readStateFile(stateFile);
  refuseOther(state.owner, stateOwner(config.file, config.stateDirectory, await connectorSettings(source)), stateFile);
  const discovered = await discover(
    commandLine(source.launcher, 'discover', { files: { config: sourceConfig }, directory: files.directory }),
    stop,
    log,
  );
  const configured = configureCatalog(discovered, config, state.streams, state.syncId);
  const asking = askFor(asked, configured.streams, 'only');
  const marks = keepsDeletedRows(await connectorSettings(destination)) || config.deletions.schedule.kind !== 'off';
  const written = asking.map((stream) => {
    const plain = { ...stream, asked_keys: undefined };
    return marks ? withDeletionColumn(plain) : plain;
  });
  const catalogFile = await files.put('catalog.json', JSON.stringify({ streams: asking }));
  const destinationCatalogFile = await files.put(
    'destination-catalog.json',
    JSON.stringify(destinationCatalog(written, state.states)),
  );
  const streams: Record<string, number> = {};
  log.info('sending rows again', Object.fromEntries(asked.map(({ stream, keys }) => [stream, keys.length])));
  const { read } = await runAttempt({
    sourceCommand: commandLine(source.launcher, 'read', {
      files: { config: sourceConfig, catalog: catalogFile },
      directory: files.directory,
    }),
    destinationCommand: commandLine(destination.launcher, 'write', {
      files: { config: destinationConfig, catalog: destinationCatalogFile },
      directory: files.directory,
    }),
    keep: (message) => {
      if (message.rejectedRecords > 0) {
        log.warn('rows went to the dead letter topic', { stream: message.of, rows: message.rejectedRecords });
      }
      streams[message.of] = (streams[message.of] ?? 0) + (message.destinationRecords ?? message.sourceRecords ?? 0);
    },
    stop,
    log,
  });
  const wanted = asking.reduce((sum, { asked_keys: keys }) => sum + keys.values.length, 0);
  if (!stop.aborted && read !== wanted) {
    throw Failure.system(
      `The source sent ${count(read, 'record')} for ${count(wanted, 'key')}: it does not know the catalogue's \`asked_keys\`, which source-ewallet does.`,
    );
  }
  const records = Object.values(streams).reduce((sum, count) => sum + count, 0);
  return { status: stop.aborted ? 'stopped' : 'sent', streams, records };
}
