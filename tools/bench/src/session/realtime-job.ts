import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { guardWithCommand } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { BenchSession } from './bench-session';
import { programPath, ROOT } from './programs';

const run = promisify(execFile);

/** Every result there is. */
const VERIFIED = ['minute_volumes', 'wallet_velocity', 'transaction_events', 'balance_checks', 'sessions'];
const PRODUCTS = [...VERIFIED, 'alerts'];
/** Milliseconds between two looks at the job, each of which starts a program. */
const LOOK = 1_000;
/** How long a backlog may take. */
const PATIENCE = 3_600_000;
/** Of two checkpoints that complete after everything was read, the second one began after it. */
const CHECKPOINTS_UNTIL_COMMITTED = 2;

interface JobStatus {
  readonly state?: string;
  readonly records_to_read?: number | null;
  readonly checkpoints_completed?: number;
}

/** `ewallet-realtime` over the topics of one sync, with a Flink of its own on this machine. */
export class RealtimeJob {
  private constructor(
    private readonly config: string,
    private readonly verified: string,
    readonly directory: string,
    private readonly release: () => void,
  ) {}

  /** @param name what the topics begin with. @returns when the job runs */
  static async start({ directory, sourceUrl, stack }: BenchSession, name: string): Promise<RealtimeJob> {
    const cluster = path.join(directory, `${name}-flink`);
    const settings = {
      bootstrap_servers: stack.kafka.bootstrapServers,
      schema_registry: { url: stack.schemaRegistry.url },
      topic_pattern: `${name}.{stream}`,
      topic_prefix: `${name}.realtime`,
      directory: cluster,
      rules: { dbt_project: path.join(ROOT, 'dbt', 'dbt_project.yml') },
      wallet: { 'connection.url': sourceUrl },
    };
    const config = path.join(directory, `${name}-realtime.json`);
    await writeFile(config, JSON.stringify({ ...settings, products: PRODUCTS }));
    // Alerts are compared with dbt's models, which are not built here.
    const verified = path.join(directory, `${name}-verified.json`);
    await writeFile(verified, JSON.stringify({ ...settings, products: VERIFIED, rules: undefined }));
    const program = programPath('ewallet-realtime');
    const release = guardWithCommand(program, ['down', '--config', config]);
    const job = new RealtimeJob(config, verified, cluster, release);
    try {
      await run(program, ['up', '--detach', '--config', config]);
    } catch (error) {
      await job.end();
      throw error;
    }
    return job;
  }

  /** Waits until all that the topics hold is read, and its results are committed. */
  async caughtUp(): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    let enough = Number.POSITIVE_INFINITY;
    while (Date.now() < deadline) {
      const { state, records_to_read: waiting, checkpoints_completed: completed = 0 } = await this.status();
      if (state === 'RUNNING' && waiting === 0) {
        if (completed >= enough) return;
        if (enough === Number.POSITIVE_INFINITY) enough = completed + CHECKPOINTS_UNTIL_COMMITTED;
      } else enough = Number.POSITIVE_INFINITY;
      await sleep(LOOK);
    }
    throw Failure.system(`The real-time job did not catch up within ${PATIENCE / 1_000} s; see ${this.directory}`);
  }

  /** @throws Failure where a result is not what SQL over the e-wallet says */
  async mustEqualWallet(): Promise<void> {
    try {
      await run(programPath('ewallet-realtime'), ['verify', '--settle', '60', '--config', this.verified]);
    } catch (error) {
      const said = (error as { readonly stdout?: string }).stdout ?? '';
      throw Failure.system(`Real-time results are not those of the e-wallet:\n${said}`, { cause: error });
    }
  }

  /** Process ids of JobManager and TaskManager. */
  async pids(): Promise<readonly number[]> {
    const state = JSON.parse(await readFile(path.join(this.directory, 'cluster.json'), 'utf8')) as {
      readonly services: readonly { readonly process: { readonly pid: number } }[];
    };
    return state.services.map(({ process: { pid } }) => pid);
  }

  async end(): Promise<void> {
    await run(programPath('ewallet-realtime'), ['down', '--config', this.config]);
    this.release();
  }

  private async status(): Promise<JobStatus> {
    // It exits 1 where the job is not well, as while a first checkpoint is late.
    const { stdout } = await run(programPath('ewallet-realtime'), ['status', '--json', '--config', this.config]).catch(
      (error: unknown) => error as { stdout: string },
    );
    return JSON.parse(stdout) as JobStatus;
  }
}
