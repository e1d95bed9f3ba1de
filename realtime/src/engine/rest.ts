import type { RegistryCredentials } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlinkConnection, rootCause } from './flink-connection';
import { SQL_DRIVER } from './launches';
import type { RestorePoint } from './restore-point';

export interface Job {
  readonly id: string;
  readonly name: string;
  /** Flink's: CREATED, RUNNING, RESTARTING, FAILED, CANCELED, FINISHED, … */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

interface LatestCheckpoint {
  readonly external_path: string;
  readonly latest_ack_timestamp: number;
  readonly discarded: boolean;
}

/** The end record of a zip archive without entries. */
const EMPTY_JAR = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);

/** The cluster plans the whole script before it answers. */
const PLANNING_MS = 300_000;

export interface JobHealth {
  readonly job: Job;
  /** Every task runs. The job itself is RUNNING before that. */
  readonly allRunning: boolean;
  readonly restarts: number;
  readonly completedCheckpoints: number;
  readonly failedCheckpoints: number;
  /** Milliseconds since 1970. */
  readonly lastCheckpointAt: number | undefined;
  readonly lastCheckpoint: string | undefined;
  /** First line of what made the job restart last; never a row's values. */
  readonly lastFailure: string | undefined;
}

const ENDED = ['FINISHED', 'FAILED', 'CANCELED'];

/** Flink's REST API, as far as it is used. */
export class FlinkRest {
  private readonly connection: FlinkConnection;

  constructor(
    readonly url: string,
    credentials: RegistryCredentials = { kind: 'none' },
  ) {
    this.connection = new FlinkConnection(url, credentials);
  }

  /** Every job that the cluster remembers, the newest first. */
  async jobs(): Promise<readonly Job[]> {
    const { jobs } = (await this.connection.get('/jobs/overview')) as {
      jobs: readonly { jid: string; name: string; state: string; 'start-time': number }[];
    };
    return jobs
      .map(({ jid, name, state, 'start-time': startedAt }) => ({ id: jid, name, state, startedAt }))
      .sort((one, other) => other.startedAt - one.startedAt);
  }

  /** The job of this name that has not ended; undefined where there is none. */
  async activeJob(name: string): Promise<Job | undefined> {
    return (await this.jobs()).find((job) => job.name === name && !ENDED.includes(job.state));
  }

