import type { RegistryCredentials } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';
import {
  hasEnded,
  readFailure,
  readHealth,
  readJobs,
  readPendingRecords,
  rootCause,
  type Job,
  type JobHealth,
} from '@ewallet/flink';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlinkConnection } from './flink-connection';
import { SQL_DRIVER } from './launches';
import type { RestorePoint } from './restore-point';

interface LatestCheckpoint {
  readonly external_path: string;
  readonly latest_ack_timestamp: number;
  readonly discarded: boolean;
}

/** The end record of a zip archive without entries. */
const EMPTY_JAR = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);

/** The cluster plans the whole script before it answers. */
const PLANNING_MS = 300_000;

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
    return readJobs(this.connection);
  }

  /** The job of this name that has not ended; undefined where there is none. */
  async activeJob(name: string): Promise<Job | undefined> {
    return (await this.jobs()).find((job) => job.name === name && !hasEnded(job.state));
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
    return readFailure(this.connection, job);
  }

  async health(job: Job): Promise<JobHealth> {
    return readHealth(this.connection, job);
  }

  /** Records that sources have not read yet, as far as their metrics say. */
  async pendingRecords(job: Job): Promise<number | undefined> {
    return readPendingRecords(this.connection, job);
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
