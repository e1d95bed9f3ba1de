import { Failure, type Json } from '@ewallet/failure';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Job {
  readonly id: string;
  readonly name: string;
  /** Flink's: CREATED, RUNNING, RESTARTING, FAILED, CANCELED, FINISHED, … */
  readonly state: string;
}

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

/** Flink's REST API, as far as it is used. */
export class FlinkRest {
  constructor(readonly url: string) {}

  async jobs(): Promise<readonly Job[]> {
    const { jobs } = (await this.get('/jobs/overview')) as {
      jobs: readonly { jid: string; name: string; state: string }[];
    };
    return jobs.map(({ jid, name, state }) => ({ id: jid, name, state }));
  }

  /** The job of this name that has not ended; undefined where there is none. */
  async activeJob(name: string): Promise<Job | undefined> {
    const ended = ['FINISHED', 'FAILED', 'CANCELED'];
    return (await this.jobs()).find((job) => job.name === name && !ended.includes(job.state));
  }

  async health(job: Job): Promise<JobHealth> {
    const details = (await this.get(`/jobs/${job.id}`)) as {
      vertices: readonly { status: string }[];
      state: string;
    };
    const checkpoints = (await this.get(`/jobs/${job.id}/checkpoints`)) as {
      counts?: { completed: number; failed: number; restored: number };
      latest?: { completed?: { trigger_timestamp: number; external_path: string } | null };
    };
    const exceptions = (await this.get(`/jobs/${job.id}/exceptions?maxExceptions=1`)) as {
      exceptionHistory?: { entries?: readonly { stacktrace?: string }[] };
    };
    const restarts = (await this.get(`/jobs/${job.id}/metrics?get=numRestarts`)) as unknown as readonly {
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
      lastFailure: rootCause(exceptions.exceptionHistory?.entries?.[0]?.stacktrace),
    };
  }

  /** Records that sources have not read yet, as far as their metrics say. */
  async pendingRecords(job: Job): Promise<number | undefined> {
    const { vertices } = (await this.get(`/jobs/${job.id}`)) as { vertices: readonly { id: string; name: string }[] };
    let pending: number | undefined;
    for (const { id, name } of vertices) {
      if (!name.startsWith('Source:')) continue;
      const path = `/jobs/${job.id}/vertices/${id}/subtasks/metrics`;
      const known = (await this.get(path)) as unknown as readonly { id: string }[];
      const metric = known.map((entry) => entry.id).find((entry) => entry.endsWith('.pendingRecords'));
      if (metric === undefined) continue;
      const answer = (await this.get(`${path}?get=${encodeURIComponent(metric)}&agg=sum`)) as unknown as readonly {
        sum: number;
      }[];
      pending = (pending ?? 0) + (answer[0]?.sum ?? 0);
    }
    return pending;
  }

  /** Stops the job at a savepoint. @returns where the savepoint is */
  async stop(job: Job, timeoutMs: number): Promise<string> {
    const answer = (await this.send('POST', `/jobs/${job.id}/stop`, { drain: false })) as { 'request-id': string };
    const end = Date.now() + timeoutMs;
    for (;;) {
      const { status, operation } = (await this.get(`/jobs/${job.id}/savepoints/${answer['request-id']}`)) as {
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

  private async get(path: string): Promise<Json> {
    return this.send('GET', path);
  }

  private async send(method: string, path: string, body?: unknown): Promise<Json> {
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        signal: AbortSignal.timeout(15_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
    } catch (error) {
      throw Failure.transient(`Flink's REST API at ${this.url} does not answer. Is the cluster up?`, { cause: error });
    }
    if (!response.ok) {
      const text = (await response.text()).slice(0, 300);
      throw Failure.transient(
        `Flink's REST API at ${this.url} answered ${method} ${path} with HTTP ${response.status}.`,
        {
          detail: text,
        },
      );
    }
    return (await response.json()) as Json;
  }
}

/** The innermost cause's own line. */
function rootCause(stackTrace: string | undefined): string | undefined {
  const lines = stackTrace?.split('\n') ?? [];
  const caused = lines.findLast((line) => line.startsWith('Caused by: ')) ?? lines[0];
  return caused?.replace('Caused by: ', '').slice(0, 300).trim();
}
