import type { AirbyteMessage, ConfiguredCatalog, ConnectorContext } from '@ewallet/airbyte';
import { asFailure, count, Failure } from '@ewallet/failure';
import { displayName, SchemaRegistry, type StreamName } from '@ewallet/avro';
import { BatchBuffers, type Compress, compressor, TransactionalLog } from '@ewallet/kafka';
import type { Admin } from 'kafkajs';
import type { Readable } from 'node:stream';
import type { Clocks } from './clocks';
import type { Config } from '../config/config';
import { accessOf } from '../kafka/access';
import { createAdmin, createCluster } from '../kafka/cluster';
import { failureFromKafka } from '../kafka/kafka-errors';
import { logFailures } from '../kafka/log-failures';
import { Outbox, type Log } from '../kafka/outbox';
import { TopicWriter } from '../kafka/topic-writer';
import { tracedLog } from '../kafka/traced-log';
import { RecordHeaders } from '../encode/record-headers';
import { DeadLetters } from './dead-letters';
import { GenerationMarkers } from './generation-markers';
import { MessageChannel } from './message-channel';
import { registerControlSchemas, registerSchemas, verifySchemas, type SchemaIds } from './schemas';
import { planStreams, transactionalIds, type StreamPlan } from './stream-plan';
import { StreamWriter } from './stream-writer';
import { Sync } from './sync';
import { refuseChangedKeys, refuseGaps, refuseKeylessCompaction } from './topic-rules';
import { existingTopics, prepareTopics, type Topic } from './topics';

const MB = 1024 * 1024;
const MAX_WAITING_BYTES = 24 * MB;
const MAX_REQUEST_BYTES = 8 * MB;
const MAX_OPEN_BYTES = 32 * MB;
/** A part is committed well before the broker would abort the transaction, however little time the commit then takes. */
const PART_SHARE_OF_TIMEOUT = 0.5;
const PART_BYTES = 1024 * MB;

/** What the composition root chooses; a fault test wraps the log so that a chosen step fails. */
export interface WriteSurroundings extends Clocks {
  readonly wrapLog?: (log: Log) => Log;
}

interface Prepared {
  readonly plans: readonly StreamPlan[];
  readonly topics: ReadonlyMap<string, Topic>;
  readonly schemas: ReadonlyMap<StreamPlan, SchemaIds>;
  readonly controlSchemas: { readonly key: number; readonly value: number };
}

/** Topics and schemas: everything that can be refused is refused here, before a record is written. */
async function prepare(config: Config, plans: readonly StreamPlan[], context: ConnectorContext): Promise<Prepared> {
  const registry = new SchemaRegistry(config.registry);
  const admin = createAdmin(config.kafka);
  const access = accessOf(config);
  try {
    await admin.connect().catch((error: unknown) => {
      throw failureFromKafka(error, 'be reached', access);
    });
    const warn = (message: string): Promise<void> => context.log.warn(message);
    await verifySchemas(registry, plans);
    await verifyTopics(config, plans, admin, registry);
    const names = [...new Set(plans.map(({ topic }) => topic))];
    const streams = await prepareTopics(admin, names, {
      settings: config.topics,
      access,
      onMismatch: async (topic, differences) => {
        await context.log.warn(`Topic ${topic} is used as it is: ${differences.join('; ')}.`);
      },
    });
    const policies = [...streams.values()].flatMap(({ name, cleanupPolicy: policy }) =>
      policy === undefined ? [] : [[name, policy] as const],
    );
    refuseKeylessCompaction(plans, new Map(policies));
    // Topics come first: a subject whose topic is missing is one that was written to before.
    const schemas = await registerSchemas(registry, plans, warn);
    const controlSchemas = await registerControlSchemas(registry, warn);
    const deadLetterSettings = { ...config.topics, partitions: 1, configs: {} };
    const deadLetters = await prepareTopics(admin, [config.deadLetterTopic], {
      settings: deadLetterSettings,
      access,
      onMismatch: () => Promise.resolve(),
    });
    return { plans, schemas, controlSchemas, topics: new Map([...streams, ...deadLetters]) };
  } finally {
    registry.close();
    await admin.disconnect();
  }
}

/** What of the streams' topics can be refused before one is made. */
async function verifyTopics(
  config: Config,
  plans: readonly StreamPlan[],
  admin: Admin,
  registry: SchemaRegistry,
): Promise<void> {
  const topics = new Set(await existingTopics(admin, accessOf(config)));
  const missing = plans.filter(({ topic }) => !topics.has(topic));
  const { 'cleanup.policy': policy } = config.topics.configs;
  if (policy !== undefined) {
    refuseKeylessCompaction(missing, new Map(missing.map(({ topic }) => [topic, policy])));
  }
  const subjects = new Set(await registry.subjects());
  refuseChangedKeys(plans, subjects);
  refuseGaps(plans, config, { topics, subjects });
}

function topicOf(topics: ReadonlyMap<string, Topic>, name: string): Topic {
  const topic = topics.get(name);
  if (topic === undefined)
    throw Failure.transient(`Kafka does not know topic ${name} yet though it was made. Run again.`);
  return topic;
}

