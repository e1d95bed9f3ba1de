import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';
import { diskFailure } from './disk-failure';
import { errorCode } from './error-code';
import type { SyncLog } from './sync-log';

/** How often a running sync shows that it lives, in milliseconds. */
const HEARTBEAT = 10_000;
/** A lock from another machine (or container) without a sign of life for so long belongs to nobody. */
const SILENCE = 60_000;
/** Clocks differ and jump: a lock that looks silent is watched for so long before it is taken over. */
const WATCH = 2.5 * HEARTBEAT;
const WATCH_STEP = 500;

/** Two syncs of one connection must not overlap. Thrown where another one runs. */
export class AlreadyRunning extends Failure {
  /** Whether it does not end by itself. */
  readonly follows: boolean;

  constructor(file: string, holder: Holder) {
    const who = `process ${holder.pid} on ${holder.host}, lock ${file}`;
    super('transient_error', {
      message: holder.follows
        ? `\`ewallet-sync run --follow\` of this connection is running (${who}) and does not end by itself. Stop it, run this, ` +
          'then start it again: it continues from its last state.'
        : `Another sync of this connection is running (${who}). Wait for it to end.`,
    });
    this.follows = holder.follows;
  }
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same id. */
  readonly started: string;
  /** Whether it runs until it is stopped. */
  readonly follows: boolean;
}

/** Held from `acquire` to `release`; a lock whose process died is taken over. */
export class RunLock {
  private constructor(
    private readonly file: string,
    private readonly text: string,
    private readonly heartbeat: NodeJS.Timeout,
  ) {}

  /**
   * @param options.follows whether it is held until somebody stops the holder
   * @throws AlreadyRunning
   */
  static async acquire(file: string, { follows = false }: { readonly follows?: boolean } = {}): Promise<RunLock> {
    const text = JSON.stringify({
      pid: process.pid,
      host: hostname(),
      started: startOf(process.pid),
      id: randomUUID(),
      follows,
    });
    const own = `${file}.${process.pid}`;
    try {
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(own, text, { mode: 0o600 });
      } catch (error) {
        throw diskFailure(error, `The lock ${file} cannot be made`);
      }
      // A link is made whole or not at all, so nobody ever reads half a lock.
      while (!(await tryLink(own, file))) await removeIfAbandoned(file);
    } finally {
      await rm(own, { force: true });
    }
    const heartbeat = setInterval(() => {
      const now = new Date();
      utimes(file, now, now).catch(() => undefined);
    }, HEARTBEAT);
    heartbeat.unref();
    return new RunLock(file, text, heartbeat);
  }

  /** Never throws: what it guarded is done, and a lock that is left is taken over. */
  async release(log: Pick<SyncLog, 'warn'>): Promise<void> {
    clearInterval(this.heartbeat);
    try {
      if ((await readFile(this.file, 'utf8').catch(() => '')) === this.text) await rm(this.file, { force: true });
    } catch (error) {
      log.warn('the lock could not be removed; the next sync takes it over', { message: String(error) });
    }
  }
}

async function tryLink(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw diskFailure(error, `The lock ${file} cannot be made`);
  }
}

async function removeIfAbandoned(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder !== undefined && (await lives(file, holder))) throw new AlreadyRunning(file, holder);
  const aside = `${file}.abandoned.${process.pid}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  // Between the reading and the renaming somebody else may have taken the lock over: then it goes back.
  const moved = await readFile(aside, 'utf8').catch(() => text);
  if (moved !== text) await tryLink(aside, file);
  await rm(aside, { force: true });
}

async function lives(file: string, holder: Holder): Promise<boolean> {
  if (holder.host === hostname()) return startOf(holder.pid) === holder.started && holder.started !== '';
  const seen = await lastSign(file);
  if (seen === undefined) return false;
  // By our clock against the holder's, which says nothing where one of them was set: a sign of life is a change.
  if (Math.abs(Date.now() - seen) < SILENCE) return true;
  for (let waited = 0; waited < WATCH; waited += WATCH_STEP) {
    await sleep(WATCH_STEP);
    const now = await lastSign(file);
    if (now !== seen) return now !== undefined;
  }
  return false;
}

/** When the holder last touched its lock, in milliseconds of the holder's clock. */
async function lastSign(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.mtimeMs;
}

/** When a process started, in the kernel's ticks; empty where there is no such process. */
function startOf(pid: number): string {
  try {
    // Fields follow the command's name, which may itself hold spaces and brackets; the 20th of them is the start.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return signalReaches(pid) ? 'running' : '';
  }
}

/** Where there is no /proc (macOS), a process id in use is the best sign there is. */
function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    const { pid, host, started, follows } = value ?? {};
    return typeof pid === 'number' && typeof host === 'string' && typeof started === 'string'
      ? { pid, host, started, follows: follows === true }
      : undefined;
  } catch {
    return undefined;
  }
}
