import type { Readable, Writable } from 'node:stream';
import { commandLine, LogOutput } from '@ewallet/command-line';
import { Failure, asFailure } from '@ewallet/failure';
import { NO_TRACING, openTracing, PARENT_VARIABLE, type Span } from '@ewallet/tracing';
import { CommanderError, type Command } from 'commander';
import { AirbyteConnectionStatusMessage, type AirbyteConfig } from 'faros-airbyte-cdk/lib/protocol';
import type { AirbyteConnector } from 'faros-airbyte-cdk/lib/connector';
import { acknowledgedStates } from './acknowledged-states';
import { parseConfiguredCatalog } from './configured-catalog';
import { ConnectorLog, logLevelFrom } from './connector-log';
import type { ConnectorContext, Destination, Source } from './connector';
import { parseInputState } from './input-state';
import { readJsonInput } from './json-input';
import { defaultCatalog } from './default-catalog';
import { errorMessage } from './messages';
import { MessageWriter } from './message-writer';
import { traceStreams } from './stream-spans';
import { AirbyteConnectionStatus, type AirbyteMessage, type ConfiguredCatalog } from './protocol';

/** What the operating system gives a process; a test gives its own. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** 143 is what a process ended by SIGTERM gives, and the platform takes it as a clean stop. */
export type ExitCode = 0 | 1 | 143;

interface ReadOptions {
  readonly config: string;
  readonly catalog: string;
  readonly state?: string;
  readonly follow?: boolean;
}

/** `spec | check | discover | read`, and `confirm` where the source has it: runs one command to its end and gives the exit code. Never throws. */
export async function runSource(
  name: string,
  make: (context: ConnectorContext) => Source,
  surroundings: Surroundings,
): Promise<ExitCode> {
  return run(name, surroundings, (program, session) => {
    const source = make(session.context);
    addSpecAndCheck(program, source, session);
    program
      .command('discover')
      .description('list the streams as a catalogue')
      .requiredOption('--config <file>', 'configuration, JSON; - for standard input')
      .option('--configured', 'print a configured catalogue for read: every stream, incremental where it can be')
      .action(async (options: { config: string; configured?: boolean }) => {
        // What is printed is a file for read, which takes no log lines.
        if (options.configured === true) {
          const err = LogOutput.of(name);
          session.context.log.divert((text) => {
            err.write(text);
          });
        }
        const discovered = await source.discover(await session.config(options.config));
        if (options.configured !== true) {
          await session.output.write(discovered);
          return;
        }
        surroundings.stdout.write(`${JSON.stringify(defaultCatalog(discovered.catalog))}\n`);
      });
    const read = program
      .command('read')
      .description('read the configured streams')
      .requiredOption('--config <file>', 'configuration, JSON; - for standard input')
      .requiredOption('--catalog <file>', 'configured catalogue, JSON; - for standard input')
      .option('--state <file>', 'state of the sync before, JSON; - for standard input');
    if (source.follow !== undefined) {
      read.option(
        '--follow',
        'read on until stopped; standard input gives back each state that is safe, one per line, and its end ends the reading',
      );
    }
    read.action(async (options: ReadOptions) => {
      if (options.follow === true) {
        await follow(source, session, options, surroundings.stdin);
        return;
      }
      const catalog = await session.json(options.catalog, 'catalogue');
      session.describe(() => parseConfiguredCatalog(catalog));
      const state = options.state === undefined ? undefined : await session.json(options.state, 'state');
      const messages = source.read(await session.config(options.config), {}, catalog, state);
      const { span } = session.context;
      await session.writeAll(span.context === undefined ? messages : traceStreams(messages, span));
    });
    addConfirm(program, source, session);
  });
}

async function follow(source: Source, session: Session, options: ReadOptions, stdin: Readable): Promise<void> {
  if (source.follow === undefined) return;
  const onInput = (['config', 'catalog', 'state'] as const).find((file) => options[file] === '-');
  if (onInput !== undefined) {
    throw Failure.config(`With --follow standard input gives back states: give --${onInput} as a file.`);
  }
  const catalog = parseConfiguredCatalog(await session.json(options.catalog, 'catalogue'));
  const state = options.state === undefined ? undefined : await session.json(options.state, 'state');
  const config = await session.config(options.config);
  await session.writeAll(source.follow(config, catalog, parseInputState(state), acknowledgedStates(stdin)));
}

function addConfirm(program: Command, source: Source, session: Session): void {
  if (source.confirm === undefined) return;
  program
    .command('confirm')
    .description('tell the database that a state is safe, so that it forgets what lies before')
    .requiredOption('--config <file>', 'configuration, JSON; - for standard input')
    .requiredOption('--state <file>', 'the state to confirm, JSON; - for standard input')
    .action(async (options: { config: string; state: string }) => {
      const state = parseInputState(await session.json(options.state, 'state'));
      await source.confirm?.(await session.config(options.config), state);
    });
}

