import { pause } from '@ewallet/command-line';
import { drawPort, findJava, identify, isAlive, isFree, poll, Service, type Launch } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealtimeConfig } from '../config/realtime-config';
import { jobName } from '../script/script';
import {
  announceEnd,
  forgetEnd,
  isEndAnnounced,
  readClusterState,
  writeClusterState,
  type ClusterState,
  type EngineName,
} from './cluster-state';
import { engineSettings, foldersIn, LOGGING, type EnginePorts, type Folders } from './flink-settings';
import { provideFlink } from './jars';
import { jobManager, taskManager, type Runtime } from './launches';
import { newestRestorePoint } from './restore-point';
import { FlinkRest } from './rest';
import { provideTruststore } from './truststore';

/** A job that cannot start, because its settings or its saved state do not fit, fails the same way each time. */
const STARTS_WITHOUT_RUNNING = 3;
const RUNNING_MS = 300_000;
const END_MS = 120_000;
const LOOK_EVERY_MS = 500;

type Say = (line: string) => void;

/**
 * Runs the job in two processes of this machine until `stop` is aborted or the job was stopped: whichever dies is started
 * again, and the job continues from its newest checkpoint.
 *
 * @param ready told once, when every task runs
 */
export async function superviseLocally(
  config: RealtimeConfig,
  script: string,
  hooks: {
    readonly say: Say;
    readonly ready: () => void;
    readonly stop: AbortSignal;
    /** Whether both processes end when this one is killed. */
    readonly guarded: boolean;
  },
): Promise<void> {
  const folders = foldersIn(config.directory);
  await endWhatRuns(config.directory);
  const ports = await prepare(config, folders, script);
  const runtime = { java: await findJava(), classpath: await provideFlink(hooks.say) };
  await provideTruststore(runtime.java, config.registry.truststore);
  await forgetEnd(config.directory);
  const supervisor = await identify(process.pid);
  const cluster = new Supervised(config, folders, ports, { ...runtime, guarded: hooks.guarded });
  const save = async (ran: boolean): Promise<void> =>
    writeClusterState(config.directory, {
      restUrl: cluster.rest.url,
      ports,
      supervisor,
      services: cluster.services.map((service) => service.state),
      ran,
    });
  let ran = false;
  let failedStarts = 0;
  try {
    for (;;) {
      await cluster.start(hooks.say);
      await save(ran);
      const outcome = await cluster.watch(hooks.stop, async () => {
        failedStarts = 0;
        if (ran) hooks.say('the job runs again');
        else {
          ran = true;
          hooks.ready();
        }
        await save(ran);
      });
      if (outcome === 'end') return;
      failedStarts += 1;
      if (failedStarts >= STARTS_WITHOUT_RUNNING) {
        throw Failure.transient(
          `The job did not come to run in ${failedStarts} starts. The end of ${cluster.jobManagerLog} says why. Where it cannot continue from its saved state, because the configuration has other \`products\`, start over: another \`topic_prefix\` and another \`directory\`.`,
        );
      }
      hooks.say(`${outcome} ended; starting it again`);
      await sleep(1_000);
    }
  } finally {
    await announceEnd(config.directory);
    await cluster.stop();
    await save(ran);
  }
}

/** The two processes of one cluster, over their restarts. */
class Supervised {
  readonly rest: FlinkRest;
  private manager: Service<EngineName> | undefined;
  private worker: Service<EngineName> | undefined;

  constructor(
    private readonly config: RealtimeConfig,
    private readonly folders: Folders,
    ports: EnginePorts,
    private readonly runtime: Runtime & { readonly guarded: boolean },
  ) {
    this.rest = new FlinkRest(`http://127.0.0.1:${ports.rest}`);
  }

  get services(): readonly Service<EngineName>[] {
    return [this.manager, this.worker].filter((service) => service !== undefined);
  }

  get jobManagerLog(): string {
    return path.join(this.folders.root, 'jobmanager.log');
  }

  /** Starts what does not run. A new JobManager gets a new TaskManager: the old one would wait for the old one's leadership. */
  async start(say: Say): Promise<void> {
    if (this.manager === undefined || !(await this.manager.isRunning())) {
      await this.stop();
      const from = await newestRestorePoint(this.folders);
      say(from === undefined ? 'the job begins at the start of its topics' : `the job continues from ${from}`);
      const answers = async (): Promise<void> => {
        await this.rest.jobs();
      };
      this.manager = this.service('JobManager', jobManager(this.runtime, this.folders, from), answers);
      await this.manager.start();
    }
    if (this.worker === undefined || !(await this.worker.isRunning())) {
      const launch = taskManager(this.runtime, this.folders, this.config.taskManagerHeapMb);
      this.worker = this.service('TaskManager', launch, () => Promise.resolve());
      await this.worker.start();
    }
  }

