import { connect, type ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';

/** What a connection needs to know: the connector's name shows in `pg_stat_activity`. */
interface Warehouse {
  readonly name: string;
  readonly warehouse: ConnectionConfig;
}

/** A connection for something that is done once. Who opens it ends it. */
export async function openWarehouse(config: Warehouse): Promise<Client> {
  return connect(config.warehouse, {
    applicationName: `sink-warehouse ${config.name}`,
    settings: { TimeZone: 'UTC' },
  });
}

/** A connection for one job, ended after it. */
export async function withWarehouse<Result>(
  config: Warehouse,
  job: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await openWarehouse(config);
  try {
    return await job(client);
  } finally {
    await client.end();
  }
}
