import type { PostgresConnection } from '@ewallet/local-stack';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectedTo } from './fresh-database';
import { eventually } from './eventually';
import { freePort } from './free-port';

export interface Pgpool {
  readonly port: number;
  stop(): Promise<void>;
}

/** Says on standard error why tests are skipped where it is missing. */
export function pgpoolIsAvailable(): boolean {
  const isThere = spawnSync('pgpool', ['--version']).status === 0;
  if (!isThere) process.stderr.write('skipped: pgpool is not installed (apt-get install pgpool2)\n');
  return isThere;
}

/** Starts Pgpool-II before a primary and a standby that gets all reads it may have, or before one server. */
export async function startPgpool(
  servers: readonly PostgresConnection[],
  { loadBalance }: { readonly loadBalance: boolean },
): Promise<Pgpool> {
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-pgpool-'));
  const file = (name: string): string => path.join(dir, name);
  const port = await freePort();
  const settings: Record<string, string | number> = {
    backend_clustering_mode: 'streaming_replication',
    listen_addresses: '127.0.0.1',
    port,
    socket_dir: dir,
    pcp_listen_addresses: '',
    pcp_port: await freePort(),
    pcp_socket_dir: dir,
    num_init_children: 8,
    load_balance_mode: loadBalance ? 'on' : 'off',
    pool_passwd: file('pool_passwd'),
    sr_check_user: first.username,
    sr_check_password: first.password,
    sr_check_database: 'postgres',
    pid_file_name: file('pgpool.pid'),
    logdir: dir,
    work_dir: dir,
  };
  for (const [index, server] of servers.entries()) {
    settings[`backend_hostname${index}`] = server.host;
    settings[`backend_port${index}`] = server.port;
    settings[`backend_weight${index}`] = index === servers.length - 1 ? 1 : 0;
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  await writeFile(file('pgpool.conf'), lines.join(''));
  await writeFile(file('pool_passwd'), `${first.username}:TEXT${first.password}\n`);
  for (const name of ['pcp.conf', 'pool_hba.conf']) await writeFile(file(name), '');
  const log = openSync(file('log'), 'w');
  const args = ['-n', '-f', file('pgpool.conf'), '-F', file('pcp.conf'), '-a', file('pool_hba.conf')];
  const child = spawn('pgpool', args, { stdio: ['ignore', log, log] });
  closeSync(log);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGINT'); // fast: sessions are ended
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`pgpool ended: ${await readFile(file('log'), 'utf8')}`);
      const client = await connectedTo({ ...first, port });
      await client.end();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}
