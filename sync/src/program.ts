import path from 'node:path';
import {
  commandLine,
  type Ends,
  LOG_FORMAT_VARIABLE,
  LOG_FORMATS,
  type LogFormat,
  parsePort,
  pause,
  serveMetrics,
  untilStopped,
} from '@ewallet/command-line';
import { asFailure, Failure, readJsonObject } from '@ewallet/failure';
import { during, openTracing, PARENT_VARIABLE, type Span, type Tracing } from '@ewallet/tracing';
import { Option, type Command } from 'commander';
import { readAskedRows } from './asked-rows';
import { parseSyncConfig, type SyncConfig } from './config';
import { follow } from './follow';
import { FollowProgress, type FollowStatus } from './follow-progress';
import type { SyncMetrics } from './metrics';
import { resend } from './resend';
import { AlreadyRunning } from './run-lock';
import { dueAt, planRun, remaining, replan, parseSchedule, type Moment, type Plan, type Schedule } from './schedule';
import { StatusFile } from './status-file';
import { sync, type SyncRequest } from './sync';
import { SyncLog } from './sync-log';
import { allObservers } from './sync-observer';

/** What a shell, cron or Kubernetes sees. */
const EXIT = { failed: 1, config: 2, alreadyRunning: 3, stopped: 143 } as const;

interface RunFlags {
  readonly config: string;
  readonly every?: string;
  readonly cron?: string;
  readonly once?: boolean;
  readonly follow?: boolean;
  readonly refresh: readonly string[];
  readonly adoptState?: boolean;
  readonly metricsPort?: number;
  readonly metricsHost: string;
  readonly logFormat?: LogFormat;
}

interface Output {
  write(text: string): unknown;
}

/** The command line of `ewallet-sync`: a JSON line per sync on `out`, the log on `err`. */
export function program(out: Output, err: { readonly isTTY?: boolean; write(text: string): unknown }): Command {
  const command = commandLine('ewallet-sync').description(
    'Runs source | destination as the Airbyte platform would, once or on a schedule, where there is no Airbyte',
  );
  command
    .command('run')
    .description('sync now; with a schedule, continue syncing until stopped')
    .requiredOption('--config <file>', 'JSON: source, destination, streams, state_directory')
    .option('--every <period>', 'sync again after 30s, 15m, 1h, 1d (from start to start)')
    .option('--cron <pattern>', 'sync when the pattern says: "0 * * * *" is every hour')
    .option('--once', 'sync once, now (the default)')
    .option('--follow', 'sync once, then stream each change as it commits, until stopped (replication_method CDC)')
    .option(
      '--refresh <stream>',
      'forget the state of this stream and read it from the start, at the first sync; may be repeated',
      (name: string, names: readonly string[]) => [...names, name],
      [],
    )
    .option('--adopt-state', 'take the state directory over from another configuration, or for a source that moved')
    .option(
      '--metrics-port <port>',
      'serve Prometheus metrics and health here while it runs; 0 takes a free port',
      parsePort,
    )
    .option('--metrics-host <address>', 'the address to serve them on; 0.0.0.0 is every one', '127.0.0.1')
    .addOption(logFormat())
    .action(async (flags: RunFlags) => {
      if (flags.follow === true) refuseSchedule(flags);
      const schedule = parseSchedule(flags);
      const config = await readConfig(flags.config);
      const log = logTo(err, flags.logFormat);
      await untilStopped(async (stop) => {
        await runSyncs(config, flags, schedule, { out, log, stop });
      });
    });
  command
    .command('resend')
    .description(
      'send rows again by their keys: as they are now, or as deleted; the next sync continues as if nothing was',
    )
    .requiredOption('--config <file>', 'the same as of run')
    .requiredOption('--keys <file>', 'JSON: {"streams": [{"stream", "key": [names], "keys": [[texts]]}]}')
    .addOption(logFormat())
    .action(async (flags: ResendFlags) => {
      const config = await readConfig(flags.config);
      const asked = await readAskedRows(flags.keys);
      await untilStopped(async (stop) => {
        const result = await resend(config, asked, stop, logTo(err, flags.logFormat));
        out.write(`${JSON.stringify(result)}\n`);
        if (result.status === 'stopped') process.exitCode = EXIT.stopped;
      });
    });
  return command;
}

