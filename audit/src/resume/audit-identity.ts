import { createHash } from 'node:crypto';
import type { Sample } from '../compare/compare-range';
import type { AuditConfig } from '../config/audit-config';
import type { StreamPlan } from '../tables/stream-plan';

/** What an audit compares, as one short text: progress of one is none of another. */
export function auditIdentity(
  { source, warehouse }: Pick<AuditConfig, 'source' | 'warehouse'>,
  plans: readonly StreamPlan[],
  options: { readonly keysOnly: boolean; readonly sample: Sample | undefined },
): string {
  const server = ({ host, port, database }: AuditConfig['source']): unknown => [host, port, database];
  const { keysOnly, sample } = options;
  const compared = plans.map(({ stream, table, columns, key }) => [stream, table, columns, key]);
  const whole = JSON.stringify([server(source), server(warehouse), compared, keysOnly, sample ?? null]);
  return createHash('sha256').update(whole).digest('hex');
}
