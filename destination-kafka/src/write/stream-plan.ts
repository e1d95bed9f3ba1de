import { Failure } from '@ewallet/failure';
import type { ConfiguredCatalog, ConfiguredStream } from '@ewallet/airbyte';
import { displayName, mapStream, topicCollisions, topicName, type StreamMapping, type StreamName } from '@ewallet/avro';
import type { Config } from '../config/config';
import { TRANSACTIONAL_ID_PREFIX } from '../kafka/access';

/** What the configuration and the catalogue decide about one stream before anything is touched. */
export interface StreamPlan {
  readonly mapping: StreamMapping;
  readonly topic: string;
  /** Only what changed since the state that the sync continues from will come. */
  readonly incremental: boolean;
  /** Undefined where the platform does not say whether there is such a state. */
  readonly resumesFromState: boolean | undefined;
  readonly syncId: number | undefined;
  readonly generationId: bigint;
  /** The topic's older generations are to go once this sync has delivered the stream completely. */
  readonly replacesOlderGenerations: boolean;
  /** A deletion removes its row: a tombstone follows its record. */
  readonly deletesRows: boolean;
}

/**
 * The platform numbers generations where it knows refreshes. Where it does not, an overwrite sync needs a number that is
 * new and grows: its start in milliseconds. An append without generations is generation 0.
 */
function generation(
  stream: ConfiguredStream,
  startedAt: number,
): Pick<StreamPlan, 'generationId' | 'replacesOlderGenerations'> {
  const { generationId, minimumGenerationId, destinationSyncMode } = stream;
  if (generationId !== undefined && minimumGenerationId !== undefined && minimumGenerationId > 0) {
    if (minimumGenerationId !== generationId) {
      throw Failure.config(
        `Stream ${displayName(stream.descriptor)}: minimum_generation_id ${minimumGenerationId} with generation_id ${generationId} asks to drop some of the older generations; only all or none can go.`,
        { stream: stream.descriptor },
      );
    }
    return { generationId: BigInt(generationId), replacesOlderGenerations: true };
  }
  const overwrite = destinationSyncMode === 'overwrite';
  if (generationId !== undefined && (generationId > 0 || !overwrite)) {
    return { generationId: BigInt(generationId), replacesOlderGenerations: false };
  }
  return { generationId: overwrite ? BigInt(startedAt) : 0n, replacesOlderGenerations: overwrite };
}

function versionedTopic(config: Config, stream: StreamName): string {
  const version = config.topicVersions.get(displayName(stream)) ?? 1;
  const topic = topicName(config.topicPattern, stream);
  return version === 1 ? topic : `${topic}.v${version}`;
}

function planStream(config: Config, stream: ConfiguredStream, startedAt: number): StreamPlan {
  const { descriptor, destinationSyncMode, primaryKey, jsonSchema, syncId } = stream;
  if (destinationSyncMode === 'update' || destinationSyncMode === 'soft_delete') {
    throw Failure.config(
      `Stream ${displayName(descriptor)}: destination sync mode ${destinationSyncMode} is not supported. Choose append, append_dedup or overwrite.`,
      { stream: descriptor },
    );
  }
  if (destinationSyncMode === 'append_dedup' && primaryKey.length === 0) {
    throw Failure.config(
      `Stream ${displayName(descriptor)}: append_dedup needs a primary key. Set one in the connection, or choose append.`,
      { stream: descriptor },
    );
  }
  return {
    mapping: mapStream({ ...descriptor, jsonSchema, primaryKey }),
    topic: versionedTopic(config, descriptor),
    incremental: stream.syncMode === 'incremental',
    resumesFromState: stream.resumesFromState,
    syncId,
    deletesRows: config.deletionMode === 'hard' && destinationSyncMode === 'append_dedup',
    ...generation(stream, startedAt),
  };
}

/**
 * @param startedAt milliseconds since the epoch
 * @throws Failure config_error for streams that would share a topic, unsupported modes and impossible keys
 */
export function planStreams(config: Config, catalog: ConfiguredCatalog, startedAt: number): readonly StreamPlan[] {
  const plans = catalog.streams.map((stream) => planStream(config, stream, startedAt));
  const planned = plans.map(({ topic, mapping }) => ({ topic, stream: mapping.stream }));
  const [collision] = topicCollisions(planned);
  if (collision !== undefined) {
    throw Failure.config(
      `Streams ${collision.streams.map(displayName).join(' and ')} would share the topic ${collision.topics.join(' / ')} (Kafka takes "." and "_" for the same). Change \`topic_pattern\`, or give one of them another name in the connection.`,
    );
  }
  const [withLetters] = topicCollisions([
    ...planned,
    { topic: config.deadLetterTopic, stream: { name: 'dead letters' } },
  ]);
  if (withLetters !== undefined) {
    const [stream] = withLetters.streams;
    throw Failure.config(
      `Stream ${stream === undefined ? '' : displayName(stream)} would share the topic ${config.deadLetterTopic} with dead letters. Change \`dead_letter_topic\` or \`topic_pattern\`.`,
    );
  }
  return plans;
}

export interface TransactionalIds {
  /** What this run writes under. */
  readonly own: string;
  /** What each topic is held by while this run writes it; empty where the user names the id, and answers for the topics. */
  readonly byTopic: ReadonlyMap<string, string>;
}

/**
 * A run that starts has to fence every other that writes one of its topics. Nothing that reaches a destination names its
 * connection, but its topics do: it writes under the id of its first topic (by name), and holds those of the others.
 * Connections without a topic in common never meet. See docs/adr/0014-transactional-ids-from-topics.md.
 */
export function transactionalIds(config: Pick<Config, 'transactionalId'>, topics: readonly string[]): TransactionalIds {
  if (config.transactionalId !== undefined) return { own: config.transactionalId, byTopic: new Map() };
  const byTopic = new Map([...topics].sort().map((topic) => [topic, `${TRANSACTIONAL_ID_PREFIX}.${topic}`]));
  const [own = TRANSACTIONAL_ID_PREFIX] = byTopic.values();
  return { own, byTopic };
}