/** Syncs once, on the schedule, or as changes come, until it is stopped. */
async function runSyncs(
  config: SyncConfig,
  flags: RunFlags,
  schedule: Schedule,
  { out, log, stop }: { readonly out: Output; readonly log: SyncLog; readonly stop: AbortSignal },
): Promise<void> {
  const status = await StatusFile.open(
    { stateDirectory: config.stateDirectory, following: flags.follow === true },
    () => new Date(),
    (error) => {
      log.warn('the status file cannot be written', { message: asFailure(error).message });
    },
  );
  const tracing = await openTracing('ewallet-sync', process.env, (line) => {
    log.warn('tracing', { message: line });
  });
  const begin = (): Span => beginSync(tracing, config);
  const progress = new FollowProgress();
  const following = flags.follow === true ? () => progress.status(performance.now()) : undefined;
  const metrics = flags.metricsPort === undefined ? undefined : await openMetrics(config.name, status, following);
  const observer = allObservers(status, metrics ?? {});
  const served = metrics && (await serveMetrics(metrics, flags.metricsHost, flags.metricsPort ?? 0));
  try {
    if (served !== undefined) log.info('metrics are served', { url: `${served.url}/metrics` });
    let started: Moment | undefined;
    const nothing = { refresh: [], adoptState: false, begun: () => undefined };
    let request: SyncRequest = {
      refresh: flags.refresh,
      adoptState: flags.adoptState === true,
      begun: () => {
        request = nothing;
      },
    };
    if (flags.follow === true) {
      out.write(`${JSON.stringify(await follow(config, request, { stop, log, observer, progress, begin }))}\n`);
      return;
    }
    for (;;) {
      const plan = planRun(schedule, started, moment());
      if (schedule.kind !== 'once') observer.planned(plan === undefined ? undefined : dueAt(plan, moment()));
      const due = await isDue(plan, stop);
      if (!due || isStopped(stop)) break;
      started = moment();
      const span = begin();
      try {
        const result = await during(span, () => sync(config, request, { stop, log, observer, span }));
        out.write(`${JSON.stringify(result)}\n`);
        if (result.status === 'stopped') process.exitCode = EXIT.stopped;
      } catch (error) {
        if (schedule.kind === 'once' || isStopped(stop)) throw error;
        // On a schedule the next run may find the fault gone; the log has it, and the exit code is for the end.
        log.error('sync failed', { message: asFailure(error).message });
      }
    }
    if (schedule.kind !== 'once') observer.planned(undefined);
  } finally {
    served?.close();
    await status.settled();
    await tracing.close();
  }
}

/** A trace per sync, or a part of the trace of whatever started this program. */
function beginSync(tracing: Tracing, { name }: SyncConfig): Span {
  const options = { attributes: { 'ewallet.connection': name } };
  return tracing.start('sync', process.env[PARENT_VARIABLE], options);
}

/** Loaded where somebody asks for metrics only, as each run of a schedule by cron starts the program again. */
async function openMetrics(
  connection: string,
  { earlier }: StatusFile,
  following: (() => FollowStatus) | undefined,
): Promise<SyncMetrics> {
  const metrics = await import('./metrics.js');
  return new metrics.SyncMetrics(connection, earlier, Date.now, following);
}

interface ResendFlags {
  readonly config: string;
  readonly keys: string;
  readonly logFormat?: LogFormat;
}

function logFormat(): Option {
  return new Option('--log-format <format>', 'default: text on a terminal, json elsewhere')
    .choices(LOG_FORMATS)
    .env(LOG_FORMAT_VARIABLE);
}

function logTo(
  err: { readonly isTTY?: boolean; write(text: string): unknown },
  format: LogFormat | undefined,
): SyncLog {
  return new SyncLog(err, format ?? (err.isTTY === true ? 'text' : 'json'), () => new Date());
}

/** @throws Failure where changes are to be followed and to be synced at times, too */
function refuseSchedule({ once, every, cron }: RunFlags): void {
  if (once !== true && every === undefined && cron === undefined) return;
  throw Failure.config('--follow never ends by itself: leave out --once, --every and --cron, or leave out --follow.');
}

export const ENDS: Ends = {
  exit: EXIT,
  own: (error) => (error instanceof AlreadyRunning ? { exitCode: EXIT.alreadyRunning } : {}),
};

/** A timer holds 24 days at most, and sleeps on while the clock is set or the machine is suspended: look this often. */
const LONGEST_SLEEP = 30_000;

/** Waits for the planned start. @returns false where there is none, or the wait was ended */
async function isDue(first: Plan | undefined, stop: AbortSignal): Promise<boolean> {
  let plan = first;
  while (plan !== undefined && !isStopped(stop)) {
    const now = moment();
    plan = replan(plan, now);
    const rest = plan === undefined ? 0 : remaining(plan, now);
    if (rest <= 0) return plan !== undefined;
    await pause(Math.min(rest, LONGEST_SLEEP), stop);
  }
  return false;
}

function moment(): Moment {
  return { wall: new Date(), counted: performance.now() };
}

/** The compiler takes a signal that was not aborted for one that never will be. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function readConfig(file: string): Promise<SyncConfig> {
  return parseSyncConfig(await readJsonObject(file), path.resolve(file));
}
