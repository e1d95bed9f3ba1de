import { Failure, isObject } from '@ewallet/failure';
import { list, objects, textIn } from './answer';
import type { FlinkReader } from './reader';

export interface Job {
  readonly id: string;
  readonly name: string;
  /** Flink's: CREATED, RUNNING, RESTARTING, FAILED, CANCELED, FINISHED, … */
  readonly state: string;
  /** Milliseconds since 1970; 0 where Flink does not say. */
  readonly startedAt: number;
}

const OVERVIEW = '/jobs/overview';
const ENDED = ['FINISHED', 'FAILED', 'CANCELED'];

/** Whether a job of this state only is remembered: no state follows. */
export function hasEnded(state: string): boolean {
  return ENDED.includes(state);
}

/**
 * Of what the list of jobs and the job's own page say at the same time. The page is up to `web.refresh-interval` (3 s) old:
 * just after a stop it still said RUNNING, while the list said FINISHED. A job that ended does not run again.
 */
export function newerState(inList: string, onPage: string | undefined): string {
  return onPage === undefined || hasEnded(inList) ? inList : onPage;
}

/**
 * Every job that the cluster remembers, the newest first.
 *
 * @throws Failure (config) where something else than Flink answers: a proxy's page is no cluster without jobs
 */
export async function readJobs(flink: FlinkReader): Promise<readonly Job[]> {
  const answer = await flink.get(OVERVIEW);
  if (!isObject(answer) || !Array.isArray(answer.jobs)) {
    throw Failure.config(`${OVERVIEW} answers with something that is not Flink's: give the address of a JobManager`);
  }
  return objects(answer.jobs)
    .map((job) => ({
      id: String(job.jid),
      name: String(job.name),
      state: String(job.state),
      startedAt: Number(job['start-time'] ?? 0),
    }))
    .sort((one, other) => other.startedAt - one.startedAt);
}

/** Why a job failed last or ended: the innermost cause's own line, never a row's values; undefined where it did not. */
export async function readFailure(flink: FlinkReader, job: Job): Promise<string | undefined> {
  const answer = await flink.get(`/jobs/${job.id}/exceptions?maxExceptions=1`);
  const history = isObject(answer) ? answer.exceptionHistory : undefined;
  return rootCause(textIn(list(history, 'entries')[0], 'stacktrace'));
}

const CAUSE_LENGTH = 300;

/** The innermost cause's own line of a stack trace. */
export function rootCause(stackTrace: string | undefined): string | undefined {
  const lines = stackTrace?.split('\n') ?? [];
  const caused = lines.findLast((line) => line.startsWith('Caused by: ')) ?? lines[0];
  return caused?.replace('Caused by: ', '').slice(0, CAUSE_LENGTH).trim();
}
