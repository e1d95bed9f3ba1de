import { Failure } from '@ewallet/failure';

/** Where one PostgreSQL server of the stack is reached. */
export interface PostgresConnection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/** What `local-stack up --json` prints: everything a client needs, and nothing else. */
export interface StackConnections {
  readonly source: PostgresConnection;
  readonly warehouse: PostgresConnection;
  readonly kafka: { readonly bootstrapServers: string };
  readonly schemaRegistry: { readonly url: string };
}

/** A connection as a URL, with user and password percent-encoded. */
export function postgresUrl(server: PostgresConnection): string {
  const credentials = `${encodeURIComponent(server.username)}:${encodeURIComponent(server.password)}`;
  return `postgresql://${credentials}@${server.host}:${server.port}/${encodeURIComponent(server.database)}`;
}

/**
 * The line `local-stack up --json` printed.
 *
 * @throws Failure (system) where it names no services
 */
export function parseConnections(line: string): StackConnections {
  try {
    const parsed = JSON.parse(line) as Partial<StackConnections>;
    if (parsed.source && parsed.warehouse && parsed.kafka && parsed.schemaRegistry) return parsed as StackConnections;
  } catch {
    // Falls through to the one message for both.
  }
  throw Failure.system('local-stack printed no connections; run "local-stack up --json" by hand to see why');
}
