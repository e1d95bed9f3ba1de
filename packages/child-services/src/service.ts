import { Failure } from '@ewallet/failure';
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { guardChild } from './guard';
import { poll } from './poll';
import { identify, isAlive, type ProcessIdentity } from './process-identity';
import type { Launch, ServiceState } from './launch';

/** Generous: a shared machine starts a JVM ten times slower than a quiet one. */
const START_MS = 180_000;
const STOP_MS = 60_000;

export interface ServiceOptions {
  /** The one that runs already. */
  readonly process?: ProcessIdentity | undefined;
  /** Called when another process is the service's. */
  readonly changed?: () => Promise<void>;
  /** Whether it is ended when the process that starts it is killed. */
  readonly guarded?: boolean;
}

/** One server as a child process. Fault tests stop, kill and start it; its port and data stay the same. */
export class Service<Name extends string = string> {
  private process: ProcessIdentity | undefined;

  constructor(
    readonly name: Name,
    private readonly launch: Launch,
    /** Connects as a client would; resolves when the service answers, rejects while it does not. */
    private readonly probe: () => Promise<void>,
    private readonly options: ServiceOptions = {},
  ) {
    this.process = options.process;
  }

  get state(): ServiceState<Name> {
    return { name: this.name, launch: this.launch, process: this.process };
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  get logFile(): string {
    return this.launch.logFile;
  }

  async isRunning(): Promise<boolean> {
    return this.process !== undefined && (await isAlive(this.process));
  }

  /** Starts the process and waits until it answers. Throws with the end of its log when it dies first. */
  async start(): Promise<void> {
    if (await this.isRunning()) return;
    this.process = await this.spawn();
    await this.options.changed?.();
    const ready = await poll(async () => this.look(), { timeoutMs: START_MS });
    if (ready === 'ready') return;
    const log = await this.logTail();
    await this.kill();
    const what = ready === 'dead' ? 'ended while it started' : `did not answer within ${START_MS / 1000} s`;
    throw Failure.transient(`${this.name} ${what}; the end of ${this.launch.logFile}:\n${log}`);
  }

  /** Asks for a clean stop, and insists after a minute. */
  async stop(): Promise<void> {
    await this.end(this.launch.stopSignal, STOP_MS);
    await this.end('SIGKILL', STOP_MS);
  }

  /** Ends it as a crash would: SIGKILL, no goodbye. */
  async kill(): Promise<void> {
    await this.end('SIGKILL', STOP_MS);
  }

  /** Sends a signal such as SIGSTOP or SIGCONT to the service's first process. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    if (this.process === undefined || !(await isAlive(this.process))) return;
    try {
      process.kill(this.process.pid, signal);
    } catch (error) {
      if (await isAlive(this.process)) throw error;
    }
  }

  private async end(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    await this.signal(signal);
    await poll(async () => ((await this.isRunning()) ? undefined : true), { timeoutMs, everyMs: 20 });
    if (await this.isRunning()) return;
    this.process = undefined;
    await this.options.changed?.();
  }

  private async look(): Promise<'ready' | 'dead' | undefined> {
    try {
      await this.probe();
      return 'ready';
    } catch {
      return (await this.isRunning()) ? undefined : 'dead';
    }
  }

  private async spawn(): Promise<ProcessIdentity> {
    const log = await open(this.launch.logFile, 'a');
    try {
      const child = spawn(this.launch.command, this.launch.args, {
        cwd: this.launch.cwd,
        env: { ...process.env, ...this.launch.env },
        // A session of its own: a terminal's Ctrl-C reaches us, and we end the services in order.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...this.launch.user,
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      if (this.options.guarded === true) guardChild(child, this.launch.stopSignal);
      child.unref();
      const identity = child.pid === undefined ? undefined : await identify(child.pid);
      if (identity === undefined) {
        throw Failure.transient(
          `${this.name} ended at once; the end of ${this.launch.logFile}:\n${await this.logTail()}`,
        );
      }
      return identity;
    } finally {
      await log.close();
    }
  }

  private async logTail(): Promise<string> {
    const text = await readFile(this.launch.logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-12).join('\n');
  }
}
