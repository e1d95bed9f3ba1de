import { startStack, type RunningStack } from '@ewallet/local-stack';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CertificateAuthority, type Pair } from '../../support/certificates';
import { commandPath } from '../../support/command';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import {
  INNER_HOST,
  SSH_PASSPHRASE,
  SSH_PASSWORD,
  SSH_USER,
  sshServerIsAvailable,
  startSshServer,
  type SshServer,
} from '../../support/source/ssh-server';
import { configuredCatalog, records, runWalletSource } from '../../support/source/wallet-source';

jest.setTimeout(60_000);

let dir: string;
let stack: RunningStack;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let client: Pair;
let outsider: Pair;
let ssh: SshServer | undefined;

/** `certified` is let in by its client certificate alone, `careful` by its password over TLS alone. */
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-source-connections-'));
  await chmod(dir, 0o711); // sshd's user and PostgreSQL's, when this runs as root, have to get to their files
  authority = await CertificateAuthority.create(await mkdtemp(path.join(dir, 'ca-')));
  stranger = await CertificateAuthority.create(await mkdtemp(path.join(dir, 'stranger-')));
  const server = await authority.issue('server', `DNS:localhost,DNS:${INNER_HOST}`);
  client = await authority.issue('certified');
  outsider = await stranger.issue('certified');
  stack = await startStack({
    dir: path.join(dir, 'stack'),
    only: ['source'],
    source: {
      settings: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key', ssl_ca_file: 'ca.crt' },
      files: { 'server.crt': server.certificate, 'server.key': server.key, 'ca.crt': authority.certificate },
      hba: ['hostssl all certified 127.0.0.1/32 cert', 'hostnossl all certified,careful 127.0.0.1/32 reject'],
    },
  });
  const admin = await connectedTo(stack.connections.source);
  try {
    await admin.query(`
      create table payments (id int primary key, amount numeric(20,2));
      insert into payments values (1, 0.10), (2, 12345678901234567.89);
      create role certified login;
      create role careful login password 'a-database-secret';
      grant select on payments to certified, careful;`);
  } finally {
    await admin.end();
  }
  if (sshServerIsAvailable()) ssh = await startSshServer(await mkdtemp(path.join(dir, 'ssh-')));
});

afterAll(async () => {
  await ssh?.stop();
  await stack.stop();
  await rm(dir, { recursive: true, force: true });
});

const configOf = (ssl: Record<string, unknown>, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  host: 'localhost',
  port: stack.connections.source.port,
  database: 'wallet',
  username: 'careful',
  password: 'a-database-secret',
  ssl_mode: ssl,
  ...more,
});

async function checked(config: Record<string, unknown>): Promise<unknown> {
  const { code, messages } = await runWalletSource('check', config);
  return { code, ...messages.find(({ connectionStatus }) => connectionStatus !== undefined)?.connectionStatus };
}

const succeeded = { code: 0, status: 'SUCCEEDED' };
const failed = (message: string): unknown => ({ code: 0, status: 'FAILED', message });
const couldNot = (host = 'localhost', role = 'careful'): string =>
  `Could not connect to ${host}:${stack.connections.source.port}/wallet as ${role}`;

