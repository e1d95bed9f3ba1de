import { count } from '@ewallet/failure';
import type { ConnectionConfig } from '@ewallet/postgres';
import type { Probe } from '../probe/probe';
import type { AuditedStream, WarehouseFacts } from '../probe/warehouse';
import { ago, duration, secondsBetween } from './amounts';
import { clockFindings } from './clock';
import { line, type Finding, type Line } from './verdict';

export function judgeWarehouse(connection: ConnectionConfig, asked: Probe<WarehouseFacts>, now: Date): Line {
  const { host, port, database, username } = connection;
  const subject = `${host}:${port}/${database}`;
  if (asked.kind === 'failed') {
    return line('warehouse', subject, {
      says: [],
      findings: [
        {
          code: 'warehouse-down',
          verdict: 'down',
          says: asked.reason,
          next: 'Bring the server, the network or the role back: the sink retries by itself and Kafka keeps the backlog.',
        },
      ],
    });
  }
  const { value } = asked;
  const landed = value.partitions.flatMap(({ landedAt }) => landedAt?.getTime() ?? []);
  const newest = landed.length === 0 ? undefined : new Date(Math.max(...landed));
  const says = [
    count(value.tables.length, 'table'),
    ...(newest === undefined ? [] : [`last landing ${ago(newest, now)}`]),
  ];
  const findings = [...clockFindings(value.clockSkewSeconds), ...schemaFindings(value, username)];
  return line('warehouse', subject, {
    says,
    findings,
    facts: {
      clock_skew_seconds: value.clockSkewSeconds,
      tables: value.tables,
      landed_at: newest ?? null,
    },
  });
}

function schemaFindings({ hasSinkSchema, refused }: WarehouseFacts, username: string): Finding[] {
  if (!hasSinkSchema) {
    return [
      {
        code: 'warehouse-empty',
        verdict: 'degraded',
        says: 'no sink has landed anything here: there is no schema `sink`',
        next: 'Run `sink-warehouse validate`, then `sink-warehouse run`; or correct the database in `connection.url`.',
      },
    ];
  }
  if (refused.length === 0) return [];
  return [
    {
      code: 'warehouse-grants',
      verdict: 'degraded',
      says: `role ${username} may not read ${refused.join(', ')}`,
      next: `grant usage on schema sink to "${username}"; grant select on all tables in schema sink to "${username}";`,
    },
  ];
}

/** The newest audit of each stream. A stream that was audited in part is as old as its last whole audit is unknown. */
export function judgeAudit(maxAgeSeconds: number, asked: Probe<WarehouseFacts>, now: Date): Line {
  if (asked.kind === 'failed') {
    return line('audit', 'sink.audits', {
      says: [],
      findings: [
        {
          code: 'audit-never',
          verdict: 'unknown',
          says: 'the warehouse does not answer',
          next: 'Bring the warehouse back.',
        },
      ],
    });
  }
  const { audits } = asked.value;
  if (audits.length === 0) {
    return line('audit', 'sink.audits', {
      says: [],
      findings: [
        {
          code: 'audit-never',
          verdict: 'degraded',
          says: 'no audit is recorded',
          next: 'Run `ewallet-audit run --config …` with a role that may insert into sink.audits: until then nothing is proven.',
        },
      ],
    });
  }
  const different = audits.filter(({ equal }) => !equal);
  const oldest = [...audits].sort((a, b) => a.finishedAt.getTime() - b.finishedAt.getTime())[0];
  const partial = audits.filter(({ isPartial }) => isPartial).length;
  const says = [
    `${count(audits.length - different.length, 'stream')} of ${audits.length} equal`,
    ...(oldest === undefined ? [] : [`the oldest audit ${ago(oldest.finishedAt, now)}`]),
    ...(partial === 0 ? [] : [`${partial} by keys or a sample only`]),
  ];
  const findings: Finding[] = [
    ...(different.length === 0 ? [] : [differenceFinding(different)]),
    ...(oldest !== undefined && secondsBetween(oldest.finishedAt, now) > maxAgeSeconds
      ? [
          {
            code: 'audit-old',
            verdict: 'degraded',
            says: `the last audit of ${oldest.stream} is older than ${duration(maxAgeSeconds)}`,
            next: 'Run `ewallet-audit run --config …`, and put it on a schedule.',
          } satisfies Finding,
        ]
      : []),
  ];
  return line('audit', 'sink.audits', { says, findings, facts: { streams: audits } });
}

function differenceFinding(different: readonly AuditedStream[]): Finding {
  const named = different.map(({ stream, findings }) => `${stream} (${count(findings, 'row')})`);
  return {
    code: 'audit-different',
    verdict: 'degraded',
    says: `the warehouse differs from the e-wallet: ${named.join(', ')}`,
    next: 'Run `ewallet-audit run --stream …`: it names each row. docs/audit.md tells what missing, extra and different mean.',
  };
}
