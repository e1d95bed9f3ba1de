import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, isObject, type Json } from '@ewallet/failure';
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

const ENDED = ['FINISHED', 'FAILED', 'CANCELED'];
/** Of the time to answer: the lag takes two questions per source, and without it the rest is still told. */
const LAG_SHARE = 0.6;
const CAUSE_LENGTH = 300;

type Get = (path: string) => Promise<unknown>;

/** @see https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/ops/rest_api/ */
export async function askFlink(config: RealtimeConfig, limitMs: number, over: AbortSignal): Promise<FlinkFacts> {
  const url = await urlOf(config.at);
  const get: Get = async (asked) => ask(`${url}${asked}`, config.headers, over);
  const overview = await get('/jobs/overview');
  const jobs = listOf(overview, 'jobs')
    .filter(({ name }) => name === config.job)
    .sort((one, other) => Number(other['start-time']) - Number(one['start-time']));
  const job = jobs.find(({ state }) => !ENDED.includes(String(state))) ?? jobs[0];
  if (job === undefined) return { ...NO_JOB, url };
  const id = `/jobs/${String(job.jid)}`;
  const details = await get(id);
  const vertices = listOf(details, 'vertices');
  const isActive = !ENDED.includes(String(job.state));
  const [checkpoints, restarts, exceptions, lag] = await Promise.all([
    get(`${id}/checkpoints`),
    get(`${id}/metrics?get=numRestarts`),
    get(`${id}/exceptions?maxExceptions=1`),
    probe(limitMs * LAG_SHARE, async () => (isActive ? pendingRecords(get, id, vertices) : undefined)),
  ]);
  const counts = objectOf(checkpoints, 'counts');
  const completed = objectOf(objectOf(checkpoints, 'latest'), 'completed');
  return {
    url,
    state: textIn(details, 'state') ?? String(job.state),
    isActive,
    tasks: { running: vertices.filter(({ status }) => status === 'RUNNING').length, total: vertices.length },
    restarts: Array.isArray(restarts) && isObject(restarts[0]) ? Number(restarts[0].value ?? 0) : 0,
    lastFailure: rootCause(listOf(objectOf(exceptions, 'exceptionHistory'), 'entries')[0]?.stacktrace),
    checkpoints: {
      completed: Number(counts.completed ?? 0),
      failed: Number(counts.failed ?? 0),
      lastAt: dateOf(completed.trigger_timestamp),
    },
    startedAt: dateOf(job['start-time']),
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

/** Summed over the sources whose metrics say; Flink's names of the metrics carry the operator's. */
async function pendingRecords(get: Get, job: string, vertices: readonly Json[]): Promise<number | undefined> {
  const sums = await Promise.all(
    vertices
      .filter(({ name }) => typeof name === 'string' && name.startsWith('Source:'))
      .map(async ({ id }) => {
        const metrics = `${job}/vertices/${String(id)}/subtasks/metrics`;
        const known = await get(metrics);
        const metric = (Array.isArray(known) ? known : [])
          .map((entry: unknown) => (isObject(entry) ? String(entry.id) : ''))
          .find((name) => name.endsWith('.pendingRecords'));
        if (metric === undefined) return undefined;
        const answer = await get(`${metrics}?get=${encodeURIComponent(metric)}&agg=sum`);
        return Array.isArray(answer) && isObject(answer[0]) ? Number(answer[0].sum) : undefined;
      }),
  );
  const said = sums.filter((sum) => sum !== undefined && Number.isFinite(sum));
  return said.length === 0 ? undefined : said.reduce<number>((sum, next) => sum + (next ?? 0), 0);
}

/** The innermost cause's own line of a stack trace. */
function rootCause(trace: unknown): string | undefined {
  if (typeof trace !== 'string') return undefined;
  const lines = trace.split('\n');
  const caused = lines.findLast((text) => text.startsWith('Caused by: ')) ?? lines[0];
  return caused?.replace('Caused by: ', '').slice(0, CAUSE_LENGTH).trim();
}

function objectOf(value: unknown, key: string): Json {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : {};
}

function listOf(value: unknown, key: string): readonly Json[] {
  const found = isObject(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.filter(isObject) : [];
}

function textIn(value: unknown, key: string): string | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** @param value milliseconds since 1970 */
function dateOf(value: unknown): Date | undefined {
  return typeof value === 'number' && value > 0 ? new Date(value) : undefined;
}
