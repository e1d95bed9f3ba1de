import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, isObject } from '@ewallet/failure';
import { hasEnded, readHealth, readJobs, readPendingRecords, type FlinkReader } from '@ewallet/flink';
import type { FlinkAddress, RealtimeConfig } from '../config/realtime';
import { noAnswer } from './no-answer';
import { probe } from './probe';

/** The job as Flink's REST API tells it. */
export interface FlinkFacts {
  readonly url: string;
  /** Flink's: RUNNING, RESTARTING, FAILED, …; undefined where the cluster knows no job of the name. */
  readonly state: string | undefined;
  /** Whether the job has not ended: one that has is only remembered. */
  readonly isActive: boolean;
  readonly tasks: { readonly running: number; readonly total: number };
  /** Since the job was submitted to this cluster. */
  readonly restarts: number;
  /** The line of the cause behind the last failure; undefined where there was none. */
  readonly lastFailure: string | undefined;
  readonly checkpoints: { readonly completed: number; readonly failed: number; readonly lastAt: Date | undefined };
  readonly startedAt: Date | undefined;
  /** Records that are in the input topics and not read; undefined where Flink does not say. */
  readonly lagRecords: number | undefined;
}

/** Of the time to answer: the lag takes two questions per source, and without it the rest is still told. */
const LAG_SHARE = 0.6;

export async function askFlink(config: RealtimeConfig, limitMs: number, over: AbortSignal): Promise<FlinkFacts> {
  const url = await urlOf(config.at);
  const flink: FlinkReader = { get: async (asked) => ask(`${url}${asked}`, config.headers, over) };
  const jobs = (await readJobs(flink)).filter(({ name }) => name === config.job);
  const job = jobs.find(({ state }) => !hasEnded(state)) ?? jobs[0];
  if (job === undefined) return { ...NO_JOB, url };
  const [health, lag] = await Promise.all([
    readHealth(flink, job),
    probe(limitMs * LAG_SHARE, async () => (hasEnded(job.state) ? undefined : readPendingRecords(flink, job))),
  ]);
  const { state } = health.job;
  return {
    url,
    state,
    isActive: !hasEnded(state),
    tasks: health.tasks,
    restarts: health.restarts,
    lastFailure: health.lastFailure,
    checkpoints: {
      completed: health.completedCheckpoints,
      failed: health.failedCheckpoints,
      lastAt: dateOf(health.lastCheckpointAt),
    },
    startedAt: dateOf(job.startedAt),
    lagRecords: lag.kind === 'answered' ? lag.value : undefined,
  };
}

const NO_JOB: Omit<FlinkFacts, 'url'> = {
  state: undefined,
  isActive: false,
  tasks: { running: 0, total: 0 },
  restarts: 0,
  lastFailure: undefined,
  checkpoints: { completed: 0, failed: 0, lastAt: undefined },
  startedAt: undefined,
  lagRecords: undefined,
};

async function urlOf(at: FlinkAddress): Promise<string> {
  switch (at.kind) {
    case 'url':
      return at.url;
    case 'directory': {
      const file = path.join(at.directory, 'cluster.json');
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        throw isObject(error) && error.code === 'ENOENT'
          ? Failure.config(`no job was started from ${at.directory}`)
          : Failure.config(`${file} cannot be read: give this user the right to read it`, { cause: error });
      });
      const url = /"restUrl"\s*:\s*"(https?:[^"]+)"/.exec(text)?.[1];
      if (url === undefined) throw Failure.config(`${file} is not what ewallet-realtime writes`);
      return url;
    }
    default:
      return at satisfies never;
  }
}

async function ask(url: string, headers: Readonly<Record<string, string>>, over: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal: over });
  } catch (error) {
    throw Failure.transient(`${new URL(url).origin} does not answer: ${noAnswer(error)}`, { cause: error });
  }
  const text = await response.text();
  if (response.ok) {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw Failure.config(`${new URL(url).origin} answers with something that is not Flink's`, { cause: error });
    }
  }
  const login = response.status === 401 || response.status === 403;
  throw Failure.config(
    `${new URL(url).origin} answers HTTP ${response.status}${login ? ': give `realtime.username` and `realtime.password`, or `realtime.bearer_token`' : ''}`,
  );
}

/** @param at milliseconds since 1970; undefined or 0 for what has not been */
function dateOf(at: number | undefined): Date | undefined {
  return at === undefined || at === 0 ? undefined : new Date(at);
}
