import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import { ProcessUsage } from './process-usage';

export interface Stage {
  readonly command: readonly [string, ...string[]];
  /** Whether its memory and CPU time are the hop's, and not a helper's such as `cat`. */
  readonly measured: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface PipelineUsage {
  readonly seconds: number;
  readonly peakRss: number;
  readonly cpuSeconds: number;
}

/**
 * Runs programs as a shell's pipe does, through the kernel's pipes and not through this process, from a file to a file.
 *
 * @throws Failure where a stage does not end with exit code 0
 */
export async function runPipeline(
  stages: readonly Stage[],
  files: { readonly input?: string; readonly output?: string; readonly errors: string },
): Promise<PipelineUsage> {
  const started = process.hrtime.bigint();
  const pipeline = startPipeline(stages, files);
  const usage = new ProcessUsage(pipeline.measuredPids);
  try {
    await pipeline.ended;
  } finally {
    pipeline.stop();
  }
  return { seconds: Number(process.hrtime.bigint() - started) / 1e9, ...usage.stop() };
}

export interface RunningPipeline {
  readonly measuredPids: readonly number[];
  /** @throws Failure where a stage fails. */
  readonly ended: Promise<void>;
  /** Ends what still runs. */
  stop(): void;
}

export function startPipeline(
  stages: readonly Stage[],
  files: { readonly input?: string; readonly output?: string; readonly errors: string },
): RunningPipeline {
  const errors = openSync(files.errors, 'a');
  let input = openSync(files.input ?? '/dev/null', 'r');
  const children: ChildProcess[] = [];
  stages.forEach(({ command: [program, ...args], env }, index) => {
    const last = index === stages.length - 1;
    const pipe = last ? undefined : makePipe();
    const output = pipe?.write ?? openSync(files.output ?? '/dev/null', 'w');
    children.push(spawn(program, args, { stdio: [input, output, errors], env: { ...process.env, ...env } }));
    closeSync(input);
    closeSync(output);
    input = pipe?.read ?? -1;
  });
  closeSync(errors);
  return {
    measuredPids: children.flatMap(({ pid }, index) =>
      stages[index]?.measured === true && pid !== undefined ? [pid] : [],
    ),
    ended: Promise.all(
      children.map((child, index) => endOf(child, stages[index]?.command[0] ?? '', files.errors)),
    ).then(() => undefined),
    stop: () => {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    },
  };
}

async function endOf(child: ChildProcess, program: string, errors: string): Promise<void> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) {
    throw Failure.system(
      `${program} ended with ${code === null ? String(signal) : `exit code ${code}`}; see ${errors}`,
    );
  }
}

/** A pipe's two ends. Node's own pipes are non-blocking sockets, which programs such as cat do not expect. */
function makePipe(): { readonly read: number; readonly write: number } {
  const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-bench-pipe-'));
  const fifo = path.join(directory, 'fifo');
  try {
    execFileSync('mkfifo', [fifo]);
    // Opened both ways first, as either end alone waits for the other one.
    const both = openSync(fifo, constants.O_RDWR);
    const read = openSync(fifo, constants.O_RDONLY);
    const write = openSync(fifo, constants.O_WRONLY);
    closeSync(both);
    return { read, write };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
