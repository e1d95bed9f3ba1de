import { once } from 'node:events';
import { commandLine, parsePort, pause, untilStopped } from '@ewallet/command-line';
import { Failure } from '@ewallet/failure';
import type { Command } from 'commander';
import { ANSWER_SECONDS, answerMs } from './budget';
import { readPipelineConfig } from './config/pipeline-config';
import { lookAt } from './look';
import { hurryNameLookups } from './name-lookups';
import { jsonReport } from './report/json-report';
import { textReport } from './report/text-report';
import { exitCodeOf as exitCodeOfLines } from './verdict/verdict';

/** What a shell, cron or a probe sees beside the verdicts 0, 1 and 2. */
export const EXIT = { config: 3, failed: 4 } as const;

const WATCH_SECONDS = 5;
/** Where `serve` listens unless it is told otherwise. */
const METRICS_PORT = 9465;
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

interface StatusFlags {
  readonly config: string;
  readonly json?: boolean;
  readonly watch?: number | true;
  readonly timeout?: number;
}

interface ServeFlags {
  readonly config: string;
  readonly metricsPort: number;
  readonly metricsHost: string;
  readonly timeout: number;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The command line of `ewallet-pipeline`: the status on `out`, faults of the command itself on `err`. */
export function program(out: Output): Command {
  const command = commandLine('ewallet-pipeline').description(
    'Says of every hop of the pipeline whether it is healthy, and what to do where it is not',
  );
  // A wrong option must not look like a verdict: commander's own exit code is 1.
  command.exitOverride();
  command
    .command('status')
    .description(
      'look once; exit 0 healthy, 1 degraded, 2 down, 3 wrong configuration, 4 a fault of the command itself',
    )
    .requiredOption(
      '--config <file>',
      'JSON: ewallet, sync, airbyte, kafka, realtime, sink, warehouse, dbt, audit; any of them',
    )
    .option('--json', 'print one JSON object, with --watch one on each line')
    .option('--watch [seconds]', `look again every ${WATCH_SECONDS} s, or as often as is said, until stopped`, positive)
    .option(
      '--timeout <seconds>',
      `how long each part has to answer (default: ${ANSWER_SECONDS}, less what the command needed to start)`,
      positive,
    )
    .action(async (flags: StatusFlags) => {
      hurryNameLookups(process.env, flags.timeout === undefined);
      const config = await readPipelineConfig(flags.config);
      // Node counts from the start of the process.
      let limitMs = answerMs(flags.timeout, performance.now());
      await untilStopped(async (stop) => {
        do {
          const lines = await lookAt(config, limitMs, () => new Date());
          const at = new Date();
          const isLive = flags.watch !== undefined && out.isTTY === true && flags.json !== true;
          const text = flags.json === true ? jsonReport(lines, at) : textReport(lines, at, out.isTTY === true);
          out.write(isLive ? `${CLEAR_SCREEN}${text}` : text);
          process.exitCode = exitCodeOfLines(lines);
          if (flags.watch === undefined) return;
          const seconds = flags.watch === true ? WATCH_SECONDS : flags.watch;
          await pause(seconds * 1_000, stop);
          limitMs = answerMs(flags.timeout, 0);
        } while (!stop.aborted);
      });
    });
  command
    .command('serve')
    .description(
      'serve the same as Prometheus metrics and a health check, until stopped; every hop is asked at each scrape',
    )
    .requiredOption('--config <file>', 'the same as of status')
    .option('--metrics-port <port>', 'where; 0 takes a free port', parsePort, METRICS_PORT)
    .option('--metrics-host <address>', 'the address; 0.0.0.0 is every one', '127.0.0.1')
    .option('--timeout <seconds>', 'how long each part has to answer', positive, ANSWER_SECONDS)
    .action(async (flags: ServeFlags) => {
      hurryNameLookups(process.env, false);
      const config = await readPipelineConfig(flags.config);
      const look = () => lookAt(config, flags.timeout * 1_000, () => new Date());
      // What `status` need not load: it answers in under two seconds.
      const { serveStatus } = await import('./serve/server.js');
      const served = await serveStatus(look, () => performance.now(), flags.metricsHost, flags.metricsPort);
      const { url } = served;
      out.write(`${JSON.stringify({ metrics: `${url}/metrics`, health: `${url}/health/ready` })}\n`);
      try {
        await untilStopped(async (stop) => {
          await once(stop, 'abort');
        });
      } finally {
        served.close();
      }
    });
  return command;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0))
    throw Failure.config(`${JSON.stringify(text)} is not a number of seconds above 0.`);
  return value;
}
