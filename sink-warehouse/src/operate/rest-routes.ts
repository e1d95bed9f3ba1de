import { Failure, isFailure } from '@ewallet/failure';
import { migrateSinkSchema } from '@ewallet/sink-schema';
import type { Client } from 'pg';
import { DEFAULT_PATIENCE, openCluster, type TopicPartition } from '@ewallet/kafka';
import { chosenPartitions } from '../run/topic-watch';
import { withWarehouse } from '../state/with-warehouse';
import { readOffsets } from '../state/fences';
import { forgetTargetState, writeTargetState, type TargetState } from '../state/target-state';
import {
  changeOffsets,
  deleteOffsets,
  parseOffsetChanges,
  refuseUnknownPartitions,
  type OffsetChange,
} from '../state/change-offsets';
import type { Connector } from './connector';
import { BadRequest, restError, type RestAnswer, type RestRequest } from './rest-request';

/** The process that answers, as Kafka Connect shows it. */
export interface Worker {
  readonly version: string;
  /** `host:port` of this API. */
  readonly id: string;
}

interface Call {
  readonly connector: Connector;
  readonly request: RestRequest;
  readonly worker: Worker;
}

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
type Route = Partial<Record<Method, (call: Call) => RestAnswer | Promise<RestAnswer>>>;

/** The part of Kafka Connect's REST API that makes sense for a process that is one connector. */
export async function answer(connector: Connector, request: RestRequest, worker: Worker): Promise<RestAnswer> {
  const { method, path } = request;
  const [root, name, ...rest] = path;
  if (root === 'connectors' && name !== undefined && name !== connector.config.name) {
    return restError(404, `Connector ${name} not found`);
  }
  const route =
    root === 'connectors' && name !== undefined ? OF_CONNECTOR.get(rest.join('/')) : OF_WORKER.get(path.join('/'));
  if (route === undefined) return restError(404, 'HTTP 404 Not Found');
  const handler = route[method as Method];
  if (handler !== undefined) return handler({ connector, request, worker });
  const allow = Object.keys(route).flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]));
  const why =
    root === 'connectors' && name === undefined
      ? 'This process is one connector, made by its configuration file.'
      : 'HTTP 405 Method Not Allowed';
  return { ...restError(405, why), headers: { allow: allow.join(', ') } };
}

const OF_WORKER = routes({
  '': { GET: ({ worker }) => ok({ version: worker.version, commit: '', kafka_cluster_id: '' }) },
  connectors: { GET: (call) => ok(listing(call)) },
});

const OF_CONNECTOR = routes({
  '': {
    GET: ({ connector }) => ok(info(connector)),
    DELETE: async ({ connector }) => {
      await onWarehouse(connector, (client) => forgetTargetState(client, connector.config.name));
      setImmediate(() => void connector.close());
      return { status: 204 };
    },
  },
  config: { GET: ({ connector }) => ok(connector.config.shown) },
  status: { GET: (call) => ok(status(call)) },
  topics: { GET: ({ connector }) => ok({ [connector.config.name]: { topics: topicsOf(connector) } }) },
  tasks: {
    GET: ({ connector: { config } }) => ok([{ id: { connector: config.name, task: 0 }, config: config.shown }]),
  },
  'tasks/0/status': { GET: (call) => ok(status(call).tasks[0]) },
  pause: {
    PUT: async ({ connector }) => {
      // First what can be done without the warehouse; the answer says whether it will outlive this process.
      await connector.pause();
      await remember(connector, 'PAUSED');
      return { status: 202 };
    },
  },
  stop: {
    PUT: async ({ connector }) => {
      await connector.stop();
      await remember(connector, 'STOPPED');
      return { status: 204 };
    },
  },
  resume: {
    PUT: async ({ connector }) => {
      await remember(connector, 'RUNNING');
      connector.start();
      return { status: 202 };
    },
  },
  restart: { POST: restart },
  'tasks/0/restart': { POST: restart },
  offsets: {
    GET: async ({ connector }) => ok(await onWarehouse(connector, shownOffsets(connector.config.name))),
    PATCH: async ({ connector, request }) => {
      const changes = parsedChanges(request.body);
      return whileStopped(connector, async (client) => {
        const { name } = connector.config;
        refuseUnknown(changes, await readablePartitions(connector), await readOffsets(client, name));
        await changeOffsets(client, name, changes);
        return 'The offsets for this connector have been altered successfully';
      });
    },
    DELETE: async ({ connector }) =>
      whileStopped(connector, async (client) => {
        await deleteOffsets(client, connector.config.name);
        return 'The offsets for this connector have been reset successfully';
      }),
  },
});

