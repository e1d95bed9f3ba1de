import { count } from '@ewallet/failure';
import type { Probe } from '../probe/probe';
import type { SyncFacts } from '../probe/sync';
import { ago, duration, secondsBetween } from './amounts';
import { line, type Finding, type Line } from './verdict';

/** A start may be late by this much, in seconds, before the scheduler counts as dead: a timer wakes within 30 s. */
const START_GRACE_SECONDS = 60;

export interface SyncLimits {
  readonly hop: 'sync' | 'airbyte';
  readonly subject: string;
  /** How old the last success may be. */
  readonly maxAgeSeconds: number;
}

export function judgeSync(limits: SyncLimits, asked: Probe<SyncFacts>, now: Date): Line {
  const { hop, subject } = limits;
  if (asked.kind === 'failed') return line(hop, subject, { says: [], findings: [unanswered(hop, asked.reason)] });
  const { value } = asked;
  const { lastSuccess, runningSince, next } = value;
  const says = [
    ...(lastSuccess === undefined
      ? value.isFollowing
        ? []
        : ['no success yet']
      : [
          `last success ${ago(lastSuccess.at, now)}: ${count(lastSuccess.records, 'record')}, ${count(lastSuccess.attempts, 'attempt')}, ${duration(lastSuccess.seconds)}`,
        ]),
    ...(runningSince === undefined
      ? []
      : [`${value.isFollowing ? 'following' : 'running'} for ${duration(secondsBetween(runningSince, now))}`]),
    // What follows has no end that could be a success.
    ...(runningSince === undefined || value.acknowledgedAt === undefined
      ? []
      : [`last acknowledged ${ago(value.acknowledgedAt, now)}`]),
    ...(next === undefined || next < now ? [] : [`next in ${duration(secondsBetween(now, next))}`]),
  ];
  return line(hop, subject, {
    says,
    findings: findingsOf(limits, value, now),
    facts: {
      running_since: runningSince ?? null,
      last_success: lastSuccess ?? null,
      last_failure: value.lastFailure ?? null,
      next_at: next ?? null,
      acknowledged_at: value.acknowledgedAt ?? null,
    },
  });
}

function findingsOf({ hop, maxAgeSeconds }: SyncLimits, facts: SyncFacts, now: Date): Finding[] {
  const { lastSuccess, lastFailure, runningSince, next } = facts;
  const isOld = lastSuccess === undefined || secondsBetween(lastSuccess.at, now) > maxAgeSeconds;
  const findings: Finding[] = [];
  if (lastFailure !== undefined) {
    findings.push({
      code: 'sync-failed',
      verdict: isOld && lastFailure.isFinal && runningSince === undefined ? 'down' : 'degraded',
      says: `failed ${ago(lastFailure.at, now)}: ${lastFailure.message}`,
      next:
        lastFailure.kind === 'config_error'
          ? 'Change what the message names: retrying cannot help. Then run the sync again.'
          : hop === 'airbyte'
            ? "Read the job's log in Airbyte; the next sync continues from the last acknowledged state."
            : 'Read its log from the first error; the next sync continues from the last acknowledged state.',
    });
  } else if (facts.isFollowing && runningSince === undefined && !facts.isProcessGone) {
    findings.push({
      code: 'sync-late',
      verdict: 'degraded',
      says: `\`--follow\` was stopped${facts.acknowledgedAt === undefined ? '' : `; the last change was acknowledged ${ago(facts.acknowledgedAt, now)}`}`,
      next: 'Start `ewallet-sync run --follow …` again: it continues from its last state. Until then the slot holds back log.',
    });
  } else if (isOld && runningSince === undefined && !facts.isFollowing) {
    findings.push({
      code: lastSuccess === undefined ? 'sync-never-ran' : 'sync-late',
      verdict: 'degraded',
      says:
        lastSuccess === undefined
          ? 'no sync has succeeded yet'
          : `the last success is older than ${duration(maxAgeSeconds)}`,
      next: 'Start a sync, and look at what starts it: cron, the CronJob, or the schedule of the connection.',
    });
  }
  const isOverdue = next !== undefined && secondsBetween(next, now) > START_GRACE_SECONDS;
  if (next !== undefined && runningSince === undefined && (isOverdue || facts.isProcessGone)) {
    findings.push({
      code: 'scheduler-dead',
      verdict: 'down',
      says: `ewallet-sync is gone: nothing starts the sync that ${isOverdue ? `was due ${ago(next, now)}` : `is due in ${duration(secondsBetween(now, next))}`}`,
      next: 'Start `ewallet-sync run --every …` again, and look at why it ended (its log, systemd, out of memory).',
    });
  } else if (facts.isProcessGone && facts.isFollowing) {
    findings.push({
      code: 'scheduler-dead',
      verdict: 'down',
      says: 'ewallet-sync is gone: nothing follows the changes',
      next: 'Start `ewallet-sync run --follow …` again: it continues from its last state. Look at why it ended (its log, systemd, out of memory).',
    });
  } else if (facts.isProcessGone) {
    findings.push({
      code: 'sync-killed',
      verdict: 'degraded',
      says: 'the last sync was killed before its end',
      next: 'Run it again: it continues from the last acknowledged state. If nobody killed it, look for out of memory.',
    });
  }
  return findings;
}

function unanswered(hop: SyncLimits['hop'], reason: string): Finding {
  switch (hop) {
    case 'sync':
      return {
        code: reason.includes('no sync has run') ? 'sync-never-ran' : 'sync-unknown',
        verdict: 'degraded',
        says: reason,
        next: 'Run `ewallet-sync run --once --config …`, or correct `sync.state_directory`.',
      };
    case 'airbyte':
      return {
        code: 'airbyte-down',
        verdict: 'down',
        says: reason,
        next: 'Start Airbyte, or correct `airbyte.url`, `airbyte.connection_id` and its credentials.',
      };
    default:
      return hop satisfies never;
  }
}
