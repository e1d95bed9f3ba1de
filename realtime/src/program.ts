import { commandLine, parsePort, untilStopped } from '@ewallet/command-line';
import { asFailure, Failure } from '@ewallet/failure';
import { CommanderError, type Command } from 'commander';
import { deliver } from './commands/deliver';
import { render } from './commands/render';
import { status } from './commands/status';
import { stop } from './commands/stop';
import { up } from './commands/up';
import { verify, verifyReport } from './commands/verify';
import { readRealtimeConfig } from './config/realtime-config';
import { endWhatRuns } from './engine/local-cluster';

/** What a shell, cron or Kubernetes sees. */
const EXIT = { done: 0, unhealthy: 1, config: 2, failed: 3 } as const;

interface Output {
  write(text: string): unknown;
}

/** The command line of `ewallet-realtime`: results on `out`, progress and faults on `err`. */
export function program(out: Output, err: Output): Command {
  const say = (line: string): void => {
    err.write(`${line}\n`);
  };
  const command = commandLine('ewallet-realtime').description(
    'Live figures and risk alerts as Kafka topics, computed by Flink SQL over the topics of destination-kafka',
  );
  command.exitOverride(); // A wrong option is a wrong configuration: exit 2.
  const withConfig = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .requiredOption('--config <file>', 'JSON: docs/realtime.md has its keys');
  withConfig('render', 'print the SQL of the job, for the topics as they are now; credentials are in it').action(
    async (flags: { readonly config: string }) => {
      out.write(await render(await readRealtimeConfig(flags.config)));
    },
  );
  withConfig('up', 'run the job here, in a JobManager and a TaskManager that are started again when they die')
    .option('--detach', 'return when the job runs, and leave it running')
    .action(async (flags: { readonly config: string; readonly detach?: true }) => {
      await up(flags.config, { detach: flags.detach === true, say });
    });
  withConfig('status', 'say how the job is; exit 1 where it does not run well')
    .option('--json', 'print it as JSON')
    .action(async (flags: { readonly config: string; readonly json?: true }) => {
      const { healthy, lines, report } = await status(await readRealtimeConfig(flags.config), Date.now());
      out.write(flags.json === true ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`);
      process.exitCode = healthy ? EXIT.done : EXIT.unhealthy;
    });
  withConfig('stop', 'stop the job with a savepoint, from which "up" continues').action(
    async (flags: { readonly config: string }) => {
      out.write(`${await stop(await readRealtimeConfig(flags.config))}\n`);
    },
  );
  withConfig('down', 'end what "up" started, at once; "up" continues from the newest checkpoint').action(
    async (flags: { readonly config: string }) => {
      const { directory } = await readRealtimeConfig(flags.config);
      say((await endWhatRuns(directory)) ? `ended what ran from ${directory}` : `nothing runs from ${directory}`);
    },
  );
  withConfig(
    'verify',
    'compare results with plain SQL over the e-wallet, and alerts with dbt; exit 1 where they differ',
  )
    .option(
      '--settle <seconds>',
      'look again for so long at what differs, as rows may be on their way',
      wholeNumber,
      30,
    )
    .action(async (flags: { readonly config: string; readonly settle: number }) => {
      const results = await verify(await readRealtimeConfig(flags.config), { settleSeconds: flags.settle, say });
      out.write(verifyReport(results));
      process.exitCode = results.every(({ differences }) => differences.length === 0) ? EXIT.done : EXIT.unhealthy;
    });
  withConfig('deliver', 'send alerts to webhooks, Slack and e-mail, until it is stopped')
    .option('--metrics-port <port>', 'serve Prometheus metrics and health here; 0 takes a free port', parsePort)
    .option('--metrics-host <address>', 'the address to serve them on; 0.0.0.0 is every one', '127.0.0.1')
    .action(async (flags: { readonly config: string; readonly metricsPort?: number; readonly metricsHost: string }) => {
      const config = await readRealtimeConfig(flags.config);
      const metrics =
        flags.metricsPort === undefined ? undefined : { host: flags.metricsHost, port: flags.metricsPort };
      await untilStopped((stopped) => deliver(config, { metrics, say }, stopped));
    });
  return command;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
  throw Failure.config(`${JSON.stringify(text)} is not a whole number from 0 up.`);
}

/** The exit code of a failure that ended the command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.config;
  return asFailure(error).kind === 'config_error' ? EXIT.config : EXIT.failed;
}

/** What a person reads of it; undefined where commander has said it already. */
export function messageOf(error: unknown): string | undefined {
  return error instanceof CommanderError ? undefined : asFailure(error).message;
}
