import { withTunnel } from '@ewallet/postgres';
import { readAuditConfig, type AuditConfig } from './audit-config';

/** As long as the source waits for an SSH server. */
const TUNNEL_SECONDS = 10;

/**
 * Runs `work` with a configuration whose source can be reached: through its SSH tunnel, where it has one.
 *
 * @throws Failure as readAuditConfig does, and where the SSH server cannot be used
 */
export async function withAuditConfig<T>(file: string, work: (config: AuditConfig) => Promise<T>): Promise<T> {
  const config = await readAuditConfig(file);
  return withTunnel(config.tunnel, config.source, TUNNEL_SECONDS, (source) => work({ ...config, source }));
}
