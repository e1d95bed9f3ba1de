import {
  guardWithCommand,
  identify,
  isAlive,
  Service,
  type ProcessIdentity,
  type Release,
} from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { StackConnections } from '@ewallet/stack-connections';
import { existsSync } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { dropDeadLock } from './postgresql';
import { postgresConnection, prepare, prober } from './prepare-stack';
import { readState, SERVICE_NAMES, writeState, type ServiceName, type StackState } from './service-state';
import { withStackLock } from './stack-lock';
import type { RunningStack, StackOptions } from './stack-options';
import { choosePorts } from './stack-ports';

/**
 * Starts the services in parallel and resolves once each of them answers a client. What an earlier run that was killed
 * left running in the directory is stopped first; a stack that runs there is a config failure (see `attachStack`).
 * When one service cannot start the others are stopped again.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const dir = path.resolve(options.dir);
  await mkdir(dir, { recursive: true });
  await letOthersPass(dir);
  return withStackLock(dir, options.say ?? (() => undefined), async () => {
    await refuseRunning(dir);
    const owner = options.outlive === true ? undefined : await identify(process.pid);
    const stack = await assemble(dir, options, owner);
    if (owner !== undefined) stack.guard = guardWithCommand(process.execPath, [STOP_OF_OWNER, dir, owner.startedAt]);
    try {
      await stack.start();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  });
}

/** The stack that runs in a directory, started by whichever process; undefined where none of its services runs. */
export async function attachStack(dir: string): Promise<RunningStack | undefined> {
  const resolved = path.resolve(dir);
  const state = await readState(resolved);
  if (state === undefined) return undefined;
  const stack = fromState(resolved, state);
  const running = await Promise.all(stack.services.map(async (service) => service.isRunning()));
  return running.includes(true) ? stack : undefined;
}

/**
 * Starts what died of the stack that runs in a directory, and leaves the others as they run.
 *
 * @returns undefined where none runs, or only what a process that was killed left behind
 */
export async function reviveStack(dir: string, say: (line: string) => void): Promise<RunningStack | undefined> {
  const resolved = path.resolve(dir);
  if (!existsSync(resolved)) return undefined;
  return withStackLock(resolved, say, async () => {
    const state = await readState(resolved);
    if (state === undefined || (await isOrphaned(state))) return undefined;
    const stack = fromState(resolved, state);
    const dead = await stack.dead();
    if (dead.length === stack.services.length) return undefined;
    if (dead.length > 0) say(`starting again: ${dead.map((service) => service.name).join(', ')}`);
    await stack.start();
    return stack;
  });
}

/**
 * Stops whatever runs in the directory.
 *
 * @param of leaves alone what was not started for the process that started at this moment
 * @returns false where nothing ran
 */
export async function stopStack(dir: string, of?: ProcessIdentity['startedAt']): Promise<boolean> {
  const resolved = path.resolve(dir);
  if ((await attachStack(resolved)) === undefined) return false;
  // What runs is read again: who had the lock may have started other services.
  return withStackLock(
    resolved,
    () => undefined,
    async () => {
      if (of !== undefined && (await readState(resolved))?.owner?.startedAt !== of) return false;
      await (await attachStack(resolved))?.stop();
      return true;
    },
  );
}

/** Every service of a running stack and whether it runs. */
export async function stackStatus(
  dir: string,
): Promise<readonly { readonly name: ServiceName; readonly running: boolean; readonly pid: number | undefined }[]> {
  const resolved = path.resolve(dir);
  const state = await readState(resolved);
  if (state === undefined) return [];
  return Promise.all(
    fromState(resolved, state).services.map(async (service) => {
      const running = await service.isRunning();
      return { name: service.name, running, pid: running ? service.pid : undefined };
    }),
  );
}

/** Ends what was started for a process that was killed, by whichever process. */
const STOP_OF_OWNER = path.join(__dirname, 'stop-of-owner.js');

