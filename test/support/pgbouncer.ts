import type { PostgresConnection } from '@ewallet/local-stack';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectedTo } from './fresh-database';
import { eventually } from './eventually';
import { freePort } from './free-port';

export interface PgBouncer {
  readonly port: number;
  stop(): Promise<void>;
}

export interface PgBouncerOptions {
  readonly mode: 'session' | 'transaction' | 'statement';
  /** Roles that may come in, with their passwords. */
  readonly users: Readonly<Record<string, string>>;
  /** Further lines of its `[pgbouncer]` section. */
  readonly settings?: Readonly<Record<string, string>>;
}

export function pgBouncerIsAvailable(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v pgbouncer'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts PgBouncer before a server's database, on a free port; `dir` is an empty folder of the caller's. */
export async function startPgBouncer(
  dir: string,
  server: PostgresConnection,
  options: PgBouncerOptions,
): Promise<PgBouncer> {
  const port = await freePort();
  const file = (name: string): string => path.join(dir, name);
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: file('users.txt'),
    pool_mode: options.mode,
    ...options.settings,
  };
  const users = Object.entries(options.users).map(([name, password]) => `"${name}" "${password}"\n`);
  await writeFile(file('users.txt'), users.join(''));
  await writeFile(
    file('pgbouncer.ini'),
    [
      '[databases]',
      `* = host=${server.host} port=${server.port}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
  );
  await chmod(dir, 0o755); // PgBouncer does not run as root: as root it is told another user
  const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn('pgbouncer', [...asUser, file('pgbouncer.ini')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = listenTo(child);
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended with exit code ${child.exitCode}: ${said()}`);
      const client = await connectedTo({ ...server, port });
      await client.end();
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    port,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function listenTo(child: ChildProcess): () => string {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  return () => said;
}
