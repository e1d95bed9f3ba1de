import { Failure, type ConfigReader } from '@ewallet/failure';

/** Whether a topic is one of the pipeline's. */
export type TopicChoice = (topic: string) => boolean;

/** Those that the sink reads; else those that the destination writes; else all but the brokers' own. */
export function topicsOf(sink: ConfigReader | undefined, destination: ConfigReader | undefined): TopicChoice {
  const names = sink?.optionalText('topics');
  if (names !== undefined) {
    const list = new Set(names.split(',').map((name) => name.trim()));
    return (topic) => list.has(topic);
  }
  const regex = sink?.optionalText('topics.regex');
  if (regex !== undefined) return matching(regex, 'sink.topics.regex');
  const pattern = destination?.optionalText('topic_pattern');
  if (pattern === undefined) return () => true;
  const literal = pattern.split(/\{namespace\}|\{stream\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return matching(`${literal.join('.+')}(\\.v\\d+)?`, 'kafka.topic_pattern');
}

function matching(regex: string, key: string): TopicChoice {
  try {
    const whole = new RegExp(`^(?:${regex})$`, 'u');
    return (topic) => whole.test(topic);
  } catch (error) {
    throw Failure.config(`\`${key}\` is no regular expression.`, { cause: error });
  }
}
