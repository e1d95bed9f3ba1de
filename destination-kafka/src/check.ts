import { AirbyteConnectionStatus, AirbyteConnectionStatusMessage } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { frame, SchemaRegistry } from '@ewallet/avro';
import type { Admin } from 'kafkajs';
import { BatchBuilder, compressor, TransactionalLog } from '@ewallet/kafka';
import type { Clocks } from './write/clocks';
import type { Config } from './config/config';
import { encodeHeaders } from './encode/record-headers';
import { accessOf } from './kafka/access';
import { createAdmin, createCluster } from './kafka/cluster';
import { failureFromKafka } from './kafka/kafka-errors';
import { logFailures } from './kafka/log-failures';
import { checkCreation, prepareTopics } from './write/topics';

const PROBE_HEADERS = encodeHeaders([['probe', 'check']]);

/** Brokers, replication, topic creation: one topic is made or found, the one that dead letters go to. */
async function checkCluster(admin: Admin, config: Config): Promise<void> {
  const access = accessOf(config);
  await admin.connect().catch((error: unknown) => {
    throw failureFromKafka(error, 'be reached', access);
  });
  const { brokers } = await admin.describeCluster().catch((error: unknown) => {
    throw failureFromKafka(error, 'describe the cluster', access);
  });
  const { replicationFactor } = config.topics;
  if (replicationFactor !== undefined && replicationFactor > brokers.length) {
    throw Failure.config(
      `\`topic_replication_factor\` is ${replicationFactor}, the cluster has ${brokers.length} broker${brokers.length === 1 ? '' : 's'}. Lower it to at most ${brokers.length}.`,
    );
  }
  const settings = { ...config.topics, partitions: 1, configs: {} };
  await prepareTopics(admin, [config.deadLetterTopic], { settings, access, onMismatch: () => Promise.resolve() });
  if (config.topics.create) await checkCreation(admin, config.deadLetterTopic, access);
}

/** Writes one record in a transaction and takes it back: no consumer ever sees it. */
async function writeAborted(config: Config, clocks: Clocks): Promise<void> {
  const cluster = createCluster(config.kafka);
  const access = accessOf(config);
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([config.deadLetterTopic]);
    // Not an id that a sync uses: a check must not fence a sync that runs.
    const transactionalId = `${access.transactionalIdPrefix}-check`;
    const { transactionTimeoutMs } = config;
    const log = new TransactionalLog(cluster, {
      transactionalId,
      topicIds: new Map(),
      failures: logFailures(access, { transactionalId, transactionTimeoutMs }),
      transactionTimeoutMs,
      deliveryTimeoutMs: Math.min(config.deliveryTimeoutMs, 30_000),
      requestTimeoutMs: config.kafka.requestTimeoutMs,
      now: clocks.counted,
    });
    await log.open();
    const probe = new BatchBuilder(config.deadLetterTopic, 0, 1024);
    const key = frame(0, Buffer.from('check'));
    const span = { bytes: key, start: 0, end: key.length };
    probe.append(span, span, { bytes: PROBE_HEADERS, start: 0, end: PROBE_HEADERS.length });
    const compress = compressor(config.compression);
    await log.append([await compress(probe.seal(clocks.now()))]);
    await log.abort();
  } catch (error) {
    throw failureFromKafka(error, 'write a probe in a transaction', access);
  } finally {
    await cluster.disconnect();
  }
}

const PROBE_SUBJECT = 'ewallet.check-value';

/** Reads and writes a subject of its own, and its compatibility. */
async function checkRegistry(config: Config): Promise<void> {
  const registry = new SchemaRegistry({ ...config.registry, attempts: 3 });
  try {
    await registry.subjects();
    await registry.register(PROBE_SUBJECT, { type: 'record', name: 'Check', namespace: 'ewallet', fields: [] });
    await registry.setCompatibility(PROBE_SUBJECT, 'BACKWARD_TRANSITIVE');
    const set = await registry.compatibility(PROBE_SUBJECT);
    if (set !== 'BACKWARD_TRANSITIVE') {
      throw Failure.config(
        `The schema registry did not keep the compatibility of subject ${PROBE_SUBJECT}: it is ${set ?? 'not set'} after BACKWARD_TRANSITIVE was set. Allow the user to set compatibility on subjects.`,
      );
    }
  } finally {
    registry.close();
  }
}

/** @throws Failure that says what to change; the runner turns it into a failed status */
export async function check(config: Config, clocks: Clocks): Promise<AirbyteConnectionStatusMessage> {
  const admin = createAdmin(config.kafka);
  try {
    await checkCluster(admin, config);
  } finally {
    await admin.disconnect();
  }
  await writeAborted(config, clocks);
  await checkRegistry(config);
  return new AirbyteConnectionStatusMessage({ status: AirbyteConnectionStatus.SUCCEEDED });
}