  /**
   * Runs a script of Flink SQL on the cluster, which plans it itself: Flink's own SqlDriver is the program, from a jar
   * that is empty, as the interface wants one.
   *
   * @param run.jobId chosen by the caller: a cluster takes an id once
   * @param run.settings of Flink, for this job
   */
  async submit(
    script: string,
    run: {
      readonly jobId: string;
      readonly restoreFrom: string | undefined;
      readonly settings: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const { filename } = (await this.connection.upload('/jars/upload', 'ewallet-realtime.jar', EMPTY_JAR)) as {
      filename: string;
    };
    const jar = `/jars/${encodeURIComponent(filename.slice(filename.lastIndexOf('/') + 1))}`;
    try {
      await this.connection.post(
        `${jar}/run`,
        {
          entryClass: SQL_DRIVER,
          programArgsList: ['--script', script],
          jobId: run.jobId,
          flinkConfiguration: run.settings,
          ...(run.restoreFrom === undefined ? {} : { savepointPath: run.restoreFrom, claimMode: 'CLAIM' }),
        },
        PLANNING_MS,
      );
    } finally {
      await this.connection.delete(jar);
    }
  }

  /** Where jobs of this name, running or ended, may be continued from, as far as the cluster remembers. */
  async restorePoints(name: string): Promise<readonly RestorePoint[]> {
    const points: RestorePoint[] = [];
    for (const job of (await this.jobs()).filter((candidate) => candidate.name === name)) {
      const { latest } = (await this.connection.get(`/jobs/${job.id}/checkpoints`)) as {
        latest?: Partial<Record<'completed' | 'savepoint', LatestCheckpoint | null>> & {
          restored?: { external_path: string; restore_timestamp: number } | null;
        };
      };
      for (const point of [latest?.completed, latest?.savepoint]) {
        if (point == null || point.discarded) continue;
        points.push({ folder: point.external_path, completedAt: point.latest_ack_timestamp });
      }
      // Of a run that ended before its own first checkpoint.
      if (latest?.restored != null) {
        points.push({ folder: latest.restored.external_path, completedAt: latest.restored.restore_timestamp });
      }
    }
    return points;
  }

  /** Why a job ended: the innermost cause's own line. */
  async failure(job: Job): Promise<string | undefined> {
    const exceptions = (await this.connection.get(`/jobs/${job.id}/exceptions?maxExceptions=1`)) as {
      exceptionHistory?: { entries?: readonly { stacktrace?: string }[] };
    };
    return rootCause(exceptions.exceptionHistory?.entries?.[0]?.stacktrace);
  }

  async health(job: Job): Promise<JobHealth> {
    const details = (await this.connection.get(`/jobs/${job.id}`)) as {
      vertices: readonly { status: string }[];
      state: string;
    };
    const checkpoints = (await this.connection.get(`/jobs/${job.id}/checkpoints`)) as {
      counts?: { completed: number; failed: number; restored: number };
      latest?: { completed?: { trigger_timestamp: number; external_path: string } | null };
    };
    const restarts = (await this.connection.get(`/jobs/${job.id}/metrics?get=numRestarts`)) as unknown as readonly {
      value: string;
    }[];
    return {
      job: { ...job, state: details.state },
      allRunning: details.state === 'RUNNING' && details.vertices.every(({ status }) => status === 'RUNNING'),
      restarts: Number(restarts[0]?.value ?? 0),
      completedCheckpoints: checkpoints.counts?.completed ?? 0,
      failedCheckpoints: checkpoints.counts?.failed ?? 0,
      lastCheckpointAt: checkpoints.latest?.completed?.trigger_timestamp,
      lastCheckpoint: checkpoints.latest?.completed?.external_path,
      lastFailure: await this.failure(job),
    };
  }

  /** Records that sources have not read yet, as far as their metrics say. */
  async pendingRecords(job: Job): Promise<number | undefined> {
    const { vertices } = (await this.connection.get(`/jobs/${job.id}`)) as {
      vertices: readonly { id: string; name: string }[];
    };
    let pending: number | undefined;
    for (const { id, name } of vertices) {
      if (!name.startsWith('Source:')) continue;
      const path = `/jobs/${job.id}/vertices/${id}/subtasks/metrics`;
      const known = (await this.connection.get(path)) as unknown as readonly { id: string }[];
      const metric = known.map((entry) => entry.id).find((entry) => entry.endsWith('.pendingRecords'));
      if (metric === undefined) continue;
      const answer = (await this.connection.get(
        `${path}?get=${encodeURIComponent(metric)}&agg=sum`,
      )) as unknown as readonly {
        sum: number;
      }[];
      pending = (pending ?? 0) + (answer[0]?.sum ?? 0);
    }
    return pending;
  }

  /**
   * Stops the job at a savepoint.
   *
   * @param folder to write it in; undefined: the cluster's own setting
   * @returns where the savepoint is
   */
  async stop(job: Job, folder: string | undefined, timeoutMs: number): Promise<string> {
    const answer = (await this.connection.post(`/jobs/${job.id}/stop`, {
      drain: false,
      ...(folder === undefined ? {} : { targetDirectory: folder }),
    })) as { 'request-id': string };
    const end = Date.now() + timeoutMs;
    for (;;) {
      const { status, operation } = (await this.connection.get(
        `/jobs/${job.id}/savepoints/${answer['request-id']}`,
      )) as {
        status: { id: string };
        operation?: { location?: string; 'failure-cause'?: { 'stack-trace'?: string } };
      };
      if (status.id === 'COMPLETED') {
        if (operation?.location !== undefined) return operation.location;
        throw Failure.transient(
          `The job could not stop with a savepoint: ${rootCause(operation?.['failure-cause']?.['stack-trace']) ?? 'no reason given'}. It continues; look at "ewallet-realtime status".`,
        );
      }
      if (Date.now() >= end) {
        throw Failure.transient(
          `The savepoint is not complete after ${timeoutMs / 1_000} s. Look at "ewallet-realtime status", or stop again.`,
        );
      }
      await sleep(250);
    }
  }
}
