import { Failure, isObject, type Json } from '@ewallet/failure';
import type { AirbyteConfig } from '../config/parts';
import { noAnswer } from './no-answer';
import { dateOf, type SyncFacts } from './sync';

/** Enough to find the last success behind a day of failures on an hourly schedule. */
const JOBS = 30;

/**
 * The connection's sync jobs by Airbyte's public API.
 *
 * @see https://reference.airbyte.com/reference/listjobs
 */
export async function askAirbyte(config: AirbyteConfig, now: Date, over: AbortSignal): Promise<SyncFacts> {
  const token = await tokenOf(config, over);
  const query = new URLSearchParams({
    connectionId: config.connectionId,
    jobType: 'sync',
    limit: String(JOBS),
    orderBy: 'createdAt|DESC',
  });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await exchange(`${config.url}/jobs?${query.toString()}`, { headers }, over);
  const jobs = Array.isArray(answer.data) ? answer.data.filter(isObject) : [];
  if (jobs.length === 0) {
    throw Failure.config(
      `no sync job of connection ${config.connectionId}: check airbyte.connection_id, or start a sync`,
    );
  }
  return factsOf(jobs, now);
}

/** @param jobs newest first */
export function factsOf(jobs: readonly Json[], now: Date): SyncFacts {
  const running = jobs.find(({ status }) => status === 'running' || status === 'pending' || status === 'incomplete');
  const success = jobs.find(({ status }) => status === 'succeeded');
  const before = success === undefined ? jobs : jobs.slice(0, jobs.indexOf(success));
  const failure = before.find(({ status }) => status === 'failed' || status === 'cancelled');
  const successAt = dateOf(success?.lastUpdatedAt) ?? dateOf(success?.startTime);
  return {
    runningSince: running === undefined ? undefined : (dateOf(running.startTime) ?? now),
    lastSuccess:
      success === undefined || successAt === undefined
        ? undefined
        : {
            at: successAt,
            attempts: 1,
            records: Number(success.rowsSynced ?? 0),
            seconds: secondsOf(success.duration),
            streams: {},
          },
    lastFailure:
      failure === undefined
        ? undefined
        : {
            at: dateOf(failure.lastUpdatedAt) ?? dateOf(failure.startTime) ?? now,
            kind: 'system_error',
            message: `job ${String(failure.jobId)} is ${String(failure.status)}`,
            isFinal: true,
          },
    next: undefined,
    isProcessGone: false,
    isFollowing: false,
    acknowledgedAt: dateOf(jobs[0]?.lastUpdatedAt),
  };
}

async function tokenOf({ url, credentials }: AirbyteConfig, over: AbortSignal): Promise<string | undefined> {
  switch (credentials.kind) {
    case 'none':
      return undefined;
    case 'token':
      return credentials.token;
    case 'application': {
      // Airbyte's API document requires `grant_type` and declares `grant-type`; servers differ in which they read.
      const body = JSON.stringify({
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
        grant_type: 'client_credentials',
        'grant-type': 'client_credentials',
      });
      const headers = { 'content-type': 'application/json' };
      return String(
        (await exchange(`${url}/applications/token`, { method: 'POST', headers, body }, over)).access_token,
      );
    }
    default:
      return credentials satisfies never;
  }
}

async function exchange(url: string, request: RequestInit, signal: AbortSignal): Promise<Json> {
  const { pathname } = new URL(url);
  let response: Response;
  try {
    response = await fetch(url, { ...request, signal });
  } catch (error) {
    throw Failure.transient(`Airbyte does not answer ${pathname}: ${noAnswer(error)}`, { cause: error });
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw Failure.config(`Airbyte refused ${pathname}: HTTP ${response.status}`);
  return isObject(body) ? body : {};
}

/** ISO 8601, as Java prints a duration: PT1H2M3.5S. */
function secondsOf(duration: unknown): number {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(typeof duration === 'string' ? duration : '');
  return Number(match?.[1] ?? 0) * 3_600 + Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
}
