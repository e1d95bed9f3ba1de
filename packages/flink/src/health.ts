import { list, momentIn, object, objects, textIn } from './answer';
import { newerState, readFailure, type Job } from './job';
import type { FlinkReader } from './reader';

export interface JobHealth {
  /** With the newest state that Flink says. */
  readonly job: Job;
  /** Every task runs. The job itself is RUNNING before that. */
  readonly allRunning: boolean;
  readonly tasks: { readonly running: number; readonly total: number };
  /** Since the job was submitted to this cluster. */
  readonly restarts: number;
  readonly completedCheckpoints: number;
  readonly failedCheckpoints: number;
  /** Milliseconds since 1970. */
  readonly lastCheckpointAt: number | undefined;
  readonly lastCheckpoint: string | undefined;
  /** First line of what made the job restart last; never a row's values. */
  readonly lastFailure: string | undefined;
}

/** @see https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/ops/rest_api/ */
export async function readHealth(flink: FlinkReader, job: Job): Promise<JobHealth> {
  const page = `/jobs/${job.id}`;
  const [details, checkpoints, restarts, lastFailure] = await Promise.all([
    flink.get(page),
    flink.get(`${page}/checkpoints`),
    flink.get(`${page}/metrics?get=numRestarts`),
    readFailure(flink, job),
  ]);
  const vertices = list(details, 'vertices');
  const counts = object(checkpoints, 'counts');
  const completed = object(object(checkpoints, 'latest'), 'completed');
  const state = newerState(job.state, textIn(details, 'state'));
  const running = vertices.filter(({ status }) => status === 'RUNNING').length;
  return {
    job: { ...job, state },
    allRunning: state === 'RUNNING' && running === vertices.length,
    tasks: { running, total: vertices.length },
    restarts: Number(objects(restarts)[0]?.value ?? 0),
    completedCheckpoints: Number(counts.completed ?? 0),
    failedCheckpoints: Number(counts.failed ?? 0),
    lastCheckpointAt: momentIn(completed, 'trigger_timestamp'),
    lastCheckpoint: textIn(completed, 'external_path'),
    lastFailure,
  };
}

/** Records that sources have not read yet, summed over those whose metrics say; undefined where none does. */
export async function readPendingRecords(flink: FlinkReader, job: Job): Promise<number | undefined> {
  const vertices = list(await flink.get(`/jobs/${job.id}`), 'vertices');
  const sources = vertices.filter(({ name }) => String(name).startsWith('Source:'));
  const counts = await Promise.all(sources.map(async ({ id }) => pendingOf(flink, job, String(id))));
  const said = counts.filter((count) => count !== undefined);
  return said.length === 0 ? undefined : said.reduce((sum, count) => sum + count, 0);
}

async function pendingOf(flink: FlinkReader, job: Job, vertex: string): Promise<number | undefined> {
  const metrics = `/jobs/${job.id}/vertices/${vertex}/subtasks/metrics`;
  // Flink's names of the metrics carry the operator's.
  const known = objects(await flink.get(metrics)).map(({ id }) => String(id));
  const metric = known.find((name) => name.endsWith('.pendingRecords'));
  if (metric === undefined) return undefined;
  const [answer] = objects(await flink.get(`${metrics}?get=${encodeURIComponent(metric)}&agg=sum`));
  const sum = Number(answer?.sum);
  return Number.isFinite(sum) ? sum : undefined;
}
