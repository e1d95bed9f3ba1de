import { findJava, guardWithCommand } from '@ewallet/child-services';
import { asFailure, Failure } from '@ewallet/failure';
import type { StackConnections } from '@ewallet/stack-connections';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child, Children } from './children';
import { REALTIME_SINK_NAME, type ConfigurationFiles } from './configurations';
import { withDatabase } from './database';
import { readPlanted, scoreAlerts, type RaisedAlert, type SignalScore } from './fraud-score';
import { LandingWatch } from './landing';
import { command } from './project';
import type { Show } from './steps';

/** What the whole demo with the stream may take; without it, it takes about half of that. */
const MEMORY = 3_000_000_000;
/** The job has read all it has when it says so for so many looks in a row. */
const CALM_LOOKS = 2;
const LOOK_EVERY_MS = 2_500;

/** Why the stream is left out here; undefined where it can run. */
export async function streamIsLeftOut(availableMemory: number): Promise<string | undefined> {
  if (availableMemory < MEMORY) {
    return `only ${(availableMemory / 1e9).toFixed(1)} GB of memory are free, and it needs 3`;
  }
  try {
    await findJava();
    return undefined;
  } catch (error) {
    return asFailure(error).message;
  }
}

/** ewallet-realtime beside the demo, and the second sink connector that lands what it computes. */
export class Stream {
  private job: Child | undefined;
  private sink: Child | undefined;
  private release: (() => void) | undefined;

  constructor(
    private readonly children: Children,
    private readonly connections: StackConnections,
    private readonly configurations: ConfigurationFiles,
    private readonly shell: { readonly logOf: (name: string) => string; readonly signal: AbortSignal },
  ) {}

  /** Returns at once: Flink starts beside the syncs. Its topics must be there. */
  async start(): Promise<void> {
    const name = 'ewallet-realtime';
    // Its two servers outlive a supervisor that is killed.
    this.release = guardWithCommand(command(name), this.arguments('down'));
    this.job = await this.children.start(name, command(name), this.arguments('up'), {
      logFile: this.shell.logOf(name),
    });
    const sink = ['run', '--config', this.configurations.realtimeSink];
    const logFile = this.shell.logOf('realtime-sink');
    this.sink = await this.children.start('sink-warehouse of the stream', command('sink-warehouse'), sink, { logFile });
  }

  /** Waits until the job has read everything, stops it with a savepoint, and waits until all results have landed. */
  async finish(show: Show): Promise<string> {
    const { job, sink } = this;
    if (job === undefined || sink === undefined) throw Failure.system('the stream has not started');
    await Promise.race([this.caughtUp(show), endedEarly(job), endedEarly(sink)]);
    await this.run('stop');
    await job.stop();
    const watch = await LandingWatch.open(this.connections, REALTIME_SINK_NAME, 'realtime.');
    try {
      const rows = await Promise.race([watch.complete(() => undefined, this.shell.signal), endedEarly(sink)]);
      return `${rows.toLocaleString('en')} results landed`;
    } finally {
      await watch.close();
      await this.stop();
    }
  }

  /** Whatever of it still runs ends. */
  async stop(): Promise<void> {
    await Promise.all([this.job?.stop(), this.sink?.stop()]);
    this.release?.();
    this.release = undefined;
  }

  /**
   * @returns a line for each result
   * @throws Failure naming the keys that differ from the e-wallet or from dbt's risk_signals
   */
  async verify(): Promise<readonly string[]> {
    const lines: string[] = [];
    try {
      await this.run('verify', { args: ['--settle', '0'], onLine: (line) => lines.push(line) });
    } catch (error) {
      // Its report is the better message; without one it broke down, and what it logged says why.
      if (lines.length === 0) throw error;
      throw Failure.system(`the stream is not what the e-wallet and dbt say:\n${lines.join('\n')}`, { cause: error });
    }
    return lines;
  }

  /** @param file the simulator's record of what it planted */
  async score(file: string): Promise<readonly SignalScore[]> {
    const planted = readPlanted(await readFile(file, 'utf8'));
    return withDatabase(this.connections.warehouse, async (warehouse) => {
      const { rows } = await warehouse.query<Record<string, string>>(
        `select signal_type as signal, user_id::text as customer, extract(epoch from window_start)::text as start,
           extract(epoch from window_end)::text as until
           from marts.live_alerts where user_id is not null`,
      );
      const alerts = rows.map(({ signal = '', customer, start, until }): RaisedAlert => ({
        signal,
        customer: Number(customer),
        from: Number(start) * 1_000,
        until: Number(until) * 1_000,
      }));
      return scoreAlerts(planted, alerts);
    });
  }

  private async caughtUp(show: Show): Promise<void> {
    let calm = 0;
    let most = 0;
    while (calm < CALM_LOOKS) {
      this.shell.signal.throwIfAborted();
      await sleep(LOOK_EVERY_MS);
      const left = await this.recordsLeft();
      calm = left === 0 ? calm + 1 : 0;
      most = Math.max(most, left ?? 0);
      if (left !== undefined) show({ done: most - left, total: most, unit: 'records' });
    }
  }

  /** Undefined while it starts. */
  private async recordsLeft(): Promise<number | undefined> {
    const text = await this.run('status', { args: ['--json'] }).catch(() => '{}');
    const report = JSON.parse(text) as { healthy?: boolean; records_to_read?: number | null };
    return report.healthy === true ? (report.records_to_read ?? undefined) : undefined;
  }

  private async run(
    subcommand: string,
    { args = [], onLine }: { readonly args?: readonly string[]; readonly onLine?: (line: string) => void } = {},
  ): Promise<string> {
    const options = { logFile: this.shell.logOf(`ewallet-realtime-${subcommand}`), ...(onLine && { onLine }) };
    const all = [...this.arguments(subcommand), ...args];
    return this.children.run(`ewallet-realtime ${subcommand}`, command('ewallet-realtime'), all, options);
  }

  private arguments(subcommand: string): readonly string[] {
    return [subcommand, '--config', this.configurations.realtime];
  }
}

async function endedEarly(child: Child): Promise<never> {
  await child.done;
  throw Failure.transient(`${child.name} ended before its work was done`);
}
