import { connect, type ConnectionConfig, type ConnectOptions } from '@ewallet/postgres';
import type { Client } from 'pg';
import { searchCatalogFirst } from './catalog-first';

/** What a connection needs to know: the connector's name shows in `pg_stat_activity`. */
interface Warehouse {
  readonly name: string;
  readonly warehouse: ConnectionConfig;
}

/** A connection whose names mean PostgreSQL's own, whatever the role's settings are. Who opens it ends it. */
export async function openWarehouse(config: Warehouse, options: Partial<ConnectOptions> = {}): Promise<Client> {
  const client = await connect(config.warehouse, {
    applicationName: `sink-warehouse ${config.name}`,
    // The role's own limit is made for queries of people; reconcile reads whole tables.
    statementTimeout: 0,
    oneServer: true,
    ...options,
    settings: { TimeZone: 'UTC', ...options.settings },
  });
  try {
    await searchCatalogFirst(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
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
