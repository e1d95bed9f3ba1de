import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import { CertificateAuthority } from '../../support/certificates';
import { runCommand } from '../../support/command';
import { contractColumns } from '../../support/metabase/columns';
import { MetabaseDouble } from '../../support/metabase/double';

jest.setTimeout(60_000);

let directory: string;
let double: MetabaseDouble;
let proxy: Server;
let url: string;

/** Metabase behind a proxy that ends TLS, as it is mostly run; its authority is nobody's but ours. */
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-metabase-tls-'));
  const authority = await CertificateAuthority.create(directory);
  const { certificate, key } = await authority.issue('metabase');
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns: contractColumns() });
  proxy = createServer({ cert: certificate, key }, (socket) => {
    const behind = connect(Number(new URL(double.url).port), '127.0.0.1');
    socket.pipe(behind).pipe(socket);
    for (const end of [socket, behind]) end.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  url = `https://localhost:${(proxy.address() as AddressInfo).port}`;
});
afterAll(async () => {
  proxy.close();
  await double.stop();
  await rm(directory, { recursive: true, force: true });
});

const plan = (address: string, more: Record<string, string> = {}): ReturnType<typeof runCommand> =>
  runCommand('ewallet-dashboards', ['plan', '--retries', '0'], {
    env: { METABASE_URL: address, METABASE_API_KEY: double.apiKey, ...more },
  });

test('a Metabase behind TLS is reached with its authority in NODE_EXTRA_CA_CERTS', async () => {
  const { code, stdout, stderr } = await plan(url, { NODE_EXTRA_CA_CERTS: path.join(directory, 'ca.crt') });
  expect({ code, stderr, said: stdout.split('\n')[0] }).toEqual({ code: 2, stderr: '', said: 'Metabase v0.63.0' });
});

test('an unknown authority is refused, with its code and without the key', async () => {
  const { code, stdout, stderr } = await plan(url, { NODE_EXTRA_CA_CERTS: '' });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`no answer from ${url} (`);
  expect(stderr).toMatch(/\((UNABLE_TO_|SELF_SIGNED_)/);
  expect(stderr).not.toContain(double.apiKey);
});

test('an address with a password in it is refused and not shown', async () => {
  const { code, stdout, stderr } = await plan(url.replace('https://', 'https://boss:hidden@'));
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: `ewallet-dashboards: The address of ${new URL(url).host} must hold no user or password: set METABASE_USER and METABASE_PASSWORD.\n`,
  });
});
