import { parseSourceConfig } from '../../../source-ewallet/src/config/source-config';

test.each([
  [{ schema: ['public'] }, 'Unknown key `schema`: did you mean `schemas`?'],
  [{ schemas: ['public', ''] }, '`schemas` must be a list of at least one schema name.'],
  [{ port: '5432x' }, '`port` must be a whole number from 1 to 65535.'],
  [{ ssl_mode: { mode: 'require', client_key: 5 } }, '`ssl_mode.client_key` must be text.'],
  [{ checkpoint_rows: 0 }, '`checkpoint_rows` must be a whole number of at least 1.'],
  [
    { replication_method: { method: 'Wal' } },
    '`replication_method.method` must be one of Lossless, CDC, Window, Cursor.',
  ],
  [{ replication_method: { method: 'CDC' } }, '`replication_method.replication_slot` is missing.'],
  [
    { replication_method: { method: 'CDC', replication_slot: 'My-slot', publication: 'p' } },
    '`replication_method.replication_slot` may have lower-case letters, digits and underscores, 63 at most.',
  ],
  [
    {
      replication_method: {
        method: 'CDC',
        replication_slot: 's',
        publication: 'p',
        lsn_commit_behaviour: 'While reading Data',
      },
    },
    '`replication_method.lsn_commit_behaviour` "While reading Data" loses changes when the destination fails: ' +
      'choose "After loading Data in the destination".',
  ],
  [
    { replication_method: { method: 'CDC', replication_slot: 's', publication: 'p', on_truncat: 'ignore' } },
    'Unknown key `replication_method.on_truncat`: did you mean `replication_method.on_truncate`?',
  ],
  [
    { replication_method: { method: 'Window', look_back: 5 } },
    'Unknown key `replication_method.look_back`: did you mean `replication_method.look_back_seconds`?',
  ],
  [
    { replication_method: { method: 'Window', look_back_seconds: -1 } },
    '`replication_method.look_back_seconds` must be a whole number of at least 0.',
  ],
  [
    { tunnel_method: { tunnel_prt: 22 } },
    'Unknown key `tunnel_method.tunnel_prt`: did you mean `tunnel_method.tunnel_port`?',
  ],
  [
    { tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', tunnel_host: 'h', tunnel_user: 'u', tunnel_port: 0 } },
    '`tunnel_method.tunnel_port` must be a whole number from 1 to 65535.',
  ],
  [
    { tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', tunnel_host: 'h', tunnel_user: 'u' } },
    '`tunnel_method.ssh_key` is missing.',
  ],
])('configuration with %j is refused', (more, message) => {
  const config = { host: 'h', port: 5432, database: 'd', username: 'u', schemas: ['public'], ...more };
  expect(() => parseSourceConfig(config)).toThrow(message);
});

test('a number may come as text and an empty field as null or an empty text, as Airbyte’s forms send them', () => {
  const config = { host: 'h', port: '5433', database: 'd', username: 'u', password: '', ssl_mode: 'require' };
  const more = {
    tunnel_method: null,
    checkpoint_rows: '500',
    recovery_look_back_seconds: '',
    schemas: ['b', 'a', 'b'],
  };
  expect(parseSourceConfig({ ...config, ...more })).toEqual({
    connection: {
      host: 'h',
      port: 5433,
      database: 'd',
      username: 'u',
      password: undefined,
      ssl: { mode: 'require', clientCertificate: undefined, clientKey: undefined, clientKeyPassword: undefined },
    },
    schemas: ['b', 'a'],
    tunnel: { kind: 'none' },
    method: { kind: 'lossless' },
    recoveryLookBackSeconds: undefined,
    checkpointRows: 500,
    checkpointSeconds: 30,
    connectTimeoutSeconds: 10,
    statementTimeoutSeconds: 0,
  });
});