  /** @returns which process ended, or `end` when that was asked for */
  async watch(stop: AbortSignal, running: () => Promise<void>): Promise<EngineName | 'end'> {
    let ran = false;
    for (;;) {
      if (stop.aborted) return 'end';
      for (const service of this.services) {
        if (!(await service.isRunning())) return isEndAnnounced(this.config.directory) ? 'end' : service.name;
      }
      if (!ran && (await this.isRunning())) {
        ran = true;
        await running();
      }
      await pause(LOOK_EVERY_MS, stop);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map(async (service) => service.stop()));
    this.manager = undefined;
    this.worker = undefined;
  }

  private service(name: EngineName, launch: Launch, answers: () => Promise<void>): Service<EngineName> {
    return new Service(name, launch, answers, { guarded: this.runtime.guarded });
  }

  private async isRunning(): Promise<boolean> {
    try {
      const job = await this.rest.activeJob(jobName(this.config));
      return job !== undefined && (await this.rest.health(job)).allRunning;
    } catch {
      return false; // It is starting, or ending: whether the process runs is looked at beside this.
    }
  }
}

/** Writes what the processes read. Ports stay the same over restarts, as far as they are free. */
async function prepare(config: RealtimeConfig, folders: Folders, script: string): Promise<EnginePorts> {
  for (const folder of [folders.conf, folders.checkpoints, folders.savepoints, folders.temporary]) {
    await mkdir(folder, { recursive: true });
  }
  const before = (await readClusterState(config.directory))?.ports;
  const choose = async (port: number | undefined): Promise<number> =>
    port !== undefined && (await isFree(port)) ? port : drawPort();
  const ports = { rpc: await choose(before?.rpc), rest: await choose(before?.rest) };
  await writeFile(path.join(folders.conf, 'config.yaml'), engineSettings(config, folders, ports));
  await writeFile(path.join(folders.conf, 'log4j2.properties'), LOGGING);
  await writeFile(folders.script, script, { mode: 0o600 }); // It holds credentials.
  return ports;
}

function servicesOf(state: ClusterState): readonly Service<EngineName>[] {
  return state.services.map(
    ({ name, launch, process }) => new Service(name, launch, () => Promise.resolve(), { process }),
  );
}

/** Whether the supervisor of a local cluster runs, and which of its processes do. */
export async function localStatus(
  directory: string,
): Promise<
  { readonly state: ClusterState; readonly supervised: boolean; readonly running: readonly EngineName[] } | undefined
> {
  const state = await readClusterState(directory);
  if (state === undefined) return undefined;
  const running: EngineName[] = [];
  for (const service of servicesOf(state)) if (await service.isRunning()) running.push(service.name);
  return { state, supervised: state.supervisor !== undefined && (await isAlive(state.supervisor)), running };
}

/**
 * Ends the supervisor and both processes, in whatever state they are; nothing of the directory runs afterwards.
 *
 * @returns false where nothing ran
 */
export async function endWhatRuns(directory: string): Promise<boolean> {
  const found = await localStatus(directory);
  if (found === undefined) return false;
  const { state, supervised, running } = found;
  const supervisor = state.supervisor;
  if (supervised && supervisor !== undefined && supervisor.pid !== process.pid) {
    await announceEnd(directory);
    process.kill(supervisor.pid, 'SIGTERM');
    const ended = await poll(async () => ((await isAlive(supervisor)) ? undefined : true), { timeoutMs: END_MS });
    if (ended !== true) process.kill(supervisor.pid, 'SIGKILL');
  }
  // Of the newest record: the supervisor may have started others in between.
  const last = await readClusterState(directory);
  await Promise.all(servicesOf(last ?? state).map(async (service) => service.stop()));
  return supervised || running.length > 0;
}

/** Waits until a local cluster's job runs. Undefined where it did not within five minutes. */
export async function untilRan(directory: string, alive: () => boolean): Promise<'ran' | 'ended' | undefined> {
  return poll(
    async () => {
      const found = await localStatus(directory);
      if (found?.state.ran === true && found.supervised) return 'ran';
      return alive() ? undefined : 'ended';
    },
    { timeoutMs: RUNNING_MS, everyMs: 250 },
  );
}
