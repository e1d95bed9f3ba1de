import { ConfigReader } from '@ewallet/failure';
import {
  failureFromPostgres,
  parseConnectionConfig,
  parseConnectionUrl,
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
  tlsAttempts,
} from '@ewallet/postgres';

test('any name is quoted so that it stays one identifier', () => {
  expect(quoteIdentifier('a"; drop table users; --')).toBe('"a""; drop table users; --"');
  expect(quoteQualified('odd.schema', 'select')).toBe('"odd.schema"."select"');
  expect(() => quoteIdentifier('')).toThrow('PostgreSQL has no identifier ""');
  expect(() => quoteIdentifier('a\0b')).toThrow('NUL');
});

test('a literal holds quotes and backslashes whatever standard_conforming_strings says', () => {
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("\\'; drop")).toBe(" E'\\\\''; drop'");
});

test('a connection URL is taken apart; a wrong one is refused without being shown', () => {
  expect(parseConnectionUrl('jdbc:postgresql://us%40er:p%3Aw@h:5433/db?sslmode=require')).toEqual({
    host: 'h',
    port: 5433,
    database: 'db',
    username: 'us@er',
    password: 'p:w',
    ssl: { mode: 'require', clientCertificate: undefined, clientKey: undefined, clientKeyPassword: undefined },
  });
  expect(() => parseConnectionUrl('mysql://u:secret@h/db')).toThrow(/^(?!.*secret)The connection URL must look like/);
});

test.each([
  [{ host: 'h', port: 0, database: 'd', username: 'u' }, '`port` must be a whole number from 1 to 65535.'],
  [{ port: 1, database: 'd', username: 'u' }, '`host` is missing.'],
  [
    { host: 'h', database: 'd', username: 'u', ssl_mode: { mode: 'on' } },
    '`ssl_mode.mode` must be one of disable, allow, prefer, require, verify-ca, verify-full.',
  ],
])('connection %j is refused', (config, message) => {
  expect(() => parseConnectionConfig(new ConfigReader(config, ''))).toThrow(message);
});

test('allow and prefer try both ways, the others one', () => {
  expect(tlsAttempts({ mode: 'allow' }, 'h').map((one) => one !== false)).toEqual([false, true]);
  expect(tlsAttempts({ mode: 'prefer' }, 'h').map((one) => one !== false)).toEqual([true, false]);
  expect(tlsAttempts({ mode: 'disable' }, 'h')).toEqual([false]);
});

test.each([
  ['28P01', 'config_error', 'Check `username` and `password`.'],
  ['42501', 'config_error', 'Grant the missing privilege to reader.'],
  ['40001', 'transient_error', 'Transactions collided; the next attempt can succeed.'],
  [
    '53100',
    'transient_error',
    'The server’s disk is full: free space where its data, its write-ahead log or the named tablespace is, or enlarge it.',
  ],
  ['53200', 'transient_error', 'The server is out of disk, memory or connections: free some.'],
  [
    '53300',
    'transient_error',
    'No connection is left: raise max_connections or the limit of the role or database (ALTER ROLE … CONNECTION LIMIT), or end idle sessions.',
  ],
  ['08P01', 'transient_error', 'The connection failed; the next attempt can succeed.'],
  ['57P01', 'transient_error', 'The server is stopping, starting or was told to end the session.'],
  ['XX000', 'system_error', 'This is unexpected: see the server’s log.'],
])('SQLSTATE %s is a %s', (code, kind, remedy) => {
  const failure = failureFromPostgres(Object.assign(new Error('server text'), { code }), {
    what: 'Could not read',
    role: 'reader',
  });
  expect([failure.kind, failure.message]).toEqual([kind, `Could not read: server text. ${remedy}`]);
});

test('the server’s words about a value are never repeated', () => {
  const error = Object.assign(new Error('invalid input syntax for type integer: "4111 1111"'), { code: '22P02' });
  const failure = failureFromPostgres(error, { what: 'Could not write' });
  expect(failure.message + (failure.detail ?? '')).not.toContain('4111');
});
