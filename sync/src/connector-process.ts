import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { guardChild } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { Launcher } from './connector-config';

/** Where an image finds the files of the run. */
const IN_CONTAINER = '/ewallet-sync';

/** The platform gives a connector a minute to end by itself. */
const GRACE = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The command line for a connector.
 *
 * @param files paths of --config, --catalog, --state; in `directory` for an image, which sees it mounted
 * @param switches flags without a value
 * @param variables names of this process's environment that an image sees, too; a program sees all of it
 */
export function commandLine(
  launcher: Launcher,
  command: string,
  {
    files,
    directory,
    switches = [],
    variables = [],
  }: {
    readonly files: Readonly<Record<string, string>>;
    readonly directory: string;
    readonly switches?: readonly string[];
    readonly variables?: readonly string[];
  },
): readonly [string, ...string[]] {
  const flags = (seen: (file: string) => string): string[] => [
    ...Object.entries(files).flatMap(([flag, file]) => [`--${flag}`, seen(file)]),
    ...switches.map((name) => `--${name}`),
  ];
  switch (launcher.kind) {
    case 'command':
      return [...launcher.command, command, ...flags((file) => file)];
    case 'image': {
      const [runtime, ...options] = launcher.runtime;
      const mount = `${directory}:${IN_CONTAINER}:ro`;
      const inside = flags((file) => path.posix.join(IN_CONTAINER, path.basename(file)));
      const seen = variables.flatMap((name) => ['--env', name]);
      const run = ['run', '--rm', '-i', '--init', '-v', mount, ...seen, ...launcher.options];
      return [runtime, ...options, ...run, launcher.image, command, ...inside];
    }
    default:
      throw new TypeError(`unknown launcher ${JSON.stringify(launcher satisfies never)}`);
  }
}

/**
 * A connector as a child process in a process group of its own: Ctrl-C reaches it through us, in the right order. It does
 * not outlive us, even where we are killed.
 */
export class ConnectorProcess {
  readonly ended: Promise<Ended>;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  /**
   * @param environment variables beside those of this process
   * @throws Failure where the program cannot be started
   */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ConnectorProcess> {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      // The connectors are installed beside this command.
      env: {
        ...process.env,
        ...environment,
        PATH: `${path.dirname(process.argv[1] ?? '')}${path.delimiter}${process.env.PATH ?? ''}`,
      },
    });
    guardChild(child);
    // A connector that ends early closes its input; its exit code tells why.
    child.stdin.on('error', () => undefined);
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw Failure.config(`The connector ${program} could not be started. Check that it is installed.`, {
        cause: error,
      });
    }
    return new ConnectorProcess(child);
  }

  get input(): Writable {
    return this.child.stdin;
  }

  get output(): Readable {
    return this.child.stdout;
  }

  get errors(): Readable {
    return this.child.stderr;
  }

  /** Asks it to end, and makes it end after the grace. */
  stop(): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), GRACE);
    timer.unref();
    this.child.once('close', () => {
      clearTimeout(timer);
    });
  }
}