/** A map, because any path may be asked for, `constructor` and `__proto__` included. */
function routes(byPath: Readonly<Record<string, Route>>): ReadonlyMap<string, Route> {
  return new Map(Object.entries(byPath));
}

function ok(body: unknown): RestAnswer {
  return { status: 200, body };
}

async function restart({ connector }: Call): Promise<RestAnswer> {
  await connector.restart();
  return { status: 204 };
}

function listing(call: Call): unknown {
  const { name } = call.connector.config;
  const expand = call.request.query.getAll('expand');
  if (expand.length === 0) return [name];
  return {
    [name]: {
      ...(expand.includes('status') ? { status: status(call) } : {}),
      ...(expand.includes('info') ? { info: info(call.connector) } : {}),
    },
  };
}

function info({ config }: Connector) {
  return { name: config.name, config: config.shown, tasks: [{ connector: config.name, task: 0 }], type: 'sink' };
}

/**
 * Kafka Connect says in a task's `trace` what is wrong. A sink that waits for Kafka or the warehouse to come back is
 * RESTARTING; with a parked topic it continues with the others.
 */
function status({ connector: { config, state, sink, health }, worker }: Call) {
  const at = { state, worker_id: worker.id };
  const parked = sink?.parked ?? [];
  const trace = [
    ...(state === 'RESTARTING' && health.trouble !== undefined ? [health.trouble.reason] : []),
    ...parked.map(({ topic, failure }) => `${topic} is parked: ${failure.message}`),
  ].join('\n');
  return {
    name: config.name,
    connector: at,
    tasks: [{ id: 0, ...at, ...(trace === '' ? {} : { trace }) }],
    ...(parked.length === 0 ? {} : { parked_topics: parked.map(({ topic }) => topic) }),
    type: 'sink',
  };
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

function parsedChanges(body: unknown): OffsetChange[] {
  return asked(() => parseOffsetChanges(body));
}

function refuseUnknown(
  changes: readonly OffsetChange[],
  readable: readonly TopicPartition[],
  held: readonly TopicPartition[],
): void {
  asked(() => {
    refuseUnknownPartitions(changes, readable, held);
  });
}

/** What is wrong with the request's content is the caller's to correct, whatever else is refused is not. */
function asked<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (isFailure(error)) throw new BadRequest(400, error.message);
    throw error;
  }
}

async function readablePartitions({ config }: Connector): Promise<TopicPartition[]> {
  const cluster = openCluster(config.kafka, DEFAULT_PATIENCE, () => undefined);
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    return await chosenPartitions(cluster, config.topics, config.errors.topic);
  } catch (error) {
    if (isFailure(error)) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw Failure.transient(`Kafka could not say which topics there are: ${text}. No offset was changed.`, {
      cause: error,
    });
  } finally {
    await cluster.disconnect();
  }
}

async function whileStopped(connector: Connector, job: (client: Client) => Promise<string>): Promise<RestAnswer> {
  if (connector.state !== 'STOPPED') {
    return restError(400, 'Connectors must be in the STOPPED state before their offsets can be modified.');
  }
  return ok({ message: await onWarehouse(connector, job) });
}

async function remember(connector: Connector, state: TargetState): Promise<void> {
  await onWarehouse(connector, (client) => writeTargetState(client, connector.config.name, state));
}

/** The sink's tables may not be there yet: a connector can be paused before it ever reached the warehouse. */
async function onWarehouse<Result>({ config }: Connector, job: (client: Client) => Promise<Result>): Promise<Result> {
  return withWarehouse(config, async (client) => {
    await migrateSinkSchema(client);
    return job(client);
  });
}