describe('TLS', () => {
  test.each(['allow', 'prefer', 'require'])('%s: a server that demands TLS is reached', async (mode) => {
    expect(await checked(configOf({ mode }))).toEqual(succeeded);
  });

  test('disable: a server that demands TLS refuses, and the remedy is named', async () => {
    expect(await checked(configOf({ mode: 'disable' }))).toEqual(
      failed(
        `${couldNot()}: pg_hba.conf rejects connection for host "127.0.0.1", user "careful", database "wallet", no encryption. ` +
          'Add a line for this user, database and address to pg_hba.conf, or use the `ssl_mode` that an existing line asks for.',
      ),
    );
  });

  test('verify-ca and verify-full: the authority that issued the certificate is trusted', async () => {
    const ca_certificate = authority.certificate;
    expect(await checked(configOf({ mode: 'verify-ca', ca_certificate }))).toEqual(succeeded);
    expect(await checked(configOf({ mode: 'verify-full', ca_certificate }))).toEqual(succeeded);
  });

  test.each(['verify-ca', 'verify-full'])('%s: another authority, or none, is refused', async (mode) => {
    const refused = (text: string): unknown =>
      failed(
        `${couldNot()}: ${text}. The server’s certificate is not trusted: put the issuer’s PEM into \`ssl_mode.ca_certificate\`.`,
      );
    const wrong = await checked(configOf({ mode, ca_certificate: stranger.certificate }));
    expect(wrong).toEqual(refused('self-signed certificate in certificate chain'));
    expect(await checked(configOf({ mode }))).toEqual(refused('self-signed certificate in certificate chain'));
  });

  test('a name that the certificate does not carry is refused by verify-full and let pass by verify-ca', async () => {
    const ca_certificate = authority.certificate;
    const host = '127.0.0.1';
    expect(await checked(configOf({ mode: 'verify-ca', ca_certificate }, { host }))).toEqual(succeeded);
    expect(await checked(configOf({ mode: 'verify-full', ca_certificate }, { host }))).toEqual(
      failed(
        `${couldNot(host)}: Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: . ` +
          'The server’s certificate is for another host: use that name as `host`, or ssl_mode verify-ca.',
      ),
    );
  });

  test('a client certificate and key, pasted as PEM, log in without a password', async () => {
    const ssl = {
      mode: 'verify-full',
      ca_certificate: authority.certificate,
      client_certificate: client.certificate,
      client_key: client.key,
    };
    const config = configOf(ssl, { username: 'certified', password: '' });
    expect(await checked(config)).toEqual(succeeded);
    const result = await runWalletSource('read', config, await configuredCatalog(config, 'full_refresh'));
    expect(result.lines.filter((line) => line.includes('12345678901234567.89'))).toHaveLength(1);
    expect(records(result)).toHaveLength(2);
  });

  test('a client certificate of another authority, or none, is refused with the remedy', async () => {
    const ssl = { mode: 'verify-full', ca_certificate: authority.certificate };
    const foreign = { ...ssl, client_certificate: outsider.certificate, client_key: outsider.key };
    expect(await checked(configOf(foreign, { username: 'certified' }))).toEqual({
      code: 0,
      status: 'FAILED',
      // OpenSSL's own text stands between, with its addresses.
      message: expect.stringMatching(
        /alert unknown ca.*\. The server refused the client certificate: check `ssl_mode\.client_certificate` and its issuer\.$/,
      ) as string,
    });
    expect(await checked(configOf(ssl, { username: 'certified' }))).toEqual(
      failed(
        `${couldNot('localhost', 'certified')}: connection requires a valid client certificate. ` +
          'Check `username`, the role’s LOGIN attribute and the client certificate.',
      ),
    );
  });

  test('text that is not PEM is told as such, and not shown', async () => {
    const ssl = { mode: 'verify-full', ca_certificate: 'not-a-pem-text' };
    const answer = JSON.stringify(await checked(configOf(ssl)));
    expect(answer).toContain('"FAILED"');
    expect(answer).toContain('ssl_mode');
    expect(answer).not.toContain('not-a-pem-text');
  });
});

describe('SSH tunnel', () => {
  const testWithSsh = sshServerIsAvailable() ? test : test.skip;
  const tunnelOf = (more: Record<string, unknown>): Record<string, unknown> => ({
    tunnel_host: '127.0.0.1',
    tunnel_port: ssh?.port,
    tunnel_user: SSH_USER,
    ...more,
  });
  const throughTunnel = (more: Record<string, unknown>): Record<string, unknown> =>
    configOf(
      { mode: 'verify-full', ca_certificate: authority.certificate },
      { host: INNER_HOST, tunnel_method: tunnelOf(more) },
    );

  testWithSsh('by key: a host only the SSH server knows is read, its certificate checked by its own name', async () => {
    const config = throughTunnel({ tunnel_method: 'SSH_KEY_AUTH', ssh_key: ssh?.key });
    expect(await checked(config)).toEqual(succeeded);
    const result = await runWalletSource('read', config, await configuredCatalog(config, 'incremental'));
    expect({ code: result.code, ids: records(result).map(({ id }) => id) }).toEqual({ code: 0, ids: [1, 2] });
  });

  testWithSsh('by password', async () => {
    const config = throughTunnel({ tunnel_method: 'SSH_PASSWORD_AUTH', tunnel_user_password: SSH_PASSWORD });
    expect(await checked(config)).toEqual(succeeded);
  });

  testWithSsh.each(['openssh', 'pem'] as const)(
    'by a key with a passphrase, as %s; without it, or with another, refused',
    async (form) => {
      const ssh_key = ssh?.encryptedKeys[form];
      const by = (more: Record<string, unknown>): Record<string, unknown> =>
        throughTunnel({ tunnel_method: 'SSH_KEY_AUTH', ssh_key, ...more });
      expect(await checked(by({ ssh_key_passphrase: SSH_PASSPHRASE }))).toEqual(succeeded);
      expect(await checked(by({}))).toEqual(
        failed('`tunnel_method.ssh_key` is encrypted: put its passphrase into `tunnel_method.ssh_key_passphrase`.'),
      );
      expect(await checked(by({ ssh_key_passphrase: 'another-secret' }))).toEqual(
        failed('`tunnel_method.ssh_key_passphrase` does not open `tunnel_method.ssh_key`.'),
      );
    },
  );

  testWithSsh('a wrong password, and a text that is no key, are refused with the remedy', async () => {
    const wrong = throughTunnel({ tunnel_method: 'SSH_PASSWORD_AUTH', tunnel_user_password: 'a-wrong-secret' });
    expect(await checked(wrong)).toEqual(
      failed(
        `The SSH server ${SSH_USER}@127.0.0.1:${String(ssh?.port)} refused the user: check \`tunnel_user\` and the key or password.`,
      ),
    );
    expect(await checked(throughTunnel({ tunnel_method: 'SSH_KEY_AUTH', ssh_key: 'no key' }))).toEqual(
      failed('`tunnel_method.ssh_key` is not a private key that can be read: paste the whole PEM text.'),
    );
  });

  testWithSsh('a host that the SSH server cannot reach is told, not waited for', async () => {
    const config = {
      ...throughTunnel({ tunnel_method: 'SSH_KEY_AUTH', ssh_key: ssh?.key }),
      host: 'nowhere.inner.test',
    };
    const { code, status, message } = (await checked(config)) as Record<string, unknown>;
    expect({ code, status }).toEqual({ code: 0, status: 'FAILED' });
    expect(message).toContain(couldNot('nowhere.inner.test'));
  });
});

