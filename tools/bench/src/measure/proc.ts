import { readFileSync } from 'node:fs';

/** Kernel ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** What /proc tells of one process; times are in seconds of processor time, user's and system's together. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  /** Of the children that have ended and were waited for. */
  readonly endedChildrenCpuSeconds: number;
}

/** @returns undefined where there is no such process */
export function processStat(pid: number): ProcessStat | undefined {
  const stat = procFile(`${pid}/stat`);
  if (stat === '') return undefined;
  // The command's name may hold spaces; the parent is the second field after it, the four times are the 12th to the 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const time = (index: number): number => Number(fields[index] ?? 0) / TICKS;
  return {
    pid,
    parent: Number(fields[1]),
    cpuSeconds: time(11) + time(12),
    endedChildrenCpuSeconds: time(13) + time(14),
  };
}

/** The largest resident set that a process had, in bytes; 0 where there is no such process. */
export function peakRssOf(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB/m.exec(procFile(`${pid}/status`));
  return Number(match?.[1] ?? 0) * 1_024;
}

/** Seconds so far in which a core of this machine had nothing to do, or waited for a disk; of all cores together. */
export function idleSeconds(): number {
  const [, , , , idle, waiting] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 6);
  return (Number(idle) + Number(waiting)) / TICKS;
}

/** The text of a file in /proc; empty where the process that it is about has ended. */
export function procFile(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'utf8');
  } catch {
    return '';
  }
}
