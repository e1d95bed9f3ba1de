import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { commandPath } from '../command';
import { eventually } from '../eventually';

interface LogLine {
  readonly event: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

/** `ewallet-sync run --follow` as a child process, and the two connectors under it. */
export class FollowProcess {
  readonly log: LogLine[] = [];
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly closed: Promise<unknown>,
  ) {}

  static start(config: string, more: readonly string[] = []): FollowProcess {
    const args = ['run', '--config', config, '--follow', '--log-format', 'json', ...more];
    const child = spawn(commandPath('ewallet-sync'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: path.dirname(config),
    });
    const process = new FollowProcess(child, once(child, 'close'));
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => (process.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) process.log.push(parse(line));
    });
    return process;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The process id of a connector that reads or writes now. */
  async connector(name: 'source-ewallet' | 'destination-kafka', more = ''): Promise<number> {
    return eventually(() => {
      const found = children(this.pid).find((pid) => commandOf(pid).includes(name) && commandOf(pid).includes(more));
      if (found === undefined) throw new Error(`${name} does not run; the log: ${JSON.stringify(this.log.slice(-5))}`);
      return found;
    });
  }

  /** The source that follows, once its stream runs. */
  async follows(): Promise<number> {
    return this.connector('source-ewallet', '--follow');
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** @returns its exit code, and what it printed */
  async ended(): Promise<{ readonly code: number | null; readonly printed: string }> {
    await this.closed;
    return { code: this.child.exitCode, printed: this.output };
  }

  /** Ends it, however it stands. */
  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.kill('SIGKILL');
    await this.closed;
  }
}

/** The position in a state file. */
export async function keptPosition(stateDirectory: string): Promise<string> {
  const text = await readFile(path.join(stateDirectory, 'state.json'), 'utf8');
  const { states } = JSON.parse(text) as { states: { global: { global: { shared_state: { lsn: string } } } } };
  return states.global.global.shared_state.lsn;
}

function children(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { event: 'text', message: line };
  }
}
