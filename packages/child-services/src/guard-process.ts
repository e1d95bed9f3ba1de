import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { GuardCommand, GuardedPath, GuardedProcess, GuardOrder } from './guard-order';
import { poll } from './poll';
import { identify, isAlive, type ProcessIdentity } from './process-identity';

/*
 * A process beside another one, which ends what that one started when it ends without doing it itself: killed, or crashed.
 * Orders come on stdin. Its other end is in the watched process and closes with it, however that ends.
 */

/** Connectors end within a second of being asked; a server writes a checkpoint first. */
const GRACE_MS = 20_000;
const KILLED_MS = 5_000;

type Guarded =
  (GuardedProcess & { readonly identity: Promise<ProcessIdentity | undefined> }) | GuardedPath | GuardCommand;

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const guarded = new Map<number, Guarded>();
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, what } = JSON.parse(line) as Partial<GuardOrder> & Pick<GuardOrder, 'id'>;
    if (what === undefined) guarded.delete(id);
    // A pid may be another process's by the time that it matters: it is known by its start, too.
    else guarded.set(id, what.kind === 'process' ? { ...what, identity: identify(what.pid) } : what);
  }
  const left = [...guarded.values()];
  await Promise.all(left.map(async (one) => (one.kind === 'process' ? end(one) : undefined)));
  for (const one of left) if (one.kind === 'command') await run(one);
  for (const one of left) if (one.kind === 'path') await rm(one.path, { recursive: true, force: true, maxRetries: 5 });
}

async function end({
  pid,
  signal,
  identity,
}: GuardedProcess & { readonly identity: Promise<ProcessIdentity | undefined> }): Promise<void> {
  const leader = await identity;
  if (leader === undefined || !(await isAlive(leader))) return;
  const ended = async (): Promise<true | undefined> => ((await isAlive(leader)) ? undefined : true);
  signalGroup(pid, signal);
  await poll(ended, { timeoutMs: GRACE_MS, everyMs: 20 });
  // Also those of the group that outlived a leader which ended as it was asked.
  signalGroup(pid, 'SIGKILL');
  await poll(ended, { timeoutMs: KILLED_MS, everyMs: 20 });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}

async function run({ program, args, cwd }: GuardCommand): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: 'ignore' });
  await once(child, 'close').catch(() => undefined);
}

void main();
