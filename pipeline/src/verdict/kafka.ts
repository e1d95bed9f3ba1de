import { count } from '@ewallet/failure';
import { partitionKey } from '@ewallet/kafka';
import type { KafkaFacts } from '../probe/kafka';
import type { Probe } from '../probe/probe';
import { line, type Finding, type Line } from './verdict';

export function judgeKafka(subject: string, asked: Probe<KafkaFacts>): Line {
  if (asked.kind === 'failed') {
    return line('kafka', subject, {
      says: [],
      findings: [
        {
          code: 'kafka-down',
          verdict: 'down',
          says: asked.reason,
          next: 'Start the brokers, or correct their address, user and rights. Nothing is lost: syncs and the sink wait and continue.',
        },
      ],
    });
  }
  const { partitions, leaderless } = asked.value;
  const topics = new Set(partitions.map(({ topic }) => topic));
  const end = partitions.reduce((sum, partition) => sum + partition.end, 0);
  const says = [
    count(topics.size, 'topic'),
    count(partitions.length, 'partition'),
    `end offsets add up to ${end.toLocaleString('en')}`,
    ...(asked.value.ageUnknown === undefined ? [] : [`the age of what waits is not known: ${asked.value.ageUnknown}`]),
  ];
  const findings: Finding[] = [];
  if (leaderless.length > 0) {
    findings.push({
      code: 'kafka-no-leader',
      verdict: 'down',
      says: `no broker leads ${leaderless.map(partitionKey).join(', ')}`,
      next: 'Start the broker that holds them (kafka-topics.sh --describe --unavailable-partitions): they can be neither written nor read.',
    });
  } else if (topics.size === 0) {
    findings.push({
      code: 'kafka-no-topics',
      verdict: 'degraded',
      says: 'there is none of the topics that the sink reads',
      next: 'Run a first sync, and compare `topics` or `topics.regex` of the sink with `topic_pattern` of the destination.',
    });
  }
  const ends = partitions.map(({ topic, partition, end: offset }) => ({ topic, partition, end_offset: offset }));
  return line('kafka', subject, { says, findings, facts: { partitions: ends } });
}

export function judgeRegistry(subject: string, asked: Probe<number>): Line {
  if (asked.kind === 'answered') {
    return line('registry', subject, {
      says: [count(asked.value, 'subject')],
      findings: [],
      facts: { subjects: asked.value },
    });
  }
  return line('registry', subject, {
    says: [],
    findings: [
      {
        code: 'registry-down',
        verdict: 'down',
        says: asked.reason,
        next: 'Start the registry, or correct its URL and credentials. Syncs fail and retry; the sink waits at the first schema that it does not know.',
      },
    ],
  });
}
