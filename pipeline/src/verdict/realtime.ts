import { count } from '@ewallet/failure';
import type { RealtimeConfig } from '../config/realtime';
import type { FlinkFacts } from '../probe/flink';
import type { Probe } from '../probe/probe';
import { ago, duration, secondsBetween } from './amounts';
import { line, type Finding, type Line } from './verdict';

export function judgeRealtime(config: RealtimeConfig, asked: Probe<FlinkFacts>, now: Date): Line {
  if (asked.kind === 'failed') {
    return line('realtime', config.job, {
      says: [],
      findings: [
        {
          code: 'flink-down',
          verdict: 'down',
          says: asked.reason,
          next:
            config.at.kind === 'directory'
              ? 'Start it: `ewallet-realtime up --config … --detach` continues from the newest checkpoint.'
              : 'Start the Flink cluster, or correct its address; then `ewallet-realtime submit --config …` if it forgot the job.',
        },
      ],
    });
  }
  const { value } = asked;
  const { checkpoints, tasks } = value;
  const age = checkpoints.lastAt === undefined ? undefined : secondsBetween(checkpoints.lastAt, now);
  const says =
    value.state === undefined || !value.isActive
      ? [value.url]
      : [
          `${value.state}, ${tasks.running} of ${count(tasks.total, 'task')} run`,
          checkpoints.lastAt === undefined
            ? 'no checkpoint yet'
            : `last checkpoint ${ago(checkpoints.lastAt, now)}, ${checkpoints.failed} failed`,
          `${count(value.restarts, 'restart')}${value.restarts > 0 && value.lastFailure !== undefined ? `, the last because of ${value.lastFailure}` : ''}`,
          ...(value.lagRecords === undefined ? [] : [`${count(value.lagRecords, 'record')} to read`]),
          value.url,
        ];
  return line('realtime', config.job, {
    says,
    findings: findingsOf(config, value, age, now),
    facts: {
      url: value.url,
      state: value.state ?? null,
      tasks_running: tasks.running,
      tasks: tasks.total,
      restarts: value.restarts,
      last_failure: value.lastFailure ?? null,
      checkpoints_completed: checkpoints.completed,
      checkpoints_failed: checkpoints.failed,
      checkpoint_age_seconds: age ?? null,
      lag_records: value.lagRecords ?? null,
    },
  });
}

function findingsOf(config: RealtimeConfig, facts: FlinkFacts, age: number | undefined, now: Date): Finding[] {
  const because = facts.lastFailure === undefined ? '' : `: ${facts.lastFailure}`;
  const isLocal = config.at.kind === 'directory';
  if (facts.state === undefined || !facts.isActive) {
    return [
      {
        code: 'flink-no-job',
        verdict: 'down',
        says:
          facts.state === undefined
            ? `Flink answers and has no job "${config.job}"`
            : `the job is ${facts.state}${facts.state === 'FAILED' ? because : ''}`,
        next: isLocal
          ? '`ewallet-realtime up --config … --detach` continues from the newest checkpoint or savepoint.'
          : '`ewallet-realtime submit --config …` continues from the newest checkpoint or savepoint.',
      },
    ];
  }
  const findings: Finding[] = [];
  if (facts.state !== 'RUNNING' || facts.tasks.running < facts.tasks.total) {
    findings.push({
      code: 'flink-not-running',
      verdict: 'down',
      says: `the job is ${facts.state}, and ${facts.tasks.total - facts.tasks.running} of ${count(facts.tasks.total, 'task')} do not run${because}`,
      next: 'It starts again by itself once the cause is gone: Kafka or the registry away, a TaskManager missing, no free task slots, memory.',
    });
  }
  // Before its first checkpoint a job is as late as it is old.
  const silence = age ?? (facts.startedAt === undefined ? 0 : secondsBetween(facts.startedAt, now));
  if (silence > config.checkpointAgeSeconds) {
    findings.push({
      code: 'flink-checkpoints-late',
      verdict: 'degraded',
      says: `no checkpoint for ${duration(silence)}: no result is committed meanwhile`,
      next: 'Look for a full disk or bucket under the checkpoints, and in the log of the TaskManager; a broker that takes no transactions does it too.',
    });
  }
  if (facts.lagRecords !== undefined && facts.lagRecords > config.lagRecords) {
    findings.push({
      code: 'flink-lag',
      verdict: 'degraded',
      says: `${count(facts.lagRecords, 'record')} wait to be read: alerts and live figures come late`,
      next: 'After a first start or a replay it passes by itself. Else give the job more `parallelism` (docs/realtime.md#capacity).',
    });
  }
  return findings;
}
