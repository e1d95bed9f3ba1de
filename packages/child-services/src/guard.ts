import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import path from 'node:path';
import type { Writable } from 'node:stream';
import type { GuardOrder } from './guard-order';

/** Takes back what was asked of the guard. */
export type Release = () => void;

let pipe: Writable | undefined;
let orders = 0;

/**
 * Ends the child, and what else is in its process group, when this process ends without having done it: killed, crashed,
 * out of memory. The child must lead a group of its own (`detached`). Forgotten by itself when the child ends.
 *
 * @param signal what a clean stop is asked with; who has not ended 20 s later is killed
 */
export function guardChild(child: ChildProcess, signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.once('exit', guard({ kind: 'process', pid: child.pid, signal }));
}

/** Deletes a file or folder when this process ends without having done it. Released once it is gone, or is to stay. */
export function guardPath(file: string): Release {
  return guard({ kind: 'path', path: path.resolve(file) });
}

/** Runs a program when this process ends without having released it: after guarded processes ended, before paths go. */
export function guardWithCommand(program: string, args: readonly string[]): Release {
  return guard({ kind: 'command', program, args, cwd: process.cwd() });
}

/**
 * One guard per process, started at the first need. The kernel closes our end of its input however we end, and it needs
 * no goodbye: with nothing left to guard it ends by itself.
 */
function guard(what: GuardOrder['what']): Release {
  pipe ??= startGuard();
  const id = ++orders;
  tell({ id, what });
  return () => {
    tell({ id });
  };
}

function tell(order: Partial<GuardOrder> & Pick<GuardOrder, 'id'>): void {
  pipe?.write(`${JSON.stringify(order)}\n`);
}

function startGuard(): Writable {
  // Its own session and folder: neither a terminal's Ctrl-C nor a volume that is unmounted concerns it.
  const child = spawn(process.execPath, [path.join(__dirname, 'guard-process.js')], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Where there is no guard (no memory for it, or it was killed) the work itself can still be done.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  // Neither the process nor the pipe to it may keep this process from ending.
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child.stdin;
}
