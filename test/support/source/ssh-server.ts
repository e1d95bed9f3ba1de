import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port';

const run = promisify(execFile);

/** The one user of the server, and the only host name that it alone can resolve: who reaches it went through it. */
export const SSH_USER = 'jumper';
export const SSH_PASSWORD = 'a-jump-secret';
export const SSH_PASSPHRASE = 'a-passphrase-secret';
export const INNER_HOST = 'database.inner.test';

export interface SshServer {
  readonly port: number;
  /** The private key that is let in, in OpenSSH's form. */
  readonly key: string;
  /** Keys that are let in and are encrypted by SSH_PASSPHRASE: the same one in OpenSSH's form, another as PEM. */
  readonly encryptedKeys: Readonly<Record<'openssh' | 'pem', string>>;
  /** A sound key that is not let in. */
  readonly strangerKey: string;
  stop(): Promise<void>;
}

/** Whether this machine has OpenSSH's server and lets us give it users of its own (a mount namespace, under root). */
export function sshServerIsAvailable(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v sshd && command -v openssl && unshare --mount true'], { stdio: 'ignore' });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/** Starts the operating system's sshd on a free port, with users, passwords and hosts that only it sees. */
export async function startSshServer(dir: string): Promise<SshServer> {
  const port = await freePort();
  const file = (name: string): string => path.join(dir, name);
  await chmod(dir, 0o755);
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('host')]);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('user')]);
  await run('ssh-keygen', ['-q', '-t', 'rsa', '-N', SSH_PASSPHRASE, '-m', 'PEM', '-f', file('rsa')]);
  await writeFile(
    file('users.pub'),
    `${await readFile(file('user.pub'), 'utf8')}${await readFile(file('rsa.pub'), 'utf8')}`,
    {
      mode: 0o644,
    },
  );
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('stranger')]);
  const key = await readFile(file('user'), 'utf8');
  await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', SSH_PASSPHRASE, '-f', file('user')]);
  const { stdout: hash } = await run('openssl', ['passwd', '-6', SSH_PASSWORD]);
  await writeFile(file('passwd'), `${await readFile('/etc/passwd', 'utf8')}${SSH_USER}:x:64999:64999::/:/bin/sh\n`);
  await writeFile(file('shadow'), `${await readFile('/etc/shadow', 'utf8')}${SSH_USER}:${hash.trim()}:20000::::::\n`, {
    mode: 0o600,
  });
  await writeFile(file('hosts'), `127.0.0.1 localhost ${INNER_HOST}\n`);
  await writeFile(
    file('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('users.pub')}`,
      `AllowUsers ${SSH_USER}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'KbdInteractiveAuthentication no',
      'PasswordAuthentication yes',
      'AllowTcpForwarding yes',
      '',
    ].join('\n'),
  );
  const mounts = ['passwd', 'shadow', 'hosts'].map((name) => `mount --bind "$0/${name}" /etc/${name}`).join(' && ');
  const child = spawn(
    'unshare',
    ['--mount', 'sh', '-c', `${mounts} && exec "$(command -v sshd)" -D -e -f "$0/sshd_config"`, dir],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await listening(child);
  return {
    port,
    key,
    strangerKey: await readFile(file('stranger'), 'utf8'),
    encryptedKeys: { openssh: await readFile(file('user'), 'utf8'), pem: await readFile(file('rsa'), 'utf8') },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes('Server listening on')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`sshd ended with exit code ${String(code)}: ${said}`));
    });
  });
}
