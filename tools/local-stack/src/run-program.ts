import { execFile, type ExecFileOptions } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs a program to its end. Where the signal aborts it, it is killed, and the promise rejects only when it is gone:
 * what comes next may use its files.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ExecFileOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const running = run(command, args, { ...options, killSignal: 'SIGKILL' });
  const { child } = running;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  try {
    await running;
  } catch (error) {
    if (child.pid !== undefined) await gone;
    throw error;
  }
}
