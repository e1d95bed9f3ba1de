import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runAudit } from '../../support/audit/audit-run';
import { PlantedTables } from '../../support/audit/planted-tables';
import { runCommand } from '../../support/command';
import { sourceConfig } from '../../support/configurations';
import {
  INNER_HOST,
  SSH_USER,
  sshServerIsAvailable,
  startSshServer,
  type SshServer,
} from '../../support/source/ssh-server';

jest.setTimeout(120_000);

const testWithSsh = sshServerIsAvailable() ? test : test.skip;

let tables: PlantedTables;
let directory: string;
let ssh: SshServer | undefined;
beforeAll(async () => {
  tables = await PlantedTables.open();
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-audit-tunnel-'));
  await chmod(directory, 0o711); // sshd's user has to get to its files
  if (sshServerIsAvailable()) ssh = await startSshServer(await mkdtemp(path.join(directory, 'ssh-')));
});
afterAll(async () => {
  await ssh?.stop();
  await tables.close();
  await rm(directory, { recursive: true, force: true });
});

/** The source's configuration with a host that only the SSH server knows. */
const throughTunnel = (key: string | undefined): Record<string, unknown> => ({
  ...sourceConfig(tables.wallet, { schemas: ['public'] }),
  host: INNER_HOST,
  tunnel_method: {
    tunnel_method: 'SSH_KEY_AUTH',
    tunnel_host: '127.0.0.1',
    tunnel_port: ssh?.port,
    tunnel_user: SSH_USER,
    ssh_key: key,
  },
});

testWithSsh('an e-wallet behind an SSH server is compared through the tunnel of its source', async () => {
  await tables.plant(
    'paid',
    'id int primary key, amount numeric(12,2)',
    'select i, i * 0.01 from generate_series(1, 3000) i',
  );
  await tables.target.query('update raw.paid set amount = 0.1 where id = 7');
  const run = await runAudit(tables, ['--stream', 'paid', '--workers', '2'], { source: throughTunnel(ssh?.key) });
  expect(run).toMatchObject({
    code: 1,
    streams: [{ rows: 3000, missing: [], extra: [], different: [{ key: 7, columns: ['amount'] }] }],
  });
});

testWithSsh('a key that the SSH server does not let in is a wrong configuration, and no verdict', async () => {
  const run = await runAudit(tables, [], { source: throughTunnel(ssh?.strangerKey) });
  expect(run).toMatchObject({
    code: 2,
    streams: [],
    stderr: `ewallet-audit: The SSH server ${SSH_USER}@127.0.0.1:${String(ssh?.port)} refused the user: check \`tunnel_user\` and the key or password.\n`,
  });
});

testWithSsh('ewallet-pipeline status reaches the e-wallet through the same tunnel', async () => {
  const file = path.join(directory, 'pipeline.json');
  await writeFile(file, JSON.stringify({ ewallet: throughTunnel(ssh?.key) }));
  const { code, stdout } = await runCommand('ewallet-pipeline', ['status', '--config', file, '--json']);
  expect({ code, report: JSON.parse(stdout) as unknown }).toMatchObject({
    code: 0,
    report: { verdict: 'healthy', lines: [{ hop: 'e-wallet', verdict: 'healthy' }] },
  });
});
