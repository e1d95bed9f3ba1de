import { Failure } from '@ewallet/failure';
import { displayName, topicName } from '@ewallet/avro';
import type { Config } from '../config/config';
import type { StreamPlan } from './stream-plan';

/** What Kafka and the registry hold before a sync touches them. */
export interface Existing {
  readonly topics: ReadonlySet<string>;
  readonly subjects: ReadonlySet<string>;
}

const valueSubject = (topic: string): string => `${topic}-value`;

/** What shows that the stream was delivered before, for people; undefined where nothing does. */
function evidence(plan: StreamPlan, pattern: string, { topics, subjects }: Existing): string | undefined {
  if (plan.resumesFromState !== undefined) {
    return plan.resumesFromState ? 'this sync continues from a state' : undefined;
  }
  if (!topics.has(plan.topic) && subjects.has(valueSubject(plan.topic))) {
    return `subject ${valueSubject(plan.topic)} is there though the topic is gone`;
  }
  const first = topicName(pattern, plan.mapping.stream);
  const isVersion = (topic: string): boolean =>
    topic !== plan.topic &&
    (topic === first || (topic.startsWith(`${first}.v`) && /^\d+$/.test(topic.slice(first.length + 2))));
  const earlier = [...topics].find((topic) => isVersion(topic) && subjects.has(valueSubject(topic)));
  return earlier === undefined ? undefined : `topic ${earlier} holds it`;
}

/**
 * An incremental stream brings what changed since its state. A topic that is new to it would lack everything older, and
 * every consumer would take the few rows for all: such a sync is refused, unless the user reads the stream again from the
 * start, or says that the topic may begin with changes. See docs/adr/0015-a-resumed-stream-needs-its-topic.md.
 *
 * @throws Failure config_error, before anything is made
 */
export function refuseGaps(
  plans: readonly StreamPlan[],
  config: Pick<Config, 'topicPattern' | 'beginTopics'>,
  existing: Existing,
): void {
  for (const plan of plans) {
    const name = displayName(plan.mapping.stream);
    const isNew = !existing.topics.has(plan.topic) || !existing.subjects.has(valueSubject(plan.topic));
    if (!isNew || !plan.incremental || plan.replacesOlderGenerations || config.beginTopics.includes(name)) continue;
    const shown = evidence(plan, config.topicPattern, existing);
    if (shown === undefined) continue;
    throw Failure.config(
      `Stream ${name}: topic ${plan.topic} is new, and the stream was synced before (${shown}). The topic would lack every row that has not changed since then. Read the stream from the start: in Airbyte refresh it and remove its records, with ewallet-sync run once with --refresh ${name}. If the topic is to begin with what changes from now on, name the stream in \`begin_topics\`. Nothing was written.`,
      { stream: plan.mapping.stream as { name: string; namespace?: string } },
    );
  }
}

/**
 * A topic is begun with keys or without, and stays so. A record without a key replaces and deletes no row with a key, and the
 * other way round: each row would be there twice, and every consumer would believe both.
 *
 * @throws Failure config_error, before anything is made
 */
export function refuseChangedKeys(plans: readonly StreamPlan[], subjects: ReadonlySet<string>): void {
  for (const { mapping, topic } of plans) {
    const keySubject = `${topic}-key`;
    const begun = subjects.has(valueSubject(topic));
    const keyed = mapping.keyColumns.length > 0;
    if (!begun || keyed === subjects.has(keySubject)) continue;
    const key = mapping.keyColumns.map(({ name }) => `"${name}"`).join(', ');
    const [change, back] = keyed
      ? [
          `has the primary key ${key}, and topic ${topic} was begun without keys (the registry has no subject ${keySubject})`,
          'Choose no primary key in the connection, as before',
        ]
      : [
          `has no primary key, and topic ${topic} was begun with keys (subject ${keySubject})`,
          'Choose the primary key in the connection again',
        ];
    throw Failure.config(
      `Stream ${displayName(mapping.stream)} ${change}: its new records would neither replace nor delete the rows that are there. ${back}, or raise the stream's version in \`topic_versions\` to write to a new topic, and read the stream from the start. Nothing was written.`,
      { stream: mapping.stream as { name: string; namespace?: string } },
    );
  }
}

/** @param policies cleanup.policy by topic; one that is missing is not known. @throws Failure config_error */
export function refuseKeylessCompaction(plans: readonly StreamPlan[], policies: ReadonlyMap<string, string>): void {
  for (const { mapping, topic } of plans) {
    const policy = policies.get(topic) ?? '';
    if (mapping.keyColumns.length > 0 || !policy.split(',').some((part) => part.trim() === 'compact')) continue;
    throw Failure.config(
      `Stream ${displayName(mapping.stream)} has no primary key, and topic ${topic} is compacted (cleanup.policy=${policy}), which takes no record without a key. Choose a primary key in the connection, or give the topic cleanup.policy=delete. Nothing was written.`,
      { stream: mapping.stream as { name: string; namespace?: string } },
    );
  }
}
