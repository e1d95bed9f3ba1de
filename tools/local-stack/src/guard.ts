import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import path from 'node:path';

/** A running guard of a stack's services (see guard-process). */
export interface Guard {
  /** Tells it that there is nothing left to guard, and waits for its end. */
  dismiss(): Promise<void>;
}

/** Has the services in `dir` ended when this process ends, in whatever way. */
export function guardStack(dir: string): Guard {
  const child = spawn(process.execPath, [path.join(__dirname, 'guard-process.js'), dir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  // Neither the process nor the pipe to it may keep this process from ending.
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return {
    dismiss: async () => {
      child.ref();
      child.kill('SIGKILL');
      await ended;
    },
  };
}
