import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A pid alone names whatever process has it now; with the start time it names one process for good. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

interface ProcessLook {
  readonly startedAt: string;
  /** Dead, but not yet reaped: in a container whose first process reaps nothing it stays so. */
  readonly zombie: boolean;
}

/** The process that has this pid now, or undefined where there is none. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const look = await lookAt(pid);
  return look === undefined || look.zombie ? undefined : { pid, startedAt: look.startedAt };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now?.startedAt === identity.startedAt;
}

async function lookAt(pid: number): Promise<ProcessLook | undefined> {
  return process.platform === 'linux' ? lookInProc(pid) : lookWithPs(pid);
}

/** proc(5): the name in parentheses may hold spaces and parentheses, so fields are counted after the last one. */
async function lookInProc(pid: number): Promise<ProcessLook | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { startedAt: fields[19] ?? '', zombie: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

async function lookWithPs(pid: number): Promise<ProcessLook | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    return { startedAt: started.join(' '), zombie: state.startsWith('Z') };
  } catch {
    return undefined;
  }
}
