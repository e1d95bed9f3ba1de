import { Failure } from '@ewallet/failure';
import { ConfigResourceTypes, type Admin } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeTopics, kafkaError } from '@ewallet/kafka';
import type { TopicSettings } from '../config/config';
import type { Access } from '../kafka/access';
import { failureFromKafka } from '../kafka/kafka-errors';

export interface Topic {
  readonly name: string;
  readonly partitions: number;
  /** Bytes of the largest batch the broker takes for it. */
  readonly maxMessageBytes: number;
  /** Undefined where the user may not read the topic's configs. */
  readonly cleanupPolicy: string | undefined;
}

const LEADERS_MS = 60_000;
const BROKER_MAX_MESSAGE_BYTES = 1_048_588;

/** Differences between what a topic has and what the configuration asks for, for people. */
function mismatches(
  settings: TopicSettings,
  actual: {
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly configs: ReadonlyMap<string, string>;
  },
): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, wanted: string | number | undefined, has: string | number | undefined): void => {
    if (wanted !== undefined && has !== undefined && String(wanted) !== String(has)) {
      found.push(`${what} is ${has}, configured is ${wanted}`);
    }
  };
  compare('the number of partitions', settings.partitions, actual.partitions);
  compare('the replication factor', settings.replicationFactor, actual.replicationFactor);
  for (const [name, wanted] of Object.entries(settings.configs)) compare(name, wanted, actual.configs.get(name));
  return found;
}

async function create(admin: Admin, names: readonly string[], settings: TopicSettings, access: Access): Promise<void> {
  const configEntries = Object.entries(settings.configs).map(([name, value]) => ({ name, value }));
  for (const topic of names) {
    try {
      await admin.createTopics({
        // kafkajs gives up where the broker does not know the topic yet; awaitLeaders does not.
        waitForLeaders: false,
        topics: [
          {
            topic,
            numPartitions: settings.partitions,
            replicationFactor: settings.replicationFactor ?? -1,
            configEntries,
          },
        ],
      });
    } catch (error) {
      throw creationFailure(error, topic, settings, access);
    }
  }
  if (names.length > 0) await awaitLeaders(admin, names, access);
}

/** A topic just made is missing from the metadata of a loaded broker, or has no leader, for a few seconds. */
async function awaitLeaders(admin: Admin, names: readonly string[], access: Access): Promise<void> {
  const end = performance.now() + LEADERS_MS;
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
      if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      const { type } = kafkaError(error);
      const unknownYet = type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
      if (!unknownYet || performance.now() >= end) throw describeFailure(error, names, access);
    }
    if (performance.now() >= end) {
      throw Failure.transient(
        `New topics have no leader after ${LEADERS_MS / 1_000} s: ${names.join(', ')}. Look at the cluster's health.`,
      );
    }
    await sleep(100);
  }
}

function describeFailure(error: unknown, names: readonly string[], access: Access): Failure {
  return failureFromKafka(error, `describe ${describeTopics(names)}`, { ...access, topics: names });
}

/** kafkajs wraps the topics' own errors in an aggregate. */
function topicErrors(error: unknown): readonly [unknown, ...unknown[]] {
  const { errors = [] } = error as { errors?: readonly unknown[] };
  const [first = error, ...others] = errors;
  return [first, ...others];
}

function isCreationDenied(error: unknown): boolean {
  const { type } = kafkaError(error);
  return type === 'TOPIC_AUTHORIZATION_FAILED' || type === 'CLUSTER_AUTHORIZATION_FAILED';
}

/**
 * Whether the topic might be made; it is not. The broker looks at the right first, so a topic that exists will do.
 *
 * @throws Failure config_error where it may not be
 */
export async function checkCreation(admin: Admin, topic: string, access: Access): Promise<void> {
  try {
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic, numPartitions: 1 }] });
  } catch (error) {
    if (!topicErrors(error).some(isCreationDenied)) return;
    throw Failure.config(
      `\`create_topics\` is on and ${access.principal} may not create topic ${topic}, so it may hardly create the streams' topics. Grant it CREATE on that topic and on the streams', or on the cluster; or create the topics by hand and set \`create_topics\` to false.`,
      { cause: error },
    );
  }
}