function assemble(
  config: Config,
  prepared: Prepared,
  {
    log,
    compress,
    span,
    surroundings,
    failed,
  }: {
    readonly log: Log;
    readonly compress: Compress;
    readonly span: ConnectorContext['span'];
    readonly surroundings: WriteSurroundings;
    readonly failed: (error: unknown) => void;
  },
): { outbox: Outbox; deadLetters: DeadLetters; markers: GenerationMarkers; streams: readonly StreamWriter[] } {
  const outbox = new Outbox(log, {
    maxWaitingBytes: MAX_WAITING_BYTES,
    maxRequestBytes: MAX_REQUEST_BYTES,
    partAfterMs: config.transactionTimeoutMs * PART_SHARE_OF_TIMEOUT,
    partAfterBytes: PART_BYTES,
    compress,
    failed,
  });
  const buffers = new BatchBuffers(MAX_WAITING_BYTES);
  const writer = ({ name, partitions, maxMessageBytes }: Topic): TopicWriter =>
    new TopicWriter(name, partitions, {
      outbox,
      buffers,
      batchBytes: Math.min(config.batchBytes, maxMessageBytes),
      now: surroundings.now,
    });
  const deadLetterTopic = topicOf(prepared.topics, config.deadLetterTopic);
  const deadLetters = new DeadLetters(writer(deadLetterTopic), deadLetterTopic.maxMessageBytes);
  const writers = new Map<string, TopicWriter>();
  const streams = prepared.plans.map((plan) => {
    const topic = topicOf(prepared.topics, plan.topic);
    const topicWriter = writer(topic);
    writers.set(plan.topic, topicWriter);
    const ids = prepared.schemas.get(plan) ?? { key: undefined, value: 0 };
    const headers = new RecordHeaders(plan.mapping.stream, plan.syncId, span.context);
    return new StreamWriter(plan, ids, headers, {
      topic: topicWriter,
      maxRecordBytes: topic.maxMessageBytes,
      deadLetters,
      config,
    });
  });
  return {
    outbox,
    deadLetters,
    streams,
    markers: new GenerationMarkers(prepared.controlSchemas, writers, surroundings.now),
  };
}

async function reportOutcome(
  context: ConnectorContext,
  streams: readonly StreamWriter[],
  deadLetters: DeadLetters,
  incomplete: readonly StreamName[],
): Promise<void> {
  for (const { plan, nulledValues } of streams) {
    if (nulledValues === 0) continue;
    await context.log.warn(
      `Stream of topic ${plan.topic}: ${count(nulledValues, 'value')} that did not fit became null; each is named in its record's _airbyte_meta.changes.`,
    );
  }
  for (const stream of incomplete) {
    await context.log.warn(
      `Stream ${displayName(stream)}: the source did not say COMPLETE, so the rows of earlier generations stay beside the new ones. A sync that completes ends them.`,
    );
  }
  if (deadLetters.count > 0)
    await context.log.warn(`${count(deadLetters.count, 'record')} went to the dead letter topic.`);
}

/** What one write reads from, and what it lives in. */
interface WriteRun {
  readonly stdin: Readable;
  readonly context: ConnectorContext;
  readonly surroundings: WriteSurroundings;
}

async function transfer(
  config: Config,
  prepared: Prepared,
  { stdin, context, surroundings, channel }: WriteRun & { readonly channel: MessageChannel },
): Promise<void> {
  const compress = compressor(config.compression);
  const cluster = createCluster(config.kafka);
  const access = accessOf(config);
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([...prepared.topics.keys()]);
  } catch (error) {
    await cluster.disconnect();
    throw failureFromKafka(error, 'be reached', access);
  }
  const ids = transactionalIds(
    config,
    prepared.plans.map(({ topic }) => topic),
  );
  const transactions = new TransactionalLog(cluster, {
    transactionalId: ids.own,
    topicIds: ids.byTopic,
    failures: logFailures(access, { transactionalId: ids.own, transactionTimeoutMs: config.transactionTimeoutMs }),
    transactionTimeoutMs: config.transactionTimeoutMs,
    deliveryTimeoutMs: config.deliveryTimeoutMs,
    requestTimeoutMs: config.kafka.requestTimeoutMs,
    now: surroundings.counted,
  });
  const { span } = context;
  const log = tracedLog(surroundings.wrapLog?.(transactions) ?? transactions, span);
  const { outbox, deadLetters, streams, markers } = assemble(config, prepared, {
    ...{ log, compress, span, surroundings },
    // A source that follows changes may be silent for hours: it is not waited for to report what has failed.
    failed: (error) => {
      stdin.destroy(asFailure(error));
    },
  });
  try {
    await transactions.open();
    const incomplete = await new Sync({
      streams,
      deadLetters,
      outbox,
      markers,
      maxOpenBytes: MAX_OPEN_BYTES,
      signal: context.signal,
      acknowledge: (message) => {
        channel.push(message);
      },
    }).run(stdin);
    await reportOutcome(context, streams, deadLetters, incomplete);
  } finally {
    // After a normal end there is nothing left to abandon.
    await outbox.abandon();
    await cluster.disconnect();
  }
}

/** Yields each STATE once everything before it is committed. */
export async function* write(
  config: Config,
  catalog: ConfiguredCatalog,
  run: WriteRun,
): AsyncGenerator<AirbyteMessage> {
  const plans = planStreams(config, catalog, run.surroundings.now());
  const prepared = await prepare(config, plans, run.context);
  const channel = new MessageChannel();
  const transferred = transfer(config, prepared, { ...run, channel }).then(
    () => {
      channel.close();
    },
    (error: unknown) => {
      channel.fail(error);
    },
  );
  yield* channel.read();
  await transferred;
}
