import { Failure } from '@ewallet/failure';
import type { Client, QueryResult } from 'pg';

/**
 * Refuses Pgpool-II where it may send one statement of a transaction to the primary and the next to a standby: each would
 * see another moment, and the settings and locks of the first would not hold for the second.
 *
 * @throws Failure that names it, with the remedy
 */
export async function refuseLoadBalancer(client: Client): Promise<void> {
  if (await isDirect(client)) return;
  const version = await ask(client, 'show pool_version');
  if (version === undefined) return;
  const nodes = await ask(client, 'show pool_nodes');
  const mode = await ask(client, 'pgpool show load_balance_mode');
  if (nodes === undefined || nodes.rows.length < 2 || textOf(mode, 'load_balance_mode') === 'off') return;
  throw Failure.config(
    `Pgpool-II ${textOf(version, 'pool_version') ?? ''} stands between with ${nodes.rows.length} servers and load_balance_mode = on: ` +
      'it sends statements of one transaction to different servers, which see different rows. ' +
      'Set load_balance_mode = off in a Pgpool-II of its own for this pipeline, or connect to PostgreSQL itself.',
  );
}

/** Whether the server sees this process's own end of the connection. If not, an address translation or a pooler stands between. */
async function isDirect(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ port: number | null }>('select pg_catalog.inet_client_port() as port');
  const { localPort } = client.connection.stream as unknown as { readonly localPort?: number };
  return (rows[0]?.port ?? undefined) === localPort;
}

/** Pgpool-II answers these itself; undefined from PostgreSQL, which knows no such parameter. */
async function ask(client: Client, question: string): Promise<QueryResult<Record<string, unknown>> | undefined> {
  return client.query<Record<string, unknown>>(question).catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'code' in error && NOT_KNOWN.has(String(error.code)))
      return undefined;
    throw error;
  });
}

/** undefined_object for a parameter, syntax_error for a command. */
const NOT_KNOWN: ReadonlySet<string> = new Set(['42704', '42601']);

function textOf(result: QueryResult<Record<string, unknown>> | undefined, column: string): string | undefined {
  const value = result?.rows[0]?.[column];
  return typeof value === 'string' ? value : undefined;
}
