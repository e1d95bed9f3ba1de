import { guardPath, identify, poll, type Launch } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { PostgresConnection } from '@ewallet/stack-connections';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { INSTALLED_VERSION, postgresBinaries, type PostgresVersion } from './postgresql-binaries';
import { runProgram } from './run-program';

export const POSTGRES_USER = 'ewallet';
export const POSTGRES_PASSWORD = 'ewallet';

/** What a test or a trial may ask of a server beyond the defaults. */
export interface PostgresOptions {
  /** A fixed port; drawn when absent. */
  readonly port?: number;
  /** Settings of postgresql.conf, over the defaults below. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files to put into the data directory, readable by the server alone: certificates, keys. */
  readonly files?: Readonly<Record<string, string>>;
  /** The major version; the installed one when absent, any other is downloaded once. */
  readonly version?: PostgresVersion;
  /** Lines of pg_hba.conf, before the default that lets every user in with a password over TCP. */
  readonly hba?: readonly string[];
  /** Variables of the server's process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Durability as in production (fsync and synchronous_commit stay on); room for many test connections, for prepared
 * transactions and for logical decoding, which need a restart to change.
 */
const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  max_prepared_transactions: '64',
  max_replication_slots: '64',
  max_wal_senders: '64',
  wal_level: 'logical',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Makes the data directory where there is none, and says how to start a server on it. */
export async function preparePostgres(
  folder: string,
  connection: PostgresConnection,
  options: PostgresOptions,
  signal: AbortSignal,
): Promise<Launch> {
  const user = await unprivilegedUser();
  const native = await postgresBinaries(options.version ?? INSTALLED_VERSION, user);
  const data = path.join(folder, 'data');
  await mkdir(folder, { recursive: true });
  if (user !== undefined) {
    await chown(folder, user.uid, user.gid);
    await requireReachable(folder, user);
  }
  if (!existsSync(data)) await initialise(native, folder, { data, user, signal });
  await writeHba(data, options.hba ?? [], user);
  for (const [name, content] of Object.entries(options.files ?? {})) {
    await writePrivate(path.join(data, name), content, user);
  }
  const settings = { ...DEFAULT_SETTINGS, port: String(connection.port), ...options.settings };
  const launch: Launch = {
    command: path.join(native, 'bin', 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    env: { LC_ALL: 'C', TZ: 'UTC', ...options.env },
    cwd: folder,
    logFile: path.join(folder, 'postgresql.log'),
    // Fast shutdown: sessions are ended, data is checkpointed.
    stopSignal: 'SIGINT',
  };
  return user === undefined ? launch : { ...launch, user };
}

/** How long the processes of a server that was killed may take to notice it. */
const NOTICE_MS = 30_000;

/**
 * Where nothing reaps orphans, as in many containers, the pid of a server that was killed stays taken, and the next server
 * refuses the data directory: "lock file postmaster.pid already exists". Once every process of the dead one has left the
 * directory, its lock file goes. Everywhere else PostgreSQL sees for itself that its lock is stale.
 */
export async function dropDeadLock(folder: string): Promise<void> {
  const data = path.join(folder, 'data');
  const lock = path.join(data, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!(pid > 0) || !existsSync(`/proc/${pid}`) || (await identify(pid)) !== undefined) return;
  const left = async (): Promise<true | undefined> => ((await isWorkedIn(data)) ? undefined : true);
  if ((await poll(left, { timeoutMs: NOTICE_MS })) === true) await rm(lock, { force: true });
}

/** Each process of a server has its data directory as working directory. */
async function isWorkedIn(directory: string): Promise<boolean> {
  const real = await realpath(directory);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map(async (pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return folders.includes(real);
}

/** Resolves when the server accepts the connection; creates its database the first time. */
export async function probePostgres(connection: PostgresConnection): Promise<void> {
  const { host, port, username: user, password, database } = connection;
  const client = new Client({ host, port, user, password, database: 'postgres', connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // A server that goes away between two answers is the next probe's news.
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function initialise(
  native: string,
  folder: string,
  {
    data,
    user,
    signal,
  }: { readonly data: string; readonly user: SystemUser | undefined; readonly signal: AbortSignal },
): Promise<void> {
  // Made under another name and renamed, so that an initdb that was killed is not taken for a data directory.
  const fresh = path.join(folder, 'data.new');
  const passwordFile = path.join(folder, `password.${process.pid}`);
  await rm(fresh, { recursive: true, force: true });
  const passwordGone = guardPath(passwordFile);
  try {
    await writePrivate(passwordFile, POSTGRES_PASSWORD, user);
    await runProgram(
      path.join(native, 'bin', 'initdb'),
      [
        `--pgdata=${fresh}`,
        `--username=${POSTGRES_USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { cwd: folder, env: { ...process.env, LC_ALL: 'C' }, signal, ...user },
    );
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw Failure.system(`initdb failed in ${folder}: ${reason}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
    passwordGone();
  }
  await rename(fresh, data);
}

async function writeHba(data: string, lines: readonly string[], user: SystemUser | undefined): Promise<void> {
  const standard = ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'];
  await writePrivate(path.join(data, 'pg_hba.conf'), [...lines, ...standard, ''].join('\n'), user);
}

async function writePrivate(file: string, content: string, user: SystemUser | undefined): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  await chmod(file, 0o600);
  if (user !== undefined) await chown(file, user.uid, user.gid);
}

/** PostgreSQL refuses to run as root. `postgres` or `nobody` serve then: initdb wants a user that has a name. */
async function unprivilegedUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw Failure.config(
    'PostgreSQL cannot run as root, and there is no user "postgres" or "nobody" to run it as: run as another user',
  );
}

async function requireReachable(folder: string, user: SystemUser): Promise<void> {
  for (let at = path.dirname(folder); at !== path.dirname(at); at = path.dirname(at)) {
    const { mode, uid } = await stat(at);
    if ((mode & 0o001) === 0 && uid !== user.uid) {
      throw Failure.config(
        `PostgreSQL, which does not run as root, cannot reach ${folder}: ${at} is closed to other users (choose another --dir)`,
      );
    }
  }
}
