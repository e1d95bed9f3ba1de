import type { PostgresConnection, StackConnections } from '@ewallet/local-stack';

type Configuration = Readonly<Record<string, unknown>>;

/** The source's, for all tables of a database on the stack; `more` adds settings and overrides these. */
export function sourceConfig(database: PostgresConnection, more: Configuration = {}): Record<string, unknown> {
  const { host, port, database: name, username, password } = database;
  const ssl_mode = { mode: 'disable' };
  return { host, port, database: name, username, password, schemas: ['public'], ssl_mode, ...more };
}

/** The destination's, into topics of the stack that are named by the pattern. */
export function destinationConfig(stack: StackConnections, topicPattern: string): Record<string, unknown> {
  return {
    bootstrap_servers: stack.kafka.bootstrapServers,
    topic_pattern: topicPattern,
    protocol: { security_protocol: 'PLAINTEXT' },
    schema_registry: { url: stack.schemaRegistry.url },
  };
}

/** The sink's, from the topics `<name>.*` into tables that it makes itself; `more` adds settings and overrides these. */
export function sinkConfig(
  stack: StackConnections,
  warehouse: { readonly url: string },
  name: string,
  more: Configuration = {},
): Record<string, unknown> {
  return {
    name,
    'topics.regex': `${name}\\..*`,
    'consumer.override.bootstrap.servers': stack.kafka.bootstrapServers,
    'connection.url': warehouse.url,
    'value.converter.schema.registry.url': stack.schemaRegistry.url,
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'auto.create': true,
    'auto.evolve': true,
    'rest.port': 0,
    ...more,
  };
}

/** How dbt and the dashboards are told where the warehouse is. */
export function warehouseEnvironment(warehouse: PostgresConnection): Record<string, string> {
  return {
    EWALLET_WAREHOUSE_HOST: warehouse.host,
    EWALLET_WAREHOUSE_PORT: String(warehouse.port),
    EWALLET_WAREHOUSE_DATABASE: warehouse.database,
    EWALLET_WAREHOUSE_USER: warehouse.username,
    EWALLET_WAREHOUSE_PASSWORD: warehouse.password,
  };
}