/** Runs the built command and gives all it wrote, and all that the process list shows of it while it waits for its catalogue. */
async function observed(
  config: Record<string, unknown>,
): Promise<{ code: number | null; said: string; shown: string }> {
  const files = { config: path.join(dir, 'config.json'), catalog: path.join(dir, 'catalog.json') };
  await writeFile(files.config, JSON.stringify(config));
  const child = spawn(commandPath('source-ewallet'), ['read', '--config', files.config, '--catalog', '-'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LOG_LEVEL: 'DEBUG' },
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const shown = await eventually(async () => {
    const list = await Promise.all(
      ['cmdline', 'environ', 'comm'].map(async (name) => readFile(`/proc/${String(child.pid)}/${name}`, 'utf8')),
    );
    expect(list[0]).toContain('source-ewallet');
    return list.join('\n');
  });
  const stream = { name: 'payments', namespace: 'public', json_schema: {} };
  child.stdin.end(JSON.stringify({ streams: [{ stream, sync_mode: 'full_refresh' }] }));
  return { code: await ended, said, shown };
}

/** Every secret of a configuration, and for keys each of their lines. */
function secretsOf(config: unknown): readonly string[] {
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) => {
    if (typeof value !== 'string') return secretsOf(value);
    const isSecret = /password|passphrase|key$/.test(key) && value !== '';
    return isSecret ? value.split('\n').filter((line) => line !== '' && !line.startsWith('-----')) : [];
  });
}

describe('no secret is in what a sync writes, nor in what the process list shows', () => {
  const ssl = { mode: 'require' };
  const tunnel = (more: Record<string, unknown>): Record<string, unknown> =>
    configOf(ssl, { host: INNER_HOST, tunnel_method: { tunnel_host: '127.0.0.1', tunnel_port: ssh?.port, ...more } });
  const byKey = (more: Record<string, unknown>): Record<string, unknown> =>
    tunnel({ tunnel_method: 'SSH_KEY_AUTH', tunnel_user: SSH_USER, ...more });
  const byPassword = (password: string): Record<string, unknown> =>
    tunnel({ tunnel_method: 'SSH_PASSWORD_AUTH', tunnel_user: SSH_USER, tunnel_user_password: password });
  const testWithSsh = sshServerIsAvailable() ? test : test.skip;

  const holds = async (config: Record<string, unknown>, code: number, says: string): Promise<void> => {
    const secrets = secretsOf(config);
    expect(secrets.length).toBeGreaterThan(0);
    const found = await observed(config);
    expect(found.code).toBe(code);
    expect(found.said).toContain(says);
    for (const place of ['said', 'shown'] as const) {
      expect({ place, leaked: secrets.filter((secret) => found[place].includes(secret)).length }).toEqual({
        place,
        leaked: 0,
      });
    }
  };

  test('of a sync by password that succeeds', () => holds(configOf(ssl), 0, '"RECORD"'));
  test('of one whose password is wrong', () =>
    holds(configOf(ssl, { password: 'a-wrong-secret' }), 1, 'password authentication failed'));
  test('of one whose client key is not the certificate’s', () =>
    holds(
      configOf({ mode: 'require', client_certificate: client.certificate, client_key: outsider.key }),
      1,
      'failure_type',
    ));
  testWithSsh('of a tunnel by an encrypted key', () =>
    holds(byKey({ ssh_key: ssh?.encryptedKeys.openssh, ssh_key_passphrase: SSH_PASSPHRASE }), 0, '"RECORD"'),
  );
  testWithSsh('of a tunnel whose passphrase is wrong', () =>
    holds(byKey({ ssh_key: ssh?.encryptedKeys.pem, ssh_key_passphrase: 'a-wrong-passphrase' }), 1, 'does not open'),
  );
  testWithSsh('of a tunnel whose key is not let in', () =>
    holds(byKey({ ssh_key: ssh?.strangerKey }), 1, 'refused the user'),
  );
  testWithSsh('of a tunnel whose password is wrong', () => holds(byPassword('a-wrong-jump'), 1, 'refused the user'));
});
