import { Failure } from '@ewallet/failure';
import { planAudit, openPair, closePair, type AuditOptions, audit } from './audit';
import type { AuditConfig } from './config/audit-config';
import { planRepair, type Finding, type RepairPlan } from './repair/repair-plan';
import { readReport } from './repair/report-file';

/**
 * What there is to repair, by a report or by an audit of its own.
 *
 * @param report the file of `run --json`; undefined for an audit now
 */
export async function findRepairs(
  config: AuditConfig,
  options: AuditOptions,
  report: string | undefined,
  maxShare: number,
): Promise<RepairPlan> {
  const found = report === undefined ? await auditNow(config, options) : await readReport(report);
  const asked = found.filter(({ stream }) => options.streams.length === 0 || isAsked(stream, options.streams));
  const unknown = options.streams.find((name) => !asked.some(({ stream }) => isAsked(stream, [name])));
  if (unknown !== undefined) throw Failure.config(`The report has no stream ${unknown}.`);
  const keys = await keysOf(config, options, asked);
  return planRepair(
    asked.map((finding) => ({ ...finding, key: keys.get(finding.stream) ?? [] })),
    maxShare,
  );
}

async function auditNow(config: AuditConfig, options: AuditOptions): Promise<readonly Omit<Finding, 'key'>[]> {
  const { streams } = await audit(config, options);
  return streams.map(({ different, ...stream }) => ({ ...stream, different: different.map(({ key }) => key) }));
}

/** The key's columns of each stream, as the audit takes them from the configuration and the source. */
async function keysOf(
  config: AuditConfig,
  options: AuditOptions,
  found: readonly { readonly stream: string }[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (found.length === 0) return new Map();
  const sessions = await openPair(config);
  try {
    const streams = found.map(({ stream }) => stream);
    const { plans } = await planAudit(sessions, config, { ...options, streams });
    return new Map(plans.map(({ stream, key }) => [stream, key]));
  } finally {
    await closePair(sessions);
  }
}

function isAsked(stream: string, names: readonly string[]): boolean {
  return names.some((name) => stream === name || stream.slice(stream.indexOf('.') + 1) === name);
}
