import { startStack, type PostgresConnection, type RunningStack } from '@ewallet/local-stack';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../eventually';
import { connectedTo } from '../fresh-database';

type Row = Readonly<Record<string, unknown>>;

/** One PostgreSQL server with a stack of its own, to be killed, copied and promoted. */
export class WalletServer {
  constructor(readonly stack: RunningStack) {}

  get connection(): PostgresConnection {
    return this.stack.connections.source;
  }

  /** Its data directory. */
  get data(): string {
    return path.join(this.stack.dir, 'source', 'data');
  }

  async run(sql: string): Promise<readonly Row[]> {
    const client = await connectedTo(this.connection);
    try {
      const answer = await client.query<Row>(sql);
      return Array.isArray(answer) ? [] : answer.rows;
    } finally {
      await client.end();
    }
  }

  /** Resolves once this standby has replayed what `primary` has written. */
  async follows(primary: WalletServer): Promise<void> {
    const [wanted] = await primary.run('select pg_current_wal_lsn()::text as lsn');
    await eventually(async () => {
      const [found] = await this.run(`select pg_last_wal_replay_lsn() >= '${String(wanted?.lsn)}'::pg_lsn as done`);
      expect(found).toEqual({ done: true });
    });
  }
}

/** Servers of one history: a primary, and standbys that are copies of it. */
export class ServerFamily {
  private readonly started: RunningStack[] = [];

  private constructor(private readonly dir: string) {}

  static async make(): Promise<ServerFamily> {
    const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-family-'));
    await chmod(dir, 0o711); // PostgreSQL's user, when this runs as root, has to get to its files
    return new ServerFamily(dir);
  }

  async start(name: string, options: Parameters<typeof startStack>[0]['source'] = {}): Promise<WalletServer> {
    const stack = await startStack({ dir: path.join(this.dir, name), only: ['source'], source: options });
    this.started.push(stack);
    return new WalletServer(stack);
  }

  /** A folder of the family's, which PostgreSQL's user can get to. */
  folder(name: string): string {
    return path.join(this.dir, name);
  }

  /** The data directory of a member that is not started yet. */
  dataOf(name: string): string {
    return path.join(this.dir, name, 'source', 'data');
  }

  /** What a base backup has of a stopped server: its data without its replication slots. */
  async copy(stopped: WalletServer, name: string): Promise<void> {
    const target = path.join(this.dir, name, 'source');
    await mkdir(target, { recursive: true });
    await promisify(execFile)('cp', ['-a', path.join(stopped.stack.dir, 'source', 'data'), target]);
    const slots = path.join(target, 'data', 'pg_replslot');
    for (const slot of await readdir(slots)) await rm(path.join(slots, slot), { recursive: true });
  }

  async end(): Promise<void> {
    for (const stack of this.started) await stack.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}
