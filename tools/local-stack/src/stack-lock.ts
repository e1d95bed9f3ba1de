import { identify, isAlive, poll, type ProcessIdentity } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** A stack starts within half a minute on a quiet machine, and stops sooner. */
const PATIENCE_MS = 120_000;

type Say = (line: string) => void;

/**
 * Runs `work` while no other process starts or stops the stack in this directory. Waits for one that does.
 *
 * @param patienceMs how long it waits, in milliseconds
 */
export async function withStackLock<T>(
  dir: string,
  say: Say,
  work: () => Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const file = path.join(dir, 'stack.lock');
  await take(dir, file, say, patienceMs);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(dir: string, file: string, say: Say, patienceMs: number): Promise<void> {
  const mine = JSON.stringify(await identify(process.pid));
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await create(file, mine);
      return;
    } catch (error) {
      // A full disk or a folder without rights is not a lock that somebody holds.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotLock(file, error);
      const holder = await livingHolder(file);
      if (holder !== undefined) {
        say(`waiting for process ${holder.pid}, which is starting or stopping the stack in ${dir}`);
        const ended = async (): Promise<true | undefined> => {
          const now = await livingHolder(file);
          return now?.pid === holder.pid && now.startedAt === holder.startedAt ? undefined : true;
        };
        if ((await poll(ended, { timeoutMs: patienceMs })) === undefined) throw stillHeld(dir, holder);
      }
      // Left by a process that was killed; not what another one made meanwhile.
      if ((await livingHolder(file)) === undefined) await rm(file, { force: true });
    }
  }
  throw Failure.transient(`other processes are starting or stopping the stack in ${dir}: use another --dir`);
}

/** Makes the file, whole or not at all: an empty lock would say nothing of its holder. */
async function create(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(content);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

function cannotLock(file: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return Failure.config(
    `cannot write ${file}: ${reason} (make room or give this user the right to write there, or use another --dir)`,
    { cause: error },
  );
}

function stillHeld(dir: string, { pid }: ProcessIdentity): Failure {
  return Failure.transient(
    `process ${pid} is still starting or stopping the stack in ${dir}: wait for it, or use another --dir`,
  );
}

/** Who holds the lock; undefined where nobody does, or who did was killed. */
async function livingHolder(file: string): Promise<ProcessIdentity | undefined> {
  let holder: ProcessIdentity;
  try {
    holder = JSON.parse(await readFile(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
  return (await isAlive(holder)) ? holder : undefined;
}
