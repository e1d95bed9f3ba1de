export { resolveColumnType, type ColumnType, type TypeRow } from './column-type';
export { connect, type ConnectOptions } from './connect';
export { parseConnectionConfig, parseConnectionUrl, parseSslMode, type ConnectionConfig } from './connection-config';
export { quoteIdentifier, quoteLiteral, quoteQualified } from './identifier';
export { failureFromPostgres, isTransientPostgresError, sqlStateOf, type Doing } from './sqlstate';
export { tlsAttempts, type SslMode } from './ssl-mode';
export { queryTypes } from './type-rows';