/** `spec | check | write`: runs one command to its end and gives the exit code. Never throws. */
export async function runDestination(
  name: string,
  make: (context: ConnectorContext) => Destination,
  surroundings: Surroundings,
): Promise<ExitCode> {
  return run(name, surroundings, (program, session) => {
    const destination = make(session.context);
    addSpecAndCheck(program, destination, session);
    program
      .command('write')
      .description('write the messages on standard input')
      .requiredOption('--config <file>', 'configuration, JSON')
      .requiredOption('--catalog <file>', 'configured catalogue, JSON')
      .action(async (options: { config: string; catalog: string }) => {
        const catalog = parseConfiguredCatalog(await session.json(options.catalog, 'catalogue'));
        session.describe(() => catalog);
        const config = await session.config(options.config);
        await session.writeAll(destination.write(config, catalog, surroundings.stdin));
      });
  });
}

interface Session {
  readonly context: ConnectorContext;
  readonly output: MessageWriter;
  json(path: string, what: string): Promise<unknown>;
  /** Names the sync in the trace of its command, where there is one. */
  describe(catalog: () => ConfiguredCatalog): void;
  config(path: string): Promise<AirbyteConfig>;
  writeAll(messages: AsyncIterable<AirbyteMessage>): Promise<void>;
}

async function run(
  name: string,
  surroundings: Surroundings,
  define: (program: Command, session: Session) => void,
): Promise<ExitCode> {
  const output = new MessageWriter(surroundings.stdout);
  const trace = await openTrace(name, surroundings);
  let failure: unknown;
  try {
    const program = commandLine(name)
      .exitOverride()
      .configureOutput({
        writeErr: () => undefined,
        writeOut: (text) => void surroundings.stdout.write(text),
      });
    define(program, openSession(surroundings, output, trace.span));
    if (surroundings.argv.length === 0) {
      // The platform always names a command: this is a person, who wants to know which there are.
      process.stderr.write(program.helpInformation());
      return 1;
    }
    await parse(program, surroundings.argv);
    await output.flush();
    return surroundings.signal.aborted ? 143 : 0;
  } catch (error) {
    failure = error;
    return await fail(error, name, output, surroundings.now());
  } finally {
    trace.span.end(failure);
    await trace.close();
  }
}

/** The span of a command that moves records, in the trace that the caller's environment names. */
async function openTrace(
  name: string,
  { argv, environment }: Surroundings,
): Promise<{ readonly span: Span; close(): Promise<void> }> {
  const [command = ''] = argv;
  const isTraced = command === 'read' || command === 'write';
  const tracing = isTraced
    ? await openTracing(name, environment, (line) => {
        LogOutput.of(name).complain(line);
      })
    : NO_TRACING;
  return {
    span: tracing.start(`${name} ${command}`, environment[PARENT_VARIABLE]),
    close: () => tracing.close(),
  };
}

function openSession(surroundings: Surroundings, output: MessageWriter, span: Span): Session {
  const json = (path: string, what: string): Promise<unknown> => readJsonInput(path, what, surroundings.stdin);
  return {
    context: {
      log: new ConnectorLog(output, logLevelFrom(surroundings.environment.LOG_LEVEL)),
      signal: surroundings.signal,
      span,
    },
    output,
    json,
    describe(catalog) {
      if (span.context === undefined) return;
      const { streams } = catalog();
      span.set({ 'ewallet.sync_id': streams[0]?.syncId, 'ewallet.streams': streams.length });
    },
    async config(path) {
      const config = await json(path, 'configuration');
      if (typeof config !== 'object' || config === null || Array.isArray(config)) {
        throw Failure.config('The configuration is not a JSON object.');
      }
      return config;
    },
    async writeAll(messages) {
      for await (const message of messages) await output.write(message);
    },
  };
}

function addSpecAndCheck(program: Command, connector: AirbyteConnector, session: Session): void {
  program
    .command('spec')
    .description('print the specification of the configuration')
    .action(async () => {
      await session.output.write(await connector.spec());
    });
  program
    .command('check')
    .description('try the configuration and say what to change')
    .requiredOption('--config <file>', 'configuration, JSON; - for standard input')
    .action(async (options: { config: string }) => {
      await session.output.write(await checked(connector, () => session.config(options.config)));
    });
}

/** A failed check is an answer, not a failure of the command: the protocol wants CONNECTION_STATUS and exit code 0. */
async function checked(connector: AirbyteConnector, config: () => Promise<AirbyteConfig>): Promise<AirbyteMessage> {
  try {
    return await connector.check(await config());
  } catch (error) {
    const failure = asFailure(error);
    if (failure.kind === 'system_error') throw failure;
    return new AirbyteConnectionStatusMessage({ status: AirbyteConnectionStatus.FAILED, message: failure.message });
  }
}

async function parse(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    throw Failure.config(
      `${error.message.replace(/^error: /, '').replace('\n', ' ')}. ${program.name()} --help lists the commands.`,
      {
        cause: error,
      },
    );
  }
}

async function fail(error: unknown, name: string, output: MessageWriter, now: number): Promise<ExitCode> {
  const failure = asFailure(error);
  try {
    // A stream's failure was told with the stream's status already; telling it again would count it twice.
    if (!(failure instanceof ReportedFailure)) await output.write(errorMessage(failure, now));
    await output.flush();
  } catch {
    // Nobody reads any more: standard error is what is left.
    LogOutput.of(name).fail(failure.message, failure.kind, `${failure.kind}: ${failure.message}`);
  }
  return 1;
}

/** Thrown at the end of a sync whose failures were each traced when they happened: only the exit code is left to give. */
export class ReportedFailure extends Failure {
  constructor(message: string) {
    super('system_error', { message });
  }
}
