import { guardPath, guardWithCommand } from '@ewallet/child-services';
import { asFailure, Failure } from '@ewallet/failure';
import { postgresUrl } from '@ewallet/stack-connections';
import { Command, InvalidArgumentError } from 'commander';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Children } from './children';
import { Flow, type FlowResult } from './flow';
import { command, PREVIEW, ROOT } from './project';
import { Steps } from './steps';
import { streamIsLeftOut } from './stream';

interface DemoOptions {
  readonly rows: number;
  readonly seed: number;
  readonly cdc?: true;
  readonly realtime: boolean;
  readonly keep?: true;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** @returns the exit code */
async function demo({ rows, seed, cdc, realtime, keep }: DemoOptions): Promise<number> {
  const started = Date.now();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) return; // npm passes on what the terminal has sent already.
      say('\nstopping');
      stop.abort(Failure.transient(`stopped by ${signal}`));
    });
  }
  const leftOut = realtime ? await streamIsLeftOut(process.availableMemory()) : undefined;
  if (leftOut !== undefined) say(`without real-time alerts: ${leftOut}`);
  const dir = await mkdtemp(path.join(tmpdir(), 'ewallet-demo-'));
  await chmod(dir, 0o711); // Under root PostgreSQL runs as another user, who has to get through.
  const stackDown = guardWithCommand(command('local-stack'), takeDownArguments(dir));
  const folderGone = guardPath(dir);
  const onDisconnect = (): void => {
    stop.abort(Failure.transient('the process that started the demo was killed'));
  };
  process.once('disconnect', onDisconnect);
  const children = new Children(stop.signal);
  const options = { dir, rows, seed, cdc: cdc === true, realtime: realtime && leftOut === undefined };
  const flow = new Flow(options, children, new Steps(process.stdout, Date.now), {
    say,
    signal: stop.signal,
  });
  const running = flow.run();
  let keepStack = false;
  let keepLogs = false;
  try {
    const result = await unlessStopped(running, stop.signal);
    say(`done in ${((Date.now() - started) / 1000).toFixed(0)} s; dashboards: ${path.join(PREVIEW, 'index.html')}`);
    if (keep === true) {
      keepStack = true;
      describe(dir, result).forEach(say);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`\ndemo: ${asFailure(error).message}\n`);
    keepLogs = !stop.signal.aborted;
    if (keepLogs) process.stderr.write(`every part's log: ${path.join(dir, 'logs')}\n`);
    return stop.signal.aborted ? 130 : 1;
  } finally {
    await children.stopAll();
    await settled(running);
    if (!keepStack) await takeDown(dir);
    stackDown();
    if (!keepStack && !keepLogs) await rm(dir, { recursive: true, force: true });
    folderGone();
    process.off('disconnect', onDisconnect);
    if (process.connected) process.disconnect();
  }
}

/** The outcome of the work, or the reason to stop as soon as there is one. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(asFailure(signal.reason));
    });
    work.then(resolve, reject);
  });
}

/** Its children are gone, so the work ends soon; what it still does needs the services until then. */
async function settled(work: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, sleep(10_000, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
}

/** With children of its own, as the demo's may be stopped already. */
async function takeDown(dir: string): Promise<void> {
  const children = new Children(new AbortController().signal);
  const logFile = path.join(dir, 'down.log');
  await children.run('local-stack down', command('local-stack'), takeDownArguments(dir), { logFile });
}

function takeDownArguments(dir: string): readonly string[] {
  return ['down', '--purge', '--dir', path.join(dir, 'stack')];
}

function describe(dir: string, { connections, configurations }: FlowResult): readonly string[] {
  const bin = path.relative(process.cwd(), path.join(ROOT, 'node_modules', '.bin'));
  const part = (name: string): string => path.join(bin, name);
  return [
    '',
    'The services keep running:',
    `  e-wallet         psql ${postgresUrl(connections.source)}`,
    `  warehouse        psql ${postgresUrl(connections.warehouse)}`,
    `  Kafka            ${connections.kafka.bootstrapServers}`,
    `  schema registry  curl ${connections.schemaRegistry.url}/subjects`,
    'Continue by hand:',
    `  ${part('ewallet-simulator')} trade --database-url ${postgresUrl(connections.source)} --duration 60s`,
    `  ${part('source-ewallet')} discover --config ${configurations.source}`,
    `  ${part('ewallet-sync')} run --once --config ${configurations.sync}`,
    `  ${part('sink-warehouse')} run --config ${configurations.sink}`,
    `  ${part('ewallet-pipeline')} status --config ${configurations.pipeline}`,
    `  ${part('ewallet-realtime')} up --config ${configurations.realtime}`,
    'End them, with all their data:',
    `  ${part('local-stack')} down --purge --dir ${path.join(dir, 'stack')}`,
  ];
}

function wholeNumber(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('a whole number above 0 is wanted');
}

new Command('npm run demo --')
  .description('The whole flow on real services: e-wallet, Kafka, warehouse, marts, dashboards, reconciliation.')
  .option('--rows <n>', 'transactions that the e-wallet starts with', wholeNumber, 60_000)
  .option('--seed <n>', 'the same seed makes the same e-wallet', wholeNumber, 42)
  .option('--cdc', 'by change data capture, while users have their data erased')
  .option('--no-realtime', 'without live figures and alerts on Flink, which need Java 17 and 3 GB of free memory')
  .option('--keep', 'leave the services up at the end and print how to connect to them')
  .action(async (options: DemoOptions) => {
    process.exitCode = await demo(options);
  })
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`demo: ${asFailure(error).message}\n`);
    process.exitCode = 1;
  });
