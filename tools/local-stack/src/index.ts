export { postgresUrl, type PostgresConnection, type StackConnections } from '@ewallet/stack-connections';
export { cacheDirectory, provideJars, type Jars } from './jars';
export { findJava } from './java';
export type { KafkaListener, KafkaOptions } from './kafka';
export type { PostgresOptions } from './postgresql';
export type { Service } from './service';
export { SERVICE_NAMES, type ServiceName } from './service-state';
export { attachStack, stackStatus, startStack, stopStack, type RunningStack, type StackOptions } from './stack';
