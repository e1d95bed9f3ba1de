import { Failure } from '@ewallet/failure';
import type { SyncConfig } from './config';
import { connectorSettings } from './connector-settings';

/** Whether the source's configuration says that it captures changes. */
export async function capturesChanges({ source }: SyncConfig): Promise<boolean> {
  const settings = await connectorSettings(source);
  const { replication_method: method } = (settings ?? {}) as { readonly replication_method?: unknown };
  return typeof method === 'object' && method !== null && 'method' in method && method.method === 'CDC';
}

/** @throws Failure where deletions are to be searched for that the source sees itself */
export async function refuseUselessSearch(config: SyncConfig): Promise<void> {
  if (config.deletions.schedule.kind === 'off' || !(await capturesChanges(config))) return;
  throw Failure.config(
    '`detect_deletes` has no use with replication_method CDC, which gives each deletion itself: leave it out. ' +
      'Rows that an earlier lost slot left behind are found by `ewallet-audit run --keys` and healed by `ewallet-audit repair`.',
  );
}
