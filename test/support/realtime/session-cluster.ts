import { drawPort, findJava, Service, type Launch } from '@ewallet/child-services';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RealtimeConfig } from '../../../realtime/src/config/realtime-config';
import { engineSettings, foldersIn, jobSettings, LOGGING } from '../../../realtime/src/engine/flink-settings';
import { provideFlink } from '../../../realtime/src/engine/jars';
import { javaArguments } from '../../../realtime/src/engine/launches';

const HEAP_MB = 768;

/** A Flink session cluster as a company has one: no job, and no settings of ours. */
export class SessionCluster {
  private constructor(
    readonly restUrl: string,
    readonly jobManager: Service,
    readonly taskManager: Service,
  ) {}

  static async start(directory: string): Promise<SessionCluster> {
    const folders = foldersIn(directory);
    for (const folder of [folders.conf, folders.temporary]) await mkdir(folder, { recursive: true });
    const ports = { rpc: await drawPort(), rest: await drawPort() };
    const config: Pick<
      RealtimeConfig,
      'parallelism' | 'taskManagerHeapMb' | 'checkpointIntervalSeconds' | 'metricsPort' | 'flink'
    > = {
      parallelism: 1,
      taskManagerHeapMb: HEAP_MB,
      checkpointIntervalSeconds: 1,
      metricsPort: undefined,
      flink: {},
    };
    const ours = Object.keys(jobSettings(config, { checkpoints: '', savepoints: '' }));
    const settings = engineSettings(config, folders, ports).split('\n');
    await writeFile(
      path.join(folders.conf, 'config.yaml'),
      settings.filter((line) => !ours.some((key) => line.startsWith(`${key}: `))).join('\n'),
    );
    await writeFile(path.join(folders.conf, 'log4j2.properties'), LOGGING);
    const [java, classpath] = [await findJava(), await provideFlink(() => undefined)];
    const launch = (name: string, mainClass: string, ...jvm: readonly string[]): Launch => ({
      command: java,
      args: [...jvm, ...javaArguments(folders), '-cp', classpath, mainClass, '--configDir', folders.conf],
      env: {},
      cwd: directory,
      logFile: path.join(directory, `${name}.log`),
      stopSignal: 'SIGTERM',
    });
    const restUrl = `http://127.0.0.1:${ports.rest}`;
    const answers = async (): Promise<void> => {
      await fetch(`${restUrl}/overview`);
    };
    const manager = launch(
      'jobmanager',
      'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint',
      '-Xmx384m',
      '-XX:TieredStopAtLevel=1',
    );
    const worker = launch(
      'taskmanager',
      'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      `-Xmx${HEAP_MB}m`,
      '-XX:MaxDirectMemorySize=256m',
    );
    const cluster = new SessionCluster(
      restUrl,
      new Service('JobManager', manager, answers, { guarded: true }),
      new Service('TaskManager', worker, () => Promise.resolve(), { guarded: true }),
    );
    await cluster.startBoth();
    return cluster;
  }

  /** Both processes die, and with them what the cluster knew; then they are there again. */
  async crashAndStart(): Promise<void> {
    await Promise.all([this.jobManager.kill(), this.taskManager.kill()]);
    await this.startBoth();
  }

  async stop(): Promise<void> {
    await Promise.all([this.jobManager.kill(), this.taskManager.kill()]);
  }

  private async startBoth(): Promise<void> {
    await Promise.all([this.jobManager.start(), this.taskManager.start()]);
  }
}
