export { cacheDirectory, findJava, type Service } from '@ewallet/child-services';
export { postgresUrl, type PostgresConnection, type StackConnections } from '@ewallet/stack-connections';
export { provideJars, type Jars } from './jars';
export type { KafkaListener, KafkaOptions } from './kafka';
export type { PostgresOptions } from './postgresql';
export { parsePostgresVersion, type PostgresVersion } from './postgresql-binaries';
export { SERVICE_NAMES, type ServiceName } from './service-state';
export { attachStack, stackStatus, startStack, stopStack } from './stack';
export type { RunningStack, StackOptions } from './stack-options';
