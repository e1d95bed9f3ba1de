import type { PostgresConnection } from '@ewallet/local-stack';
import { createServer } from 'node:net';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import type { RunningServices } from './service-provider';

/*
 * Services from containers, for machines with a container engine. The project's own machines have none: there the long suite
 * runs this on podman, with stand-in images. The versions are those that local-stack runs.
 */

const USER = 'ewallet';

/** Starts the four containers in parallel. Testcontainers' reaper removes them should this process be killed. */
export async function startContainers(): Promise<RunningServices> {
  const started = await Promise.allSettled([
    startPostgres('wallet'),
    startPostgres('warehouse'),
    startKafka(),
    startRegistry(),
  ] as const);
  const containers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map(async ({ container }) => container.stop()));
  };
  const [source, warehouse, kafka, registry] = started;
  if (
    source.status === 'rejected' ||
    warehouse.status === 'rejected' ||
    kafka.status === 'rejected' ||
    registry.status === 'rejected'
  ) {
    await stop();
    throw started.find((result) => result.status === 'rejected')?.reason;
  }
  return {
    connections: {
      source: source.value.connection,
      warehouse: warehouse.value.connection,
      kafka: { bootstrapServers: kafka.value.bootstrapServers },
      schemaRegistry: { url: registry.value.url },
    },
    stop,
  };
}

async function startPostgres(
  database: string,
): Promise<{ container: StartedTestContainer; connection: PostgresConnection }> {
  const container = await new GenericContainer('postgres:18')
    .withEnvironment({ POSTGRES_USER: USER, POSTGRES_PASSWORD: USER, POSTGRES_DB: database })
    .withCommand([
      'postgres',
      '-c',
      'max_connections=300',
      '-c',
      'max_prepared_transactions=64',
      '-c',
      'wal_level=logical',
      '-c',
      'max_replication_slots=64',
      '-c',
      'max_wal_senders=64',
    ])
    .withExposedPorts(5432)
    // The image's entry point starts the server twice: the first one only creates the database.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  const connection = {
    host: container.getHost(),
    port: container.getMappedPort(5432),
    database,
    username: USER,
    password: USER,
  };
  return { container, connection };
}

/** The broker tells clients its address, so the port outside is fixed before it starts. */
async function startKafka(): Promise<{ container: StartedTestContainer; bootstrapServers: string }> {
  const port = await freePort();
  const container = await new GenericContainer('apache/kafka:4.1.0')
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return { container, bootstrapServers: `localhost:${port}` };
}

async function startRegistry(): Promise<{ container: StartedTestContainer; url: string }> {
  const container = await new GenericContainer('apicurio/apicurio-registry-mem:2.6.13.Final')
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', 8080))
    .start();
  return { container, url: `http://${container.getHost()}:${container.getMappedPort(8080)}/apis/ccompat/v7` };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port was given'));
        else resolve(address.port);
      });
    });
  });
}
