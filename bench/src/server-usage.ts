import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Failure } from '@ewallet/failure';

/** Kernel ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;
const LISTEN = '0A';

/**
 * CPU seconds so far of the server that listens on a local port: its process, the children that live, and those that
 * have ended, which is what a PostgreSQL server spends on a connection that is closed since.
 *
 * @throws Failure where no process of this machine listens there
 */
export function serverCpuSeconds(port: number): number {
  const server = listenerOn(port);
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const own = processes.find(({ pid }) => pid === server);
  const children = processes.filter(({ parent }) => parent === server);
  return (own?.seconds ?? 0) + (own?.endedChildren ?? 0) + children.reduce((sum, { seconds }) => sum + seconds, 0);
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
  readonly endedChildren: number;
}

function statOf(pid: number): ProcessStat | undefined {
  const stat = readOr(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  // The command's name may hold spaces; the parent is the second field after it, the four times are the 12th to the 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const time = (index: number): number => Number(fields[index] ?? 0) / TICKS;
  return { pid, parent: Number(fields[1]), seconds: time(11) + time(12), endedChildren: time(13) + time(14) };
}

function listenerOn(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readOr(file)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(`:${hex}`) === true && fields[3] === LISTEN)
      .map((fields) => `socket:[${fields[9] ?? ''}]`),
  );
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && opens(name, new Set(sockets)));
  if (found === undefined) throw Failure.system(`No process of this machine listens on port ${port}.`);
  return Number(found);
}

function opens(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((name) => sockets.has(readlinkSync(`/proc/${pid}/fd/${name}`)));
  } catch {
    return false; // it ended, or it is somebody else's
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
