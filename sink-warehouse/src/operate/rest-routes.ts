import type { Client } from 'pg';
import { withWarehouse } from '../state/with-warehouse';
import { createState, readOffsets } from '../state/fences';
import { forgetTargetState, writeTargetState, type TargetState } from '../state/target-state';
import { changeOffsets, deleteOffsets } from '../state/change-offsets';
import type { Connector } from './connector';

export interface RestRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface RestAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** Kafka Connect's form of an error. */
export function restError(status: number, message: string): RestAnswer {
  return { status, body: { error_code: status, message } };
}

/** The part of Kafka Connect's REST API that makes sense for a process that is one connector. */
export async function answer(connector: Connector, request: RestRequest, version: string): Promise<RestAnswer> {
  const { method, path } = request;
  if (path.length === 0) return { status: 200, body: { version, commit: '', kafka_cluster_id: '' } };
  if (path[0] !== 'connectors') return restError(404, 'HTTP 404 Not Found');
  const { name } = connector.config;
  if (path.length === 1) {
    if (method !== 'GET') return restError(405, 'This process is one connector, made by its configuration file.');
    return { status: 200, body: listing(connector, request.query) };
  }
  if (path[1] !== name) return restError(404, `Connector ${path[1] ?? ''} not found`);
  switch (`${method} ${path.slice(2).join('/')}`) {
    case 'GET ':
      return { status: 200, body: info(connector) };
    case 'DELETE ':
      await onWarehouse(connector, (client) => forgetTargetState(client, name));
      setImmediate(() => void connector.close());
      return { status: 204 };
    case 'GET config':
      return { status: 200, body: connector.config.shown };
    case 'GET status':
      return { status: 200, body: status(connector) };
    case 'GET topics':
      return { status: 200, body: { [name]: { topics: topicsOf(connector) } } };
    case 'GET tasks':
      return { status: 200, body: [{ id: { connector: name, task: 0 }, config: connector.config.shown }] };
    case 'GET tasks/0/status':
      return { status: 200, body: status(connector).tasks[0] };
    case 'PUT pause':
      // First what can be done without the warehouse; the answer says whether it will outlive this process.
      await connector.pause();
      await remember(connector, 'PAUSED');
      return { status: 202 };
    case 'PUT stop':
      await connector.stop();
      await remember(connector, 'STOPPED');
      return { status: 204 };
    case 'PUT resume':
      await remember(connector, 'RUNNING');
      connector.start();
      return { status: 202 };
    case 'POST restart':
    case 'POST tasks/0/restart':
      await connector.restart();
      return { status: 204 };
    case 'GET offsets':
      return { status: 200, body: await onWarehouse(connector, shownOffsets(name)) };
    case 'PATCH offsets':
      return whileStopped(connector, async (client) => {
        await changeOffsets(client, name, request.body);
        return 'The offsets for this connector have been altered successfully';
      });
    case 'DELETE offsets':
      return whileStopped(connector, async (client) => {
        await deleteOffsets(client, name);
        return 'The offsets for this connector have been reset successfully';
      });
    default:
      return restError(method === 'GET' ? 404 : 405, `HTTP ${method} is not known here`);
  }
}

function listing(connector: Connector, query: URLSearchParams): unknown {
  const { name } = connector.config;
  const expand = query.getAll('expand');
  if (expand.length === 0) return [name];
  return {
    [name]: {
      ...(expand.includes('status') ? { status: status(connector) } : {}),
      ...(expand.includes('info') ? { info: info(connector) } : {}),
    },
  };
}

function info({ config }: Connector) {
  return { name: config.name, config: config.shown, tasks: [{ connector: config.name, task: 0 }], type: 'sink' };
}

function status({ config, state }: Connector) {
  const worker_id = `${config.rest.host}:${config.rest.port}`;
  return { name: config.name, connector: { state, worker_id }, tasks: [{ id: 0, state, worker_id }], type: 'sink' };
}

function topicsOf({ sink }: Connector): string[] {
  return [...new Set((sink?.partitions ?? []).map(({ topic }) => topic))];
}

function shownOffsets(connector: string): (client: Client) => Promise<unknown> {
  return async (client) => ({
    offsets: (await readOffsets(client, connector)).map(({ topic, partition, nextOffset }) => ({
      partition: { kafka_topic: topic, kafka_partition: partition },
      offset: { kafka_offset: nextOffset },
    })),
  });
}

async function whileStopped(connector: Connector, job: (client: Client) => Promise<string>): Promise<RestAnswer> {
  if (connector.state !== 'STOPPED') {
    return restError(400, 'Connectors must be in the STOPPED state before their offsets can be modified.');
  }
  return { status: 200, body: { message: await onWarehouse(connector, job) } };
}

async function remember(connector: Connector, state: TargetState): Promise<void> {
  await onWarehouse(connector, (client) => writeTargetState(client, connector.config.name, state));
}

/** The sink's tables may not be there yet: a connector can be paused before it ever reached the warehouse. */
async function onWarehouse<Result>({ config }: Connector, job: (client: Client) => Promise<Result>): Promise<Result> {
  return withWarehouse(config, async (client) => {
    await createState(client);
    return job(client);
  });
}
