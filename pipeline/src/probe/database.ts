import { connect, failureFromPostgres, type ConnectionConfig } from '@ewallet/postgres';
import type { Client } from 'pg';

/**
 * Runs `job` on a read-only connection.
 *
 * @param limitMs milliseconds for connecting, and for each statement
 */
export async function withDatabase<T>(
  config: ConnectionConfig,
  limitMs: number,
  over: AbortSignal,
  job: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(config, {
    applicationName: 'ewallet-pipeline',
    retries: 0,
    connectTimeout: limitMs,
    statementTimeout: limitMs,
    settings: { default_transaction_read_only: 'on', TimeZone: 'UTC' },
  });
  const letGo = (): void => {
    client.connection.stream.destroy();
  };
  over.addEventListener('abort', letGo);
  try {
    if (over.aborted) letGo();
    return await job(client);
  } catch (error) {
    throw failureFromPostgres(error, {
      what: `A query of ${config.host}:${config.port}/${config.database} failed`,
      role: config.username,
    });
  } finally {
    over.removeEventListener('abort', letGo);
    client.end().catch(() => undefined);
  }
}

/** Seconds that the server's clock is before ours; half of the way there and back is taken off. */
export async function clockSkew(client: Client): Promise<number> {
  const before = Date.now();
  const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now');
  const middle = (before + Date.now()) / 2;
  return ((rows[0]?.now.getTime() ?? middle) - middle) / 1_000;
}
