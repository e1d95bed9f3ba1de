import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PostgresConnection, PostgresVersion } from '@ewallet/local-stack';

const run = promisify(execFile);

/** The version of Debian's own tools that local-stack has a server of: pg_basebackup takes a backup of no newer one. */
export const TOOLS_VERSION = 15 satisfies PostgresVersion;

const folder = `/usr/lib/postgresql/${TOOLS_VERSION}/bin`;

/** Says on standard error why tests are skipped where the tools are missing. */
export function postgresqlToolsAreAvailable(): boolean {
  const areThere = existsSync(path.join(folder, 'pg_basebackup'));
  if (!areThere)
    process.stderr.write(`skipped: ${folder} is not there (apt-get install postgresql-${TOOLS_VERSION})\n`);
  return areThere;
}

/** Runs one of PostgreSQL's own programs against a server. */
export async function postgresqlTool(
  name: 'pg_basebackup' | 'pg_dump' | 'psql',
  { host, port, username, password }: PostgresConnection,
  args: readonly string[],
): Promise<string> {
  const env = { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: username, PGPASSWORD: password };
  return (await run(path.join(folder, name), args, { env, maxBuffer: 2 ** 28 })).stdout;
}

/** A base backup as a data directory that a server of the stack can be started on. */
export async function baseBackup(server: PostgresConnection, like: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  await postgresqlTool('pg_basebackup', server, ['-D', target, '--wal-method=stream', '--checkpoint=fast']);
  const { uid, gid } = await stat(like);
  await run('chown', ['-R', `${uid}:${gid}`, target]);
  await chown(path.dirname(target), uid, gid);
}

/**
 * What a snapshot of the storage has of a running server: every file at one moment, without a word to PostgreSQL. Its
 * processes are stopped for as long as the copy takes.
 */
export async function storageSnapshot(postmaster: number, data: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const stopped: number[] = [];
  const signal = (pid: number, name: NodeJS.Signals): void => {
    process.kill(pid, name);
  };
  try {
    signal(postmaster, 'SIGSTOP');
    stopped.push(postmaster);
    for (const child of await childrenOf(postmaster)) {
      signal(child, 'SIGSTOP');
      stopped.push(child);
    }
    await run('cp', ['-a', data, target]);
  } finally {
    for (const pid of stopped.reverse()) signal(pid, 'SIGCONT');
  }
  await rm(path.join(target, 'postmaster.pid')); // of a process of the machine that the snapshot was taken on
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(tasks.map(async (task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8')));
  return lists.flatMap((list) => list.trim().split(' ').filter(Boolean).map(Number));
}
