import { readdirSync, readlinkSync } from 'node:fs';
import { Failure } from '@ewallet/failure';
import type { StackConnections } from '@ewallet/stack-connections';
import { processStat, procFile } from './proc';

const LISTEN = '0A';

export type ServerName = 'e-wallet' | 'Kafka' | 'warehouse';

export interface ServerUsage {
  readonly name: ServerName;
  /** Processor time since the watching began. */
  seconds(): number;
}

/** Watches servers of the stack from now on, in the order of their names. */
export function watchServers(stack: StackConnections, names: readonly ServerName[]): readonly ServerUsage[] {
  return names.map((name) => {
    const port = portOf(stack, name);
    const before = serverCpuSeconds(port);
    return { name, seconds: () => serverCpuSeconds(port) - before };
  });
}

/** Processor time as the trials say it: seconds a million rows took. */
export function perMillion(seconds: number, rows: number): string {
  return ((seconds / rows) * 1e6).toFixed(1);
}

function portOf({ source, kafka, warehouse }: StackConnections, name: ServerName): number {
  switch (name) {
    case 'e-wallet':
      return source.port;
    case 'Kafka':
      return Number(kafka.bootstrapServers.split(':').at(-1));
    case 'warehouse':
      return warehouse.port;
  }
}

/**
 * CPU seconds so far of the server that listens on a local port: its process, the children that live, and those that
 * have ended, which is what a PostgreSQL server spends on a connection that is closed since.
 *
 * @throws Failure where no process of this machine listens there
 */
function serverCpuSeconds(port: number): number {
  const server = listenerOn(port);
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processStat(Number(name)) ?? []);
  const own = processes.find(({ pid }) => pid === server);
  const children = processes.filter(({ parent }) => parent === server);
  const ofChildren = children.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, own?.endedChildrenCpuSeconds ?? 0);
  return (own?.cpuSeconds ?? 0) + ofChildren;
}

function listenerOn(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = ['net/tcp', 'net/tcp6'].flatMap((file) =>
    procFile(file)
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