class Stack implements RunningStack {
  readonly services: Service<ServiceName>[] = [];
  guard: Release | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    readonly dir: string,
    readonly connections: StackConnections,
    readonly listeners: Readonly<Record<string, string>>,
    readonly owner: ProcessIdentity | undefined,
  ) {}

  service(name: ServiceName): Service<ServiceName> {
    const service = this.services.find((candidate) => candidate.name === name);
    if (service === undefined) throw Failure.config(`the stack in ${this.dir} was started without ${name}`);
    return service;
  }

  async dead(): Promise<readonly Service<ServiceName>[]> {
    const running = await Promise.all(this.services.map(async (service) => service.isRunning()));
    return this.services.filter((_, index) => running[index] !== true);
  }

  async start(): Promise<void> {
    const started = await Promise.allSettled(
      (await this.dead()).map(async (service) => {
        if (service.name === 'source' || service.name === 'warehouse') {
          await dropDeadLock(path.join(this.dir, service.name));
        }
        await service.start();
      }),
    );
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map(async (service) => service.stop()));
    this.guard?.();
    this.guard = undefined;
  }

  /** Writes are one after another, so that the last state wins. */
  async save(): Promise<void> {
    const services = this.services.map((service) => service.state);
    const { connections, listeners, owner } = this;
    const write = async (): Promise<void> => writeState(this.dir, { connections, listeners, services, owner });
    this.saving = this.saving.then(write, write);
    await this.saving;
  }
}

function fromState(dir: string, state: StackState): Stack {
  const stack = new Stack(dir, state.connections, state.listeners, state.owner);
  const ours = state.owner?.pid === process.pid;
  const save = async (): Promise<void> => stack.save();
  for (const { name, launch, process } of state.services) {
    stack.services.push(
      new Service(name, launch, prober(name, state.connections), { process, changed: save, guarded: ours }),
    );
  }
  return stack;
}

/** Whether the services were to end with a process that has ended: something is ending them now, or failed to. */
async function isOrphaned({ owner }: StackState): Promise<boolean> {
  return owner !== undefined && !(await isAlive(owner));
}

/** Under root PostgreSQL runs as another user, who has to get through a directory that mkdtemp closed to all others. */
async function letOthersPass(dir: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { mode } = await stat(dir);
  await chmod(dir, mode | 0o011);
}

async function refuseRunning(dir: string): Promise<void> {
  const state = await readState(dir);
  if (state === undefined) return;
  const stack = fromState(dir, state);
  const running = await Promise.all(stack.services.map(async (service) => service.isRunning()));
  if (running.length > 0 && running.every(Boolean) && !(await isOrphaned(state))) {
    throw Failure.config(
      `a stack is running in ${dir} already: use it, end it with "local-stack down --dir ${dir}", or choose another --dir`,
    );
  }
  await stack.stop();
}

async function assemble(dir: string, options: StackOptions, owner: ProcessIdentity | undefined): Promise<Stack> {
  const wanted = options.only ?? SERVICE_NAMES;
  const before = await readState(dir);
  const ports = await choosePorts(options, before);
  const extra = options.kafka?.listeners ?? [];
  const connections: StackConnections = {
    source: postgresConnection(ports.source, 'wallet'),
    warehouse: postgresConnection(ports.warehouse, 'warehouse'),
    kafka: { bootstrapServers: `127.0.0.1:${ports.kafka.plain}` },
    schemaRegistry: { url: `http://127.0.0.1:${ports.schemaRegistry}/apis/ccompat/v7` },
  };
  const listeners = Object.fromEntries(
    extra.map(({ name }, index) => [name, `127.0.0.1:${ports.kafka.listeners[index] ?? 0}`]),
  );
  const launches = await prepare(dir, wanted, { connections, ports, options });
  return fromState(dir, {
    connections,
    listeners,
    owner,
    services: launches.map(([name, launch]) => ({ name, launch, process: undefined })),
  });
}
