import { count } from '@ewallet/failure';
import type { DbtFacts } from '../probe/dbt';
import type { Probe } from '../probe/probe';
import { ago, duration, secondsBetween } from './amounts';
import { line, type Finding, type Line } from './verdict';

const NAMES_SHOWN = 3;

export function judgeDbt(target: string, maxAgeSeconds: number, asked: Probe<DbtFacts>, now: Date): Line {
  if (asked.kind === 'failed') {
    return line('dbt', target, {
      says: [],
      findings: [
        {
          code: 'dbt-unknown',
          verdict: 'degraded',
          says: asked.reason,
          next: 'Run `npm run dbt -- build`, or correct `dbt.target`: the target directory of the project that runs.',
        },
      ],
    });
  }
  const { ranAt, command, passed, warned, failed, stale } = asked.value;
  const says = [
    `last ${command} ${ago(ranAt, now)}: ${passed} passed, ${warned} warned, ${failed.length} failed`,
    ...(stale === undefined ? [] : [`${count(stale.length, 'source')} late`]),
  ];
  const findings: Finding[] = [
    ...(failed.length === 0
      ? []
      : [
          {
            code: 'dbt-failed',
            verdict: 'degraded',
            says: `failed: ${named(failed)}`,
            next: 'Read the failing rows (`dbt test --select … --store-failures`); marts keep their last state until the run passes.',
          } satisfies Finding,
        ]),
    ...(secondsBetween(ranAt, now) <= maxAgeSeconds
      ? []
      : [
          {
            code: 'dbt-late',
            verdict: 'degraded',
            says: `the last run is older than ${duration(maxAgeSeconds)}`,
            next: 'Start it, and look at what starts it: marts show what was there at the last run.',
          } satisfies Finding,
        ]),
    ...(stale === undefined || stale.length === 0
      ? []
      : [
          {
            code: 'dbt-stale',
            verdict: 'degraded',
            says: `late sources: ${named(stale)}`,
            next: 'Look at the lines of sync and sink: new rows do not reach raw.',
          } satisfies Finding,
        ]),
  ];
  return line('dbt', target, { says, findings, facts: { ...asked.value } });
}

function named(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return `${names.slice(0, NAMES_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
