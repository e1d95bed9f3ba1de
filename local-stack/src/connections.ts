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