function creationFailure(error: unknown, topic: string, settings: TopicSettings, access: Access): Failure {
  const [first] = topicErrors(error);
  const { type, message } = kafkaError(first);
  const more = { detail: `${type ?? ''} ${message}`.trim(), cause: error };
  switch (type) {
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return Failure.config(
        `Topic ${topic} does not exist, or ${access.principal} may not see it, and it may not create it either. Create the topic by hand (${settings.partitions} partitions) and grant WRITE and DESCRIBE on it, or grant CREATE, WRITE and DESCRIBE on topic ${topic}.`,
        more,
      );
    case 'INVALID_REPLICATION_FACTOR':
      return Failure.config(
        `Topic ${topic} cannot be created: the cluster has too few brokers for \`topic_replication_factor\` ${settings.replicationFactor ?? 'of its own default'}. Lower it to the number of brokers.`,
        more,
      );
    case 'INVALID_CONFIG':
    case 'POLICY_VIOLATION':
      return Failure.config(`Topic ${topic} cannot be created: the cluster refuses its settings: ${message}`, more);
    case 'INVALID_TOPIC_EXCEPTION':
      return Failure.config(
        `Topic ${topic} cannot be created: the broker refuses the name, maybe because another topic differs from it only in "." and "_". Change \`topic_pattern\`.`,
        more,
      );
    default:
      return failureFromKafka(first, `create topic ${topic}`, { ...access, topics: [topic] });
  }
}

interface TopicsToPrepare {
  readonly settings: TopicSettings;
  readonly access: Access;
  readonly onMismatch: (topic: string, differences: readonly string[]) => Promise<void>;
}

/**
 * Makes the missing topics and describes all of them. An existing topic is used as it is.
 *
 * @param onMismatch hears what an existing topic has otherwise than configured
 */
export async function prepareTopics(
  admin: Admin,
  names: readonly string[],
  { settings, access, onMismatch }: TopicsToPrepare,
): Promise<ReadonlyMap<string, Topic>> {
  const existing = new Set(await existingTopics(admin, access));
  const missing = names.filter((name) => !existing.has(name));
  if (missing.length > 0 && !settings.create) {
    throw Failure.config(
      `Topics are missing and \`create_topics\` is off: ${missing.join(', ')}. Create them, or switch it on.`,
    );
  }
  await create(admin, missing, settings, access);
  const topics = new Map<string, Topic>();
  const configs = await topicConfigs(admin, names);
  const { topics: metadata } = await describe(admin, names, access);
  for (const { name, partitions } of metadata) {
    const config = configs.get(name) ?? new Map<string, string>();
    const [first] = partitions;
    const differences = mismatches(settings, {
      partitions: partitions.length,
      replicationFactor: first?.replicas.length ?? 0,
      configs: config,
    });
    if (existing.has(name) && differences.length > 0) await onMismatch(name, differences);
    const maxMessageBytes = Number(config.get('max.message.bytes') ?? BROKER_MAX_MESSAGE_BYTES);
    topics.set(name, {
      name,
      partitions: partitions.length,
      maxMessageBytes,
      cleanupPolicy: config.get('cleanup.policy'),
    });
  }
  return topics;
}

/** The names of every topic that the user may see. */
export async function existingTopics(admin: Admin, access: Access): Promise<readonly string[]> {
  try {
    return await admin.listTopics();
  } catch (error) {
    throw failureFromKafka(error, 'list its topics', access);
  }
}

async function describe(
  admin: Admin,
  names: readonly string[],
  access: Access,
): ReturnType<Admin['fetchTopicMetadata']> {
  try {
    return await admin.fetchTopicMetadata({ topics: [...names] });
  } catch (error) {
    throw describeFailure(error, names, access);
  }
}

/** Empty where the user may not read configs: then the broker's defaults are assumed. */
async function topicConfigs(
  admin: Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  } catch {
    return new Map();
  }
}
