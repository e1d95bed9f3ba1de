import { pathToFileURL } from 'node:url';
import path from 'node:path';
import type { RealtimeConfig } from '../config/realtime-config';

export interface EnginePorts {
  readonly rpc: number;
  readonly rest: number;
}

export interface Folders {
  readonly root: string;
  readonly conf: string;
  readonly checkpoints: string;
  readonly savepoints: string;
  readonly temporary: string;
  readonly script: string;
}

export function foldersIn(root: string): Folders {
  return {
    root,
    conf: path.join(root, 'conf'),
    checkpoints: path.join(root, 'checkpoints'),
    savepoints: path.join(root, 'savepoints'),
    temporary: path.join(root, 'tmp'),
    script: path.join(root, 'job.sql'),
  };
}

/**
 * What the job needs wherever it runs.
 *
 * @param storage URIs; undefined: the cluster's own setting
 */
export function jobSettings(
  config: Pick<RealtimeConfig, 'checkpointIntervalSeconds'>,
  storage: { readonly checkpoints: string | undefined; readonly savepoints: string | undefined },
): Readonly<Record<string, string>> {
  return {
    'execution.checkpointing.interval': `${config.checkpointIntervalSeconds} s`,
    'execution.checkpointing.min-pause': '500 ms',
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.storage': 'filesystem',
    ...(storage.checkpoints === undefined ? {} : { 'execution.checkpointing.dir': storage.checkpoints }),
    ...(storage.savepoints === undefined ? {} : { 'execution.checkpointing.savepoint-dir': storage.savepoints }),
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.checkpointing.incremental': 'true',
    'execution.checkpointing.tolerable-failed-checkpoints': '10',
    // What is restored belongs to the new run, which deletes it when it has newer checkpoints.
    'execution.state-recovery.claim-mode': 'CLAIM',
    'state.backend.type': 'rocksdb',
    // State is read far more often than it is written. Without these, looking for a row that is not there read from
    // every file, and reading the newest files unpacked their blocks each time (#20).
    'state.backend.rocksdb.use-bloom-filter': 'true',
    'state.backend.rocksdb.compression.per.level': 'NO_COMPRESSION;LZ4_COMPRESSION',
    // Operators of SQL keep no row that they hand on. Without it each of a dozen readers got a copy of its own.
    'pipeline.object-reuse': 'true',
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': '2147483647',
    'restart-strategy.fixed-delay.delay': '1 s',
  };
}

/** Flink's config.yaml for two processes on this machine. */
export function engineSettings(
  config: Pick<
    RealtimeConfig,
    'parallelism' | 'taskManagerHeapMb' | 'checkpointIntervalSeconds' | 'metricsPort' | 'flink'
  >,
  folders: Folders,
  ports: EnginePorts,
): string {
  const framework = 128;
  const settings: Record<string, string | number | boolean> = {
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.rpc.port': ports.rpc,
    'jobmanager.bind-host': '127.0.0.1',
    'blob.server.port': 0,
    'rest.address': '127.0.0.1',
    'rest.bind-address': '127.0.0.1',
    'rest.port': ports.rest,
    'taskmanager.host': '127.0.0.1',
    'taskmanager.bind-host': '127.0.0.1',
    'taskmanager.numberOfTaskSlots': config.parallelism,
    'parallelism.default': config.parallelism,
    // What taskmanager.sh would work out from the size of the process.
    'taskmanager.cpu.cores': `${config.parallelism}.0`,
    'taskmanager.memory.task.heap.size': `${config.taskManagerHeapMb - framework}m`,
    'taskmanager.memory.task.off-heap.size': '0m',
    'taskmanager.memory.framework.heap.size': `${framework}m`,
    'taskmanager.memory.framework.off-heap.size': '64m',
    'taskmanager.memory.managed.size': '384m',
    'taskmanager.memory.network.min': '96m',
    'taskmanager.memory.network.max': '96m',
    'taskmanager.memory.jvm-metaspace.size': '256m',
    'taskmanager.memory.jvm-overhead.min': '128m',
    'taskmanager.memory.jvm-overhead.max': '128m',
    'io.tmp.dirs': folders.temporary,
    ...jobSettings(config, {
      checkpoints: pathToFileURL(folders.checkpoints).href,
      savepoints: pathToFileURL(folders.savepoints).href,
    }),
    // A process that was killed refuses the connection, which is noticed in seconds; one that is only slow, on a machine
    // that is busy, gets a minute.
    'heartbeat.interval': 2_000,
    'heartbeat.timeout': 60_000,
    'heartbeat.rpc-failure-threshold': 1,
    'pekko.ask.timeout': '60 s',
    // Each of the two processes takes the first port that is free.
    ...(config.metricsPort === undefined
      ? {}
      : {
          'metrics.reporters': 'prom',
          'metrics.reporter.prom.factory.class': 'org.apache.flink.metrics.prometheus.PrometheusReporterFactory',
          'metrics.reporter.prom.port': `${config.metricsPort}-${config.metricsPort + 1}`,
        }),
    ...config.flink,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? JSON.stringify(value) : value}\n`)
    .join('');
}

export const LOGGING = `rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
appender.out.name = out
appender.out.type = CONSOLE
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
logger.kafka.name = org.apache.flink.kafka.shaded.org.apache.kafka
logger.kafka.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
`;
