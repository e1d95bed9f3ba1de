import { Failure } from '@ewallet/failure';

/** One PostgreSQL server, as `local-stack up --json` prints it. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/** What `local-stack up --json` prints. */
export interface Connections {
  readonly source: PostgresServer;
  readonly warehouse: PostgresServer;
  readonly kafka: { readonly bootstrapServers: string };
  readonly schemaRegistry: { readonly url: string };
}

export function parseConnections(line: string): Connections {
  try {
    const parsed = JSON.parse(line) as Partial<Connections>;
    if (parsed.source && parsed.warehouse && parsed.kafka && parsed.schemaRegistry) return parsed as Connections;
  } catch {
    // Falls through to the one message for both.
  }
  throw Failure.system('local-stack printed no connections; run "local-stack up --json" by hand to see why');
}

export function postgresUrl(server: PostgresServer): string {
  const credentials = `${encodeURIComponent(server.username)}:${encodeURIComponent(server.password)}`;
  return `postgresql://${credentials}@${server.host}:${server.port}/${encodeURIComponent(server.database)}`;
}
