import { guardChild } from '@ewallet/child-services';
import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/**
 * Runs a program to its end. Where the signal aborts it, it is killed, and the promise rejects only when it is gone:
 * what comes next may use its files. It does not outlive this process.
 *
 * @throws Error with what the program said on standard error as `stderr`, where it did not end with exit code 0
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> & { readonly signal: AbortSignal },
): Promise<void> {
  const { signal, ...rest } = options;
  signal.throwIfAborted();
  const child = spawn(command, args, { ...rest, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  try {
    guardChild(child);
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const [[code, killed], stderr] = await Promise.all([closed, text(child.stderr)]);
    if (code === 0) return;
    const how = killed ?? `exit code ${String(code)}`;
    throw Object.assign(new Error(`${command} ended with ${how}: ${stderr.trim()}`), { stderr });
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
