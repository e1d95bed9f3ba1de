import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PostgresConnection } from '@ewallet/local-stack';
import { runCommand } from '../command';
import { sourceConfig } from '../configurations';
import type { FreshDatabase } from '../fresh-database';

export interface StreamAudit {
  readonly stream: string;
  readonly rows: number;
  readonly missing: readonly unknown[];
  readonly extra: readonly unknown[];
  readonly different: readonly {
    readonly key: unknown;
    readonly columns: readonly string[];
    readonly values?: unknown;
  }[];
  readonly in_flight: number;
  readonly nulled?: number;
  readonly not_compared?: readonly string[];
}

export interface AuditRun {
  readonly code: number | null;
  readonly streams: readonly StreamAudit[];
  readonly equal: boolean | undefined;
  readonly notLanded: readonly string[];
  readonly stderr: string;
}

export interface AuditPlace {
  readonly directory: string;
  readonly wallet: PostgresConnection;
  readonly warehouse: FreshDatabase;
  /** The e-wallet's schemas; absent for `public`. */
  readonly schemas?: readonly string[];
}

/** The smallest configuration, and `more`, for an audit of a whole database. */
export function auditConfig(place: AuditPlace, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    source: sourceConfig(place.wallet, { schemas: place.schemas ?? ['public'] }),
    warehouse: { 'connection.url': place.warehouse.url, 'table.name.format': 'raw.${stream}' },
    ...more,
  };
}

/** Runs the built command with `--json`. Settled at once unless the configuration says otherwise: nothing is running. */
export async function runAudit(
  place: AuditPlace,
  args: readonly string[] = [],
  more: Readonly<Record<string, unknown>> = {},
): Promise<AuditRun> {
  const file = path.join(place.directory, 'audit.json');
  await writeFile(file, JSON.stringify(auditConfig(place, { settle_seconds: 0, ...more })));
  const run = await runCommand('ewallet-audit', ['run', '--config', file, '--json', ...args], { timeoutMs: 600_000 });
  const report = run.stdout === '' ? {} : (JSON.parse(run.stdout) as Record<string, unknown>);
  return {
    code: run.code,
    streams: (report.streams ?? []) as StreamAudit[],
    equal: report.equal as boolean | undefined,
    notLanded: (report.not_landed ?? []) as string[],
    stderr: run.stderr,
  };
}
