import type { JobHealth } from '@ewallet/flink';
import type { RealtimeConfig } from '../config/realtime-config';
import { localStatus } from '../engine/local-cluster';
import { FlinkRest } from '../engine/rest';
import { jobName } from '../script/script';

export interface Status {
  readonly healthy: boolean;
  readonly lines: readonly string[];
  readonly report: Readonly<Record<string, unknown>>;
}

/** A checkpoint this many intervals ago is late: results are committed with checkpoints only. */
const LATE_INTERVALS = 10;
const LATE_AT_LEAST_MS = 60_000;

/** How the job is: what an operator wants to know first. */
export async function status(config: RealtimeConfig, now: number): Promise<Status> {
  if (config.cluster !== undefined) {
    const { restUrl, credentials } = config.cluster;
    return jobStatus(config, new FlinkRest(restUrl, credentials), { now, supervised: true });
  }
  const where = config.directory;
  const found = await localStatus(where);
  if (found === undefined) return down(`no job was started from ${where}`);
  if (found.running.length < 2) {
    const missing = (['JobManager', 'TaskManager'] as const).filter((name) => !found.running.includes(name));
    const [is, it] = missing.length === 1 ? ['is', 'it'] : ['are', 'them'];
    const starter = found.supervised ? 'the supervisor' : '"ewallet-realtime up"';
    return down(`${missing.join(' and ')} of ${where} ${is} down; ${starter} starts ${it} again`);
  }
  return jobStatus(config, new FlinkRest(found.state.restUrl), { now, supervised: found.supervised });
}

async function jobStatus(
  config: RealtimeConfig,
  rest: FlinkRest,
  more: { readonly now: number; readonly supervised: boolean },
): Promise<Status> {
  const job = await rest.activeJob(jobName(config));
  if (job === undefined) {
    const none = `no job "${jobName(config)}" runs on ${rest.url}`;
    const last = (await rest.jobs()).find(({ name }) => name === jobName(config));
    if (last === undefined) return down(none);
    const cause = await rest.failure(last);
    return down(`${none}; the last one is ${last.state}${cause === undefined ? '' : `: ${cause}`}`);
  }
  const health = await rest.health(job);
  const pending = await rest.pendingRecords(job);
  return statusOf(config, health, { pending, url: rest.url, ...more });
}

function down(line: string): Status {
  return { healthy: false, lines: [line], report: { healthy: false, reason: line } };
}

/** The verdict on what Flink says of the job. */
export function statusOf(
  config: Pick<RealtimeConfig, 'checkpointIntervalSeconds'>,
  health: JobHealth,
  more: {
    readonly pending: number | undefined;
    readonly url: string;
    readonly now: number;
    readonly supervised: boolean;
  },
): Status {
  const age = health.lastCheckpointAt === undefined ? undefined : more.now - health.lastCheckpointAt;
  const late = Math.max(LATE_AT_LEAST_MS, config.checkpointIntervalSeconds * 1_000 * LATE_INTERVALS);
  const troubles = [
    ...(health.allRunning ? [] : [`the job is ${health.job.state}, and not every task runs`]),
    ...(age !== undefined && age > late
      ? [`the newest checkpoint is ${Math.round(age / 1_000)} s old: nothing is committed meanwhile`]
      : []),
    ...(!more.supervised ? ['nothing starts it again when it dies: its supervisor is gone'] : []),
  ];
  return {
    healthy: troubles.length === 0,
    lines: [
      `${health.job.name}: ${health.job.state}${health.allRunning ? '' : ', not every task runs'}`,
      `checkpoints: ${health.completedCheckpoints} completed, ${health.failedCheckpoints} failed${age === undefined ? '' : `, the newest ${(age / 1_000).toFixed(1)} s old`}`,
      `restarts: ${health.restarts}${health.lastFailure === undefined ? '' : `, the last because of ${health.lastFailure}`}`,
      ...(more.pending === undefined ? [] : [`records to read: ${more.pending}`]),
      `Flink: ${more.url}`,
      ...troubles.map((trouble) => `trouble: ${trouble}`),
    ],
    report: {
      healthy: troubles.length === 0,
      job: health.job.name,
      state: health.job.state,
      all_tasks_running: health.allRunning,
      restarts: health.restarts,
      last_failure: health.lastFailure ?? null,
      checkpoints_completed: health.completedCheckpoints,
      checkpoints_failed: health.failedCheckpoints,
      checkpoint_age_seconds: age === undefined ? null : age / 1_000,
      last_checkpoint: health.lastCheckpoint ?? null,
      records_to_read: more.pending ?? null,
      url: more.url,
      troubles,
    },
  };
}
