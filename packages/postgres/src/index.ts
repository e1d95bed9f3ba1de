export {
  isPadded,
  resolveColumnType,
  typeLabel,
  wireTypeOf,
  type ColumnType,
  type TypeRow,
  type WireType,
} from './column-type';
export { connect, type ConnectOptions } from './connect';
export {
  parseConnectionConfig,
  parseConnectionUrl,
  parseConnectKeys,
  parseSchemas,
  type ConnectionConfig,
} from './connection-config';
export { quoteIdentifier, quoteLiteral, quoteQualified } from './identifier';
export { fullXid } from './full-xid';
export { formatLsn, laterLsn, parseLsn, type Lsn } from './lsn';
export { durationSetting, exactSettings, type SessionSettings } from './session-settings';
export { failureFromPostgres, isTransientPostgresError, sqlStateOf, type Doing } from './sqlstate';
export { tlsAttempts, type SslMode } from './ssl-mode';
export { streamName } from './stream-name';
export { openTunnel, withTunnel, type OpenTunnel } from './ssh-tunnel';
export { beginTransaction, inTransaction, type TransactionOptions } from './transaction';
export { parseTunnel, type Tunnel } from './tunnel-config';
export { queryTypes } from './type-rows';
