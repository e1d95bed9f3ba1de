import { Failure } from '@ewallet/failure';
import type { Client } from 'pg';

const ATTEMPTS = 3;
/** A pooler in session mode lets a second client wait while all its servers are taken. */
const PATIENCE_MS = 5000;

/**
 * Refuses a pooler that lends a server for one transaction or one statement only (PgBouncer's `pool_mode=transaction`):
 * rows are copied into temporary tables that outlive a transaction, and the next transaction may be on another server, or
 * find the temporary tables of another session. Without a pooler this costs one query.
 *
 * @param client connected, in no transaction
 * @param open a second connection by the same way
 * @throws Failure config_error naming the pooler's mode
 */
export async function refuseLentServers(client: Client, open: () => Promise<Client>): Promise<void> {
  const server = await serverOf(client);
  // A pooler invents the number that it gives its client to cancel queries with; PostgreSQL's own is the process.
  if (server === (client as unknown as { processID: number | null }).processID) return;
  const other = await open();
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await other.query({ text: 'begin', query_timeout: PATIENCE_MS } as { text: string });
      // While both are connected, a server that both are given is lent, not theirs.
      if ((await serverOf(other)) === server || (await serverOf(client)) !== server) throw lentServer();
      await other.query('commit');
    }
  } catch (error) {
    if (error instanceof Error && error.message.includes('statement pooling mode')) throw lentServer();
    if (error instanceof Error && error.message === 'Query read timeout') return;
    throw error;
  } finally {
    (other as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

async function serverOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
  return rows[0]?.pid ?? -1;
}

function lentServer(): Failure {
  return Failure.config(
    'connection.url leads to a pooler that lends its servers for one transaction at a time (PgBouncer with pool_mode=transaction or statement), and the sink keeps temporary tables from one transaction to the next. ' +
      'Connect to PostgreSQL itself, or to a pool with pool_mode=session for this user or database. Nothing was read or written.',
  );
}
