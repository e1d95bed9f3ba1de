import { commandLine, LogOutput } from '@ewallet/command-line';
import { cacheDirectory } from '@ewallet/child-services';
import { asFailure, Failure } from '@ewallet/failure';
import { postgresUrl, type StackConnections } from '@ewallet/stack-connections';
import { InvalidArgumentError } from 'commander';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PostgresOptions } from './postgresql';
import { parsePostgresVersion, POSTGRES_VERSIONS, type PostgresVersion } from './postgresql-binaries';
import { reviveStack, stackStatus, startStack, stopStack } from './stack';
import type { RunningStack } from './stack-options';

/** One default directory a clone, in the system's temporary directory: PostgreSQL under root needs one open to others. */
function defaultDirectory(): string {
  const clone = createHash('sha256').update(cacheDirectory()).digest('hex').slice(0, 8);
  return path.join(tmpdir(), `ewallet-local-stack-${clone}`);
}

const out = (line: string): boolean => process.stdout.write(`${line}\n`);
const log = LogOutput.of('local-stack');
const err = (line: string): void => {
  log.write(`${line}\n`);
};

interface UpOptions {
  readonly dir: string;
  readonly json?: true;
  readonly detach?: true;
  readonly sourcePort?: number;
  readonly warehousePort?: number;
  readonly kafkaPort?: number;
  readonly registryPort?: number;
  readonly postgres?: PostgresVersion;
}

async function up(options: UpOptions): Promise<void> {
  const { stack, ours } = await startOrFind(options);
  show(stack, options.json === true);
  if (options.detach === true || !ours) return;
  await untilAsked();
  err('stopping');
  // Not what was started here, but what runs: another `up` may have started a service again.
  await stopStack(stack.dir);
  await stack.stop();
}

/** A stack that runs in the directory already is as good as a new one: `up` twice is no error, and starts what died. */
async function startOrFind(options: UpOptions): Promise<{ stack: RunningStack; ours: boolean }> {
  const found = await reviveStack(options.dir, err);
  if (found !== undefined) {
    refuseOtherPorts(options, found);
    err(`a stack runs in ${found.dir} already`);
    return { stack: found, ours: false };
  }
  const started = Date.now();
  err(`starting two PostgreSQL servers, Kafka and a schema registry in ${options.dir}`);
  const stack = await startStack({
    dir: options.dir,
    say: err,
    outlive: options.detach === true,
    source: server(options.sourcePort, options.postgres),
    warehouse: server(options.warehousePort, options.postgres),
    ...(options.kafkaPort === undefined ? {} : { kafka: { port: options.kafkaPort } }),
    ...(options.registryPort === undefined ? {} : { schemaRegistry: { port: options.registryPort } }),
  });
  err(`ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { stack, ours: true };
}

function server(port: number | undefined, version: PostgresVersion | undefined): PostgresOptions {
  return { ...(port === undefined ? {} : { port }), ...(version === undefined ? {} : { version }) };
}

/** @throws Failure where a port was asked for and the stack that runs has another one */
function refuseOtherPorts(options: UpOptions, { dir, connections }: RunningStack): void {
  const has = {
    source: connections.source.port,
    warehouse: connections.warehouse.port,
    kafka: Number(connections.kafka.bootstrapServers.split(':').at(-1)),
    registry: Number(new URL(connections.schemaRegistry.url).port),
  };
  for (const name of ['source', 'warehouse', 'kafka', 'registry'] as const) {
    const asked = options[`${name}Port`];
    if (asked === undefined || asked === has[name]) continue;
    throw Failure.config(
      `a stack runs in ${dir} already, with port ${has[name]} and not ${asked} for ${name}: leave --${name}-port out, or end it with "local-stack down --dir ${dir}" first`,
    );
  }
}

function show(stack: RunningStack, json: boolean): void {
  if (json) out(JSON.stringify(stack.connections));
  else describe(stack.connections).forEach(out);
}

function describe(connections: StackConnections): readonly string[] {
  return [
    `e-wallet database  psql ${postgresUrl(connections.source)}`,
    `warehouse          psql ${postgresUrl(connections.warehouse)}`,
    `Kafka              ${connections.kafka.bootstrapServers}`,
    `schema registry    ${connections.schemaRegistry.url}`,
  ];
}

async function untilAsked(): Promise<void> {
  await new Promise<void>((resolve) => {
    const beat = setInterval(() => undefined, 60_000); // The services are processes of their own: keep this one alive.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        clearInterval(beat);
        resolve();
      });
    }
  });
}

async function status({ dir }: { readonly dir: string }): Promise<void> {
  const services = await stackStatus(dir);
  if (!services.some((service) => service.running)) throw Failure.config(`no stack runs in ${dir}`);
  for (const { name, running, pid } of services)
    out(`${name.padEnd(15)} ${running ? `runs, pid ${pid ?? ''}` : 'stopped'}`);
  if (!services.every((service) => service.running))
    throw Failure.transient('a service is down; "local-stack up" starts it again');
}

async function down({ dir, purge }: { readonly dir: string; readonly purge?: true }): Promise<void> {
  err((await stopStack(dir)) ? `stopped the stack in ${dir}` : `no stack runs in ${dir}`);
  if (purge === true) await rm(dir, { recursive: true, force: true });
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new InvalidArgumentError('a port is a whole number from 1 to 65535');
}

function version(text: string): PostgresVersion {
  try {
    return parsePostgresVersion(text);
  } catch (error) {
    throw new InvalidArgumentError(asFailure(error).message);
  }
}

const program = commandLine('local-stack').description(
  'PostgreSQL twice, Kafka and a schema registry as child processes, without containers.',
);
const directory = ['--dir <directory>', 'where data, logs and state are kept', defaultDirectory()] as const;
program
  .command('up')
  .description('start the services and wait until they answer; Ctrl-C stops them')
  .option(...directory)
  .option('--json', 'print the connections as one JSON object')
  .option('--detach', 'return when the services answer and leave them running')
  .option('--source-port <port>', 'the e-wallet database listens here (default: a free port)', port)
  .option('--warehouse-port <port>', 'the warehouse listens here (default: a free port)', port)
  .option('--kafka-port <port>', 'the broker listens here (default: a free port)', port)
  .option('--registry-port <port>', 'the schema registry listens here (default: a free port)', port)
  .option(
    '--postgres <version>',
    `major version of both databases: ${POSTGRES_VERSIONS.join(', ')} (default: the newest)`,
    version,
  )
  .action(up);
program
  .command('status')
  .description('say which services run')
  .option(...directory)
  .action(status);
program
  .command('down')
  .description('stop the services')
  .option(...directory)
  .option('--purge', 'delete the directory with all data too')
  .action(down);

program.parseAsync().then(
  // Child processes and their log files must not keep a detached start waiting.
  () => process.exit(),
  (error: unknown) => {
    const { message, kind } = asFailure(error);
    log.fail(message, kind);
    process.exit(1);
  },
);
