import { guardPath, type Launch } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { runProgram } from './run-program';

/** One more way into the broker, beside the plain one. */
export interface KafkaListener {
  readonly name: string;
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
}

/** What a test or a trial may ask of the broker beyond the defaults. */
export interface KafkaOptions {
  /** A fixed port for the plain listener; drawn when absent. */
  readonly port?: number;
  readonly listeners?: readonly KafkaListener[];
  /** Lines of server.properties, over the defaults below. `{dir}` in a value is the folder that holds `files`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Files for the broker to read, such as PEM key stores. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** SCRAM users that exist from the first start; a directory that was formatted before keeps its own. */
  readonly scramUsers?: readonly {
    readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly user: string;
    readonly password: string;
  }[];
  /** Megabytes; 512 by default. */
  readonly heapMb?: number;
  /** System properties of the broker's JVM. */
  readonly systemProperties?: Readonly<Record<string, string>>;
}

export interface KafkaPorts {
  readonly plain: number;
  readonly controller: number;
  readonly listeners: readonly number[];
}

/**
 * One broker that is its own controller. Replication is 1 as there is one broker; internal topics are small so that the
 * first use of a group or a transaction does not wait for 50 partitions; a group does not wait for members to gather.
 */
export function serverProperties(folder: string, ports: KafkaPorts, options: KafkaOptions): string {
  const extra = options.listeners ?? [];
  const listeners = [
    `PLAINTEXT://127.0.0.1:${ports.plain}`,
    ...extra.map(({ name }, index) => `${name}://127.0.0.1:${ports.listeners[index] ?? 0}`),
  ];
  const protocols = [
    'PLAINTEXT:PLAINTEXT',
    'CONTROLLER:PLAINTEXT',
    ...extra.map(({ name, protocol }) => `${name}:${protocol}`),
  ];
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${ports.controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': protocols.join(','),
    'log.dirs': path.join(folder, 'data'),
    'num.network.threads': '2',
    'num.io.threads': '4',
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // The default of 128 MB is taken from the heap at start.
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
    // A trial of a compacted topic would wait for the default of 15 s.
    'log.cleaner.backoff.ms': '1000',
    ...options.properties,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('{dir}', folder)}\n`)
    .join('');
}

const LOGGING = `appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
`;

interface KafkaRuntime {
  readonly java: string;
  readonly classpath: string;
  readonly signal: AbortSignal;
}

/** Writes the broker's settings, formats its directory where it is new, and says how to start it. */
export async function prepareKafka(
  folder: string,
  ports: KafkaPorts,
  options: KafkaOptions,
  runtime: KafkaRuntime,
): Promise<Launch> {
  const { java, classpath } = runtime;
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(options.files ?? {})) {
    await writeFile(path.join(folder, name), content, { mode: 0o600 });
  }
  const settings = path.join(folder, 'server.properties');
  const logging = path.join(folder, 'log4j2.properties');
  await writeFile(settings, serverProperties(folder, ports, options), { mode: 0o600 });
  await writeFile(logging, LOGGING);
  await format(folder, serverProperties(folder, ports, options), options, runtime);
  const heap = options.heapMb ?? 512;
  const defined = Object.entries(options.systemProperties ?? {}).map(([name, value]) => `-D${name}=${value}`);
  return {
    command: java,
    args: [
      `-Xmx${heap}m`,
      ...defined,
      `-Dlog4j2.configurationFile=${logging}`,
      '-cp',
      classpath,
      'kafka.Kafka',
      settings,
    ],
    env: {},
    cwd: folder,
    logFile: path.join(folder, 'kafka.log'),
    stopSignal: 'SIGTERM',
  };
}

async function format(
  folder: string,
  properties: string,
  options: KafkaOptions,
  { java, classpath, signal }: KafkaRuntime,
): Promise<void> {
  const done = path.join(folder, 'formatted');
  if (existsSync(done)) return;
  const data = path.join(folder, 'data');
  // A folder of its own: the formatter of an earlier run that was killed may still be writing into its folder.
  const fresh = await mkdtemp(path.join(folder, 'data.new.'));
  const settings = path.join(folder, `format.${process.pid}.properties`);
  const gone = [fresh, settings].map(guardPath);
  // Of two lines for one key the last one holds.
  await writeFile(settings, `${properties}log.dirs=${fresh}\n`, { mode: 0o600 });
  const scram = (options.scramUsers ?? []).flatMap(({ mechanism, user, password }) => [
    '--add-scram',
    `${mechanism}=[name=${user},password=${password}]`,
  ]);
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'k');
  const args = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classpath, 'kafka.tools.StorageTool', 'format'];
  try {
    await runProgram(java, [...args, '--cluster-id', clusterId, '--config', settings, ...scram], { signal });
    await rm(data, { recursive: true, force: true }); // Half formatted by a run that was killed.
    await rename(fresh, data);
  } catch (error) {
    if (signal.aborted) throw error;
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw Failure.config(`Kafka refused its settings in ${path.join(folder, 'server.properties')}: ${cause(output)}`, {
      cause: error,
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(settings, { force: true });
    for (const release of gone) release();
  }
  await writeFile(`${done}.new`, clusterId);
  await rename(`${done}.new`, done);
}

/** What a JVM printed, without the frames of its stack: the innermost cause where it names one. */
function cause(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+(at |\.\.\. )/.test(line));
  return (lines.findLast((line) => line.startsWith('Caused by: ')) ?? lines.join(' ')).trim();
}

/** An ApiVersions request: the broker answers it once it serves clients, before that the connection is refused. */
const API_VERSIONS_REQUEST = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** Resolves when the broker answers a request on the port. */
export async function probeKafka(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    const fail = (): void => {
      socket.destroy();
      reject(new Error(`no answer from the broker on port ${port}`));
    };
    socket.setTimeout(5_000, fail);
    socket.once('error', fail);
    socket.once('close', fail);
    socket.once('data', () => {
      socket.removeListener('close', fail);
      socket.destroy();
      resolve();
    });
    socket.write(API_VERSIONS_REQUEST);
  });
}
