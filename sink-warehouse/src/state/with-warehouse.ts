import { connect } from '@ewallet/postgres';
import type { Client } from 'pg';
import type { SinkConfig } from '../config/sink-config';

/** A connection for one job, ended after it. */
export async function withWarehouse<Result>(
  config: Pick<SinkConfig, 'name' | 'warehouse' | 'warehouseTimeoutMs'>,
  job: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(config.warehouse, {
    applicationName: `sink-warehouse ${config.name}`,
    settings: { TimeZone: 'UTC' },
  });
  try {
    return await job(client);
  } finally {
    await client.end();
  }
}
