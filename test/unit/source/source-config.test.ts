import { parseSourceConfig } from '../../../source-ewallet/src/config/source-config';

test.each([
  [{ schema: ['public'] }, 'Unknown key `schema`: did you mean `schemas`?'],
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
    { tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', tunnel_host: 'h', tunnel_user: 'u' } },
    '`tunnel_method.ssh_key` is missing.',
  ],
])('configuration with %j is refused', (more, message) => {
  const config = { host: 'h', port: 5432, database: 'd', username: 'u', schemas: ['public'], ...more };
  expect(() => parseSourceConfig(config)).toThrow(message);
});
