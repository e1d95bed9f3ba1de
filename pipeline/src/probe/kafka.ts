import {
  describeGroup,
  fetchFrom,
  groupByLeader,
  listTopics,
  openCluster,
  partitionKey,
  readLogBounds,
  readRecordBatchHeader,
  type Cluster,
  type GroupDescription,
  type KafkaConnection,
  type LogBounds,
  type TopicPartition,
} from '@ewallet/kafka';
import { Failure } from '@ewallet/failure';
import { askAgain } from './ask-again';
import { probe } from './probe';

export interface PartitionFacts extends TopicPartition {
  /** The offset after the last record that a read-committed consumer may read. */
  readonly end: number;
  /** When the oldest record that the sink has not landed was written; undefined where it has landed all of them, or `ageUnknown`. */
  readonly waitingSince: Date | undefined;
}

export interface KafkaFacts {
  readonly partitions: readonly PartitionFacts[];
  /** Partitions that no broker leads, of the topics looked at. */
  readonly leaderless: readonly TopicPartition[];
  /** The sink's consumer group; undefined where no sink is configured. */
  readonly group: GroupDescription | undefined;
  /** Why nobody knows since when records wait; undefined where it is known. */
  readonly ageUnknown: string | undefined;
}

export interface KafkaQuestion {
  readonly connection: KafkaConnection;
  readonly isOurs: (topic: string) => boolean;
  readonly groupId: string | undefined;
  /** The next offset of each partition that the sink has landed, by `partitionKey`; undefined where nobody knows. */
  readonly landed: Promise<ReadonlyMap<string, number> | undefined>;
}

/** Of the time to answer: how long what is not yet settled is asked again. */
const AGAIN_SHARE = 0.5;
/**
 * Of the time to answer: the age of what waits depends on the warehouse's answer too and takes one more question, and
 * without it the rest is still told.
 */
const AGE_SHARE = 0.9;

export async function askKafka(question: KafkaQuestion, limitMs: number, over: AbortSignal): Promise<KafkaFacts> {
  const patience = {
    connectionTimeoutMs: limitMs,
    metadataMaxAgeMs: 60_000,
    retry: { retries: 0, initialRetryTime: 100, maxRetryTime: 100 },
  };
  const cluster = openCluster(question.connection, patience, () => undefined);
  const letGo = (): void => {
    cluster.disconnect().catch(() => undefined);
  };
  over.addEventListener('abort', letGo);
  const from = performance.now();
  try {
    await cluster.connect();
    const now = await askAgain(async () => askCluster(cluster, question), limitMs * AGAIN_SHARE);
    const leftMs = Math.max(0, limitMs * AGE_SHARE - (performance.now() - from));
    const waiting = await probe(leftMs, async () => waitingSince(cluster, now.bounds, question.landed));
    const since = waiting.kind === 'answered' ? waiting.value : new Map<string, Date>();
    return {
      partitions: now.bounds.map(({ topic, partition, stable }) => ({
        topic,
        partition,
        end: stable,
        waitingSince: since.get(partitionKey({ topic, partition })),
      })),
      leaderless: now.leaderless,
      group: now.group,
      ageUnknown: waiting.kind === 'answered' ? undefined : waiting.reason,
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw Failure.transient(text, { cause: error });
  } finally {
    over.removeEventListener('abort', letGo);
    letGo();
  }
}

type ClusterFacts = Pick<KafkaFacts, 'leaderless' | 'group'> & { readonly bounds: readonly LogBounds[] };

async function askCluster(cluster: Cluster, { isOurs, groupId }: KafkaQuestion): Promise<ClusterFacts> {
  await cluster.refreshMetadata();
  const topics = [...(await listTopics(cluster))].filter(([topic]) => isOurs(topic));
  if (topics.length > 0) await cluster.addMultipleTargetTopics(topics.map(([topic]) => topic));
  const all = topics.flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
  const led = new Set([...groupByLeader(cluster, all).values()].flat().map(partitionKey));
  const bounds = await readLogBounds(cluster, all);
  const group = groupId === undefined ? undefined : await describeGroup(cluster, groupId);
  return { bounds, leaderless: all.filter((partition) => !led.has(partitionKey(partition))), group };
}

/** When the oldest record of each partition that the sink has not landed was written. */
async function waitingSince(
  cluster: Cluster,
  bounds: readonly LogBounds[],
  landed: KafkaQuestion['landed'],
): Promise<ReadonlyMap<string, Date>> {
  const offsets = await landed;
  const behind = bounds.flatMap(({ topic, partition, earliest, stable }) => {
    const next = Math.max(offsets?.get(partitionKey({ topic, partition })) ?? earliest, earliest);
    return offsets !== undefined && next < stable ? [{ topic, partition, offset: next }] : [];
  });
  return writtenAt(cluster, behind);
}

/** When the record at each position, or the first one behind it, was written: by the header of its batch. */
async function writtenAt(
  cluster: Cluster,
  positions: readonly (TopicPartition & { readonly offset: number })[],
): Promise<ReadonlyMap<string, Date>> {
  const found = new Map<string, Date>();
  for (const [nodeId, own] of groupByLeader(cluster, positions)) {
    const broker = await cluster.findBroker({ nodeId });
    const fetched = await fetchFrom(broker, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1 << 24,
      // A broker gives the first batch of each partition whole, however long it is.
      maxBytesPerPartition: 1,
      partitions: own,
    });
    for (const { topic, partition, records } of fetched) {
      const header = readRecordBatchHeader(records, 0);
      if (header !== undefined) found.set(partitionKey({ topic, partition }), new Date(header.baseTimestamp));
    }
  }
  return found;
}
