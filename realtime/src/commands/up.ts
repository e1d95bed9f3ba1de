import { findJava } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readRealtimeConfig, type RealtimeConfig } from '../config/realtime-config';
import { localStatus, superviseLocally, untilRan } from '../engine/local-cluster';
import { prepareJob } from './prepare-job';

/** Set for the background process of `--detach`: what it starts is to outlive it. */
const DETACHED = 'EWALLET_REALTIME_DETACHED';

type Say = (line: string) => void;

/** Runs the job here until Ctrl-C or `stop`; with `detach` in the background, and returns when it runs. */
export async function up(
  file: string,
  { detach, say }: { readonly detach: boolean; readonly say: Say },
): Promise<void> {
  const config = await readRealtimeConfig(file);
  refuseCluster(config, 'up');
  const found = await localStatus(config.directory);
  if (found?.supervised === true) {
    say(`a job runs from ${config.directory} already; "ewallet-realtime down" ends it`);
    return;
  }
  if (detach) return upDetached(file, config, say);
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  const started = Date.now();
  try {
    say('preparing topics and schemas');
    const script = await prepareJob(config);
    say(`starting Flink in ${config.directory}`);
    await superviseLocally(config, script, {
      say,
      ready: () => {
        say(`running after ${((Date.now() - started) / 1_000).toFixed(1)} s`);
      },
      stop: stop.signal,
      guarded: process.env[DETACHED] === undefined,
    });
    say('stopped');
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** `up` and `down` are of processes here, which a job on an existing cluster has none of. */
export function refuseCluster(config: RealtimeConfig, command: 'up' | 'down'): void {
  if (config.cluster === undefined) return;
  const instead = command === 'up' ? '`submit` runs the job' : '`stop` ends the job';
  throw Failure.config(
    `The configuration has \`cluster\`: ${instead} on ${config.cluster.restUrl}. To have processes of this machine, leave \`cluster\` out.`,
  );
}

async function upDetached(file: string, config: RealtimeConfig, say: Say): Promise<void> {
  // What is wrong with the configuration is said here, with its own exit code.
  await findJava();
  await prepareJob(config);
  await mkdir(config.directory, { recursive: true });
  const logFile = path.join(config.directory, 'supervisor.log');
  const log = await open(logFile, 'w');
  try {
    const child = spawn(process.execPath, [process.argv[1] ?? '', 'up', '--config', path.resolve(file)], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, [DETACHED]: '1' },
    });
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    const outcome = await untilRan(config.directory, () => !ended);
    child.unref();
    const text = (await readFile(logFile, 'utf8')).trimEnd();
    if (outcome === 'ran') {
      say(text);
      say(`it continues in the background; log: ${logFile}`);
      return;
    }
    if (outcome === undefined) {
      throw Failure.transient(
        `The job does not run yet; it keeps trying. "ewallet-realtime status" says how it is, "ewallet-realtime down" ends it. Log: ${logFile}`,
      );
    }
    throw Failure.transient(`The job did not come to run; ${logFile} says:\n${text.split('\n').slice(-8).join('\n')}`);
  } finally {
    await log.close();
  }
}
