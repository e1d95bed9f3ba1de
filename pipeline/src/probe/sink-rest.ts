import { Failure, isObject } from '@ewallet/failure';
import type { SinkConfig } from '../config/parts';
import { noAnswer } from './no-answer';

/** One process of the sink, as its REST API says. */
export interface InstanceFacts {
  readonly url: string;
  /** Kafka Connect's: RUNNING, PAUSED, STOPPED, FAILED, RESTARTING. */
  readonly state: string;
  /** Why it is not running; undefined where it says nothing. */
  readonly reason: string | undefined;
}

/** @see https://docs.confluent.io/platform/current/connect/references/restapi.html#get--connectors-(string-name)-status */
export async function askInstance(config: SinkConfig, url: string, over: AbortSignal): Promise<InstanceFacts> {
  const { credentials, name } = config;
  const headers: Record<string, string> =
    credentials === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}` };
  let response: Response;
  try {
    response = await fetch(`${url}/connectors/${encodeURIComponent(name)}/status`, { headers, signal: over });
  } catch (error) {
    throw Failure.transient(noAnswer(error), { cause: error });
  }
  if (!response.ok) throw Failure.config(answerOf(response.status, name));
  const status: unknown = await response.json();
  const connector = isObject(status) && isObject(status.connector) ? status.connector : {};
  const tasks = isObject(status) && Array.isArray(status.tasks) ? status.tasks.filter(isObject) : [];
  const [task = connector] = tasks;
  const trace = task.trace ?? connector.trace;
  return {
    url,
    state: String(task.state ?? connector.state),
    reason: typeof trace === 'string' ? trace.split('\n')[0] : undefined,
  };
}

function answerOf(status: number, name: string): string {
  switch (status) {
    case 401:
      return 'HTTP 401: give `sink.user` and `sink.password`';
    case 404:
      return `HTTP 404: it is not the connector ${name}`;
    default:
      return `HTTP ${status}`;
  }
}
