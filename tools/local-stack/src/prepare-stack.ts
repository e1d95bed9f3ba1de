import { findJava, type Launch } from '@ewallet/child-services';
import type { PostgresConnection, StackConnections } from '@ewallet/stack-connections';
import path from 'node:path';
import { provideJars } from './jars';
import { prepareKafka, probeKafka } from './kafka';
import { POSTGRES_PASSWORD, POSTGRES_USER, preparePostgres, probePostgres } from './postgresql';
import { prepareSchemaRegistry, probeSchemaRegistry } from './schema-registry';
import type { ServiceName } from './service-state';
import type { StackOptions } from './stack-options';
import { portOf, type StackPorts } from './stack-ports';

export function postgresConnection(port: number, database: string): PostgresConnection {
  return { host: '127.0.0.1', port, database, username: POSTGRES_USER, password: POSTGRES_PASSWORD };
}

interface StackToPrepare {
  readonly connections: StackConnections;
  readonly ports: StackPorts;
  readonly options: StackOptions;
}

/** Prepares what is wanted in parallel: two initdb and the broker's format take seconds each. */
export async function prepare(
  dir: string,
  wanted: readonly ServiceName[],
  { connections, ports, options }: StackToPrepare,
): Promise<readonly (readonly [ServiceName, Launch])[]> {
  const needsJava = wanted.includes('kafka') || wanted.includes('schemaRegistry');
  const java = needsJava ? await findJava() : '';
  const jars = needsJava ? await provideJars(options.say ?? (() => undefined)) : undefined;
  const siblings = new AbortController();
  const launch = async (name: ServiceName): Promise<Launch> => {
    const folder = path.join(dir, name);
    switch (name) {
      case 'source':
      case 'warehouse':
        return preparePostgres(folder, connections[name], options[name] ?? {}, siblings.signal);
      case 'kafka':
        return prepareKafka(folder, ports.kafka, options.kafka ?? {}, {
          java,
          classpath: jars?.kafkaClasspath ?? '',
          signal: siblings.signal,
        });
      case 'schemaRegistry':
        return prepareSchemaRegistry(folder, ports.schemaRegistry, { java, jar: jars?.registryJar ?? '' });
    }
  };
  // Nothing of a failed start may keep writing into the directory, so the others are ended and waited for.
  const prepared = await Promise.allSettled(
    wanted.map(async (name) => {
      try {
        return [name, await launch(name)] as const;
      } catch (error) {
        siblings.abort(error);
        throw error;
      }
    }),
  );
  siblings.signal.throwIfAborted(); // With the first failure, not with those that it caused.
  return prepared.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

export function prober(name: ServiceName, connections: StackConnections): () => Promise<void> {
  switch (name) {
    case 'source':
    case 'warehouse':
      return async () => probePostgres(connections[name]);
    case 'kafka':
      return async () => probeKafka(portOf(connections.kafka.bootstrapServers) ?? 0);
    case 'schemaRegistry':
      return async () => probeSchemaRegistry(connections.schemaRegistry.url);
  }
}
