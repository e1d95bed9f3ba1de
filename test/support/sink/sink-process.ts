import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BIN = join(__dirname, '../../../sink-warehouse/bin/sink-warehouse.js');

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built sink as a child process, as users run it. */
export class SinkProcess {
  private output = '';
  private errors = '';
  readonly exited: Promise<Exit>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.output, stderr: this.errors });
      });
    });
  }

  static start(command: string, configFile: string, ...more: string[]): SinkProcess {
    return SinkProcess.startWith({}, command, configFile, ...more);
  }

  /** With variables beside those of this process. */
  static startWith(
    env: Readonly<Record<string, string>>,
    command: string,
    configFile: string,
    ...more: string[]
  ): SinkProcess {
    return new SinkProcess(
      spawn(process.execPath, [BIN, command, '--config', configFile, ...more], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** One that something else started, with its streams piped. */
  static of(child: ChildProcess): SinkProcess {
    return new SinkProcess(child);
  }

  get stderr(): string {
    return this.errors;
  }

  /** SIGTERM, then the exit. Node itself dies of a signal that comes before the sink has begun, so that is waited for. */
  async stop(): Promise<Exit> {
    const { stderr } = this.child;
    if (this.errors === '' && stderr !== null) await Promise.race([once(stderr, 'data'), this.exited]);
    this.child.kill('SIGTERM');
    return this.exited;
  }

  async kill(): Promise<Exit> {
    this.child.kill('SIGKILL');
    return this.exited;
  }
}

/** Runs a command to its end. */
export async function runSink(command: string, configFile: string, ...more: string[]): Promise<Exit> {
  return SinkProcess.start(command, configFile, ...more).exited;
}

export function writeConfig(directory: string, config: Record<string, unknown>, name = 'sink.json'): string {
  const file = join(directory, name);
  writeFileSync(file, JSON.stringify(config));
  return file;
}
