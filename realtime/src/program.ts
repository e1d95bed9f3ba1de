import { commandLine, parsePort, untilStopped } from '@ewallet/command-line';
import { Failure } from '@ewallet/failure';
import { Option, type Command } from 'commander';
import { userInfo } from 'node:os';
import { deliver } from './commands/deliver';
import { render } from './commands/render';
import { changeRule, listRules, ruleHistory, tryRule } from './commands/rules';
import { status } from './commands/status';
import { stop } from './commands/stop';
import { submit } from './commands/submit';
import { refuseCluster, up } from './commands/up';
import { verify, verifyReport } from './commands/verify';
import { readRealtimeConfig } from './config/realtime-config';
import { endWhatRuns } from './engine/local-cluster';

/** What a shell, cron or Kubernetes sees. */
export const EXIT = { done: 0, unhealthy: 1, config: 2, failed: 3 } as const;

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
  withConfig('submit', 'run the job on the Flink cluster of `cluster`, from the newest checkpoint or savepoint it has')
    .option('--from <uri>', 'continue from this checkpoint or savepoint')
    .addOption(
      new Option('--fresh', 'begin at the start of the topics, whatever checkpoints there are').conflicts('from'),
    )
    .action(async (flags: { readonly config: string; readonly from?: string; readonly fresh?: true }) => {
      await submit(await readRealtimeConfig(flags.config), { from: flags.from, fresh: flags.fresh === true, say });
    });
  withConfig('status', 'say how the job is; exit 1 where it does not run well')
    .option('--json', 'print it as JSON')
    .action(async (flags: { readonly config: string; readonly json?: true }) => {
      const { healthy, lines, report } = await status(await readRealtimeConfig(flags.config), Date.now());
      out.write(flags.json === true ? `${JSON.stringify(report)}\n` : `${lines.join('\n')}\n`);
      process.exitCode = healthy ? EXIT.done : EXIT.unhealthy;
    });
  withConfig('stop', 'stop the job with a savepoint, from which `up` or `submit` continues').action(
    async (flags: { readonly config: string }) => {
      out.write(`${await stop(await readRealtimeConfig(flags.config))}\n`);
    },
  );
  withConfig('down', 'end what `up` started, at once; `up` continues from the newest checkpoint').action(
    async (flags: { readonly config: string }) => {
      const config = await readRealtimeConfig(flags.config);
      refuseCluster(config, 'down');
      const { directory } = config;
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
    .option('--dbt', "compare volumes, balances and sessions with dbt's models too; build dbt first")
    .action(async (flags: { readonly config: string; readonly settle: number; readonly dbt?: true }) => {
      const options = { settleSeconds: flags.settle, dbt: flags.dbt === true, say };
      const results = await verify(await readRealtimeConfig(flags.config), options);
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
  addRules(command, out);
  return command;
}

interface SetFlags {
  readonly config: string;
  readonly count?: number;
  readonly share?: number;
  readonly on?: true;
  readonly off?: true;
  readonly standard?: true;
  readonly why: string;
  readonly by: string;
}

interface TryFlags extends Pick<SetFlags, 'config' | 'count' | 'share'> {
  readonly days: number;
}

function addRules(command: Command, out: Output): void {
  const rules = command.command('rules').description('the rules of alerts, which change while the job runs');
  const withConfig = (name: string, description: string): Command =>
    rules
      .command(name)
      .description(description)
      .requiredOption('--config <file>', 'JSON: docs/realtime.md has its keys');
  const print = (lines: readonly string[]): void => {
    out.write(lines.map((line) => `${line}\n`).join(''));
  };
  withConfig('list', 'print the rule of every signal as it holds now').action(
    async (flags: { readonly config: string }) => {
      print(await listRules(await readRealtimeConfig(flags.config)));
    },
  );
  withConfig('history', 'print every version that was set: when, by whom and why')
    .argument('[signal]', 'of this one alone')
    .action(async (signal: string | undefined, flags: { readonly config: string }) => {
      print(await ruleHistory(await readRealtimeConfig(flags.config), signal));
    });
  withConfig('try', "count what a rule would have raised over the e-wallet's history, and change nothing")
    .argument('<signal>', 'as "rules list" names it')
    .option('--count <number>', 'least number of events', parseThreshold)
    .option('--share <number>', 'least share, 0.9 for 90 %', parseThreshold)
    .option('--days <number>', 'alerts of so many days', wholeNumber, 30)
    .action(async (signal: string, flags: TryFlags) => {
      const { config, count, share, days } = flags;
      print(await tryRule(await readRealtimeConfig(config), signal, { count, share }, Date.now() - days * 86_400_000));
    });
  withConfig('set', 'change the rule of a signal; alerts follow within seconds')
    .argument('<signal>', 'as "rules list" names it')
    .option('--count <number>', 'least number of events', parseThreshold)
    .option('--share <number>', 'least share, 0.9 for 90 %', parseThreshold)
    .addOption(new Option('--on', 'raise its alerts').conflicts('off'))
    .option('--off', 'raise none, and take back those that hold')
    .option('--standard', "begin at the configuration's thresholds, and on")
    .requiredOption('--why <text>', 'the reason, kept in the history')
    .option('--by <name>', 'who sets it, kept in the history', userInfo().username)
    .action(async (signal: string, flags: SetFlags) => {
      const change = {
        enabled: flags.on === true ? true : flags.off === true ? false : undefined,
        count: flags.count,
        share: flags.share,
        standard: flags.standard === true,
        by: flags.by,
        why: flags.why,
      };
      print([await changeRule(await readRealtimeConfig(flags.config), signal, change, Date.now())]);
    });
}

function parseThreshold(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw Failure.config(`${JSON.stringify(text)} is not a number.`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
  throw Failure.config(`${JSON.stringify(text)} is not a whole number from 0 up.`);
}
