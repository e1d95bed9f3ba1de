import { guardChild } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A child that ignores SIGTERM for this long is killed. */
const GRACE_MS = 30_000;

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where its stderr goes; absent, it goes to ours (for a child that shows its own progress). */
  readonly logFile?: string;
  /** Hears each complete line of stdout as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Child {
  readonly name: string;
  /** What it printed on stdout; rejects with a Failure when it ends with another code than 0. */
  readonly done: Promise<string>;
  /** Asks it to end, insists after 30 s, and waits for it. What it did before counts no more. */
  stop(): Promise<void>;
}

/**
 * The demo's child processes. Each leads a process group of its own: Ctrl-C in the terminal reaches only us, and we end
 * them in an order that lets each finish its work. None outlives us, even where we are killed.
 */
export class Children {
  private readonly running = new Set<Child>();

  constructor(private readonly signal: AbortSignal) {}

  /** Starts a command and returns once it runs. */
  async start(name: string, command: string, args: readonly string[], options: ChildOptions = {}): Promise<Child> {
    this.signal.throwIfAborted();
    const log = options.logFile === undefined ? undefined : await open(options.logFile, 'a');
    try {
      const process_ = spawn(command, args, {
        detached: true,
        env: { ...process.env, ...options.env },
        stdio: ['ignore', 'pipe', log?.fd ?? 'inherit'],
      });
      guardChild(process_);
      const child = this.follow(name, process_, options);
      this.running.add(child);
      const forget = (): void => void this.running.delete(child);
      child.done.then(forget, forget);
      return child;
    } finally {
      await log?.close();
    }
  }

  /** Runs a command to its end and returns its stdout. */
  async run(name: string, command: string, args: readonly string[], options: ChildOptions = {}): Promise<string> {
    const child = await this.start(name, command, args, options);
    const abort = (): void => void child.stop();
    this.signal.addEventListener('abort', abort, { once: true });
    try {
      return await child.done;
    } finally {
      this.signal.removeEventListener('abort', abort);
      this.signal.throwIfAborted();
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running].map(async (child) => child.stop()));
  }

  private follow(name: string, process_: ChildProcess, options: ChildOptions): Child {
    let stdout = '';
    let stopping = false;
    let unread = '';
    process_.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const lines = (unread + text).split('\n');
      unread = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      process_.once('error', reject);
      process_.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
    const done = ended.then(async ({ code, signal }) => {
      if (code === 0 || stopping) return stdout;
      throw Failure.transient(`${name} ended with ${signal ?? `code ${code ?? ''}`}${await tail(options.logFile)}`);
    });
    done.catch(() => undefined); // Whoever waits for it hears of it; a background child that nobody awaits yet must not end us.
    const stop = async (): Promise<void> => {
      stopping = true;
      signalGroup(process_, 'SIGTERM');
      const late = new AbortController();
      void sleep(GRACE_MS, undefined, { signal: late.signal }).then(
        () => {
          signalGroup(process_, 'SIGKILL');
        },
        () => undefined,
      );
      await ended.catch(() => undefined);
      late.abort();
    };
    return { name, done, stop };
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

async function tail(logFile: string | undefined): Promise<string> {
  if (logFile === undefined) return '';
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-15);
  return `; the end of ${logFile}:\n${lines.join('\n')}`;
}
