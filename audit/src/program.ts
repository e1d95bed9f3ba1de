import { commandLine, type Ends, untilStopped } from '@ewallet/command-line';
import { Failure, parseShare } from '@ewallet/failure';
import type { Command } from 'commander';
import { audit, AuditStopped } from './audit';
import { withAuditConfig } from './config/with-audit-config';
import { findDeletions } from './deletions';
import { isEqualReport } from './report/audit-report';
import { jsonReport } from './report/json-report';
import { Progress } from './report/progress';
import { findRepairs } from './find-repairs';
import { resend } from './repair/resend';
import { recordAudit } from './report/recorded-audit';
import { repairJson, repairText } from './repair/repair-report';
import { textReport } from './report/text-report';

/** What a shell, cron or Kubernetes sees. */
const EXIT = { equal: 0, different: 1, config: 2, failed: 3, stopped: 130 } as const;

interface RunFlags {
  readonly config: string;
  readonly stream: readonly string[];
  readonly keys?: boolean;
  readonly sample?: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly showValues?: boolean;
  readonly chunkSeconds: number;
  readonly workers: number;
  readonly resume?: string;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The command line of `ewallet-audit`: the report on `out`, progress and faults on `err`. */
export function program(out: Output, err: Output): Command {
  const command = commandLine('ewallet-audit').description(
    'Compares the e-wallet and the warehouse row by row, while both are in use, and names every row that differs',
  );
  // A wrong option is a wrong configuration: exit 2, where commander itself would say 1, a verdict.
  command.exitOverride();
  command
    .command('run')
    .description('compare; exit 0 where all is equal, 1 where rows differ, 2 on a wrong configuration, 3 on a fault')
    .requiredOption('--config <file>', 'JSON: source, warehouse, streams')
    .option('--stream <name>', 'only this stream, public.users or users; may be repeated', collect, [])
    .option('--keys', 'compare keys alone: finds missing and extra rows, not wrong values')
    .option('--sample <percent>', 'compare so many percent of the rows, chosen by their keys', percentage)
    .option(
      '--seed <number>',
      'which sample: the same number takes the same rows (default: another each run)',
      wholeNumber,
    )
    .option('--json', 'print the report as JSON')
    .option('--show-values', 'show the values of different columns; they may be personal data')
    .option('--chunk-seconds <seconds>', 'database time that one statement takes, about', positive, 0.5)
    .option('--workers <number>', 'ranges compared at once; each has a connection to either side', atLeastOne, 1)
    .option(
      '--resume <file>',
      'keep what was compared in this file, and continue from there if the run before was stopped',
    )
    .action(async (flags: RunFlags) => {
      await untilStopped((stop) =>
        withAuditConfig(flags.config, async (config) => {
          const startedAt = new Date();
          const progress = new Progress(err, Date.now);
          const seed = flags.seed ?? Math.floor(Math.random() * 1_000_000);
          const sample = flags.sample === undefined ? undefined : { percent: flags.sample, seed };
          if (sample !== undefined) progress.say(`sampling ${sample.percent} % of the rows (--seed ${sample.seed})`);
          const report = await audit(config, {
            streams: flags.stream,
            keysOnly: flags.keys ?? false,
            sample,
            showValues: flags.showValues ?? false,
            chunkSeconds: flags.chunkSeconds,
            workers: flags.workers,
            stop,
            now: Date.now,
            progress,
            resume: flags.resume,
          });
          out.write(flags.json === true ? jsonReport(report) : textReport(report));
          process.exitCode = isEqualReport(report) ? EXIT.equal : EXIT.different;
          const run = { keysOnly: flags.keys ?? false, samplePercent: flags.sample, startedAt };
          await recordAudit(config.warehouse, report, run);
        }),
      );
    });
  command
    .command('repair')
    .description(
      'plan which rows to send again through the same topics, so that the warehouse heals; --apply sends them',
    )
    .requiredOption('--config <file>', 'the same as of run; `sync` names the configuration of ewallet-sync')
    .option('--report <file>', 'repair what this report of `run --json` found (default: an audit now)')
    .option('--apply', 'send the rows; without it nothing is written anywhere')
    .option('--max-share <share>', 'refuse where more of a table differs: 0.01, or "1 %"', share, 0.01)
    .option('--stream <name>', 'only this stream; may be repeated', collect, [])
    .option('--json', 'print the plan as JSON, with every key')
    .option('--chunk-seconds <seconds>', 'of an audit now: as of run', positive, 0.5)
    .option('--workers <number>', 'of an audit now: as of run', atLeastOne, 1)
    .action(async (flags: RepairFlags) => {
      await untilStopped((stop) =>
        withAuditConfig(flags.config, async (config) => {
          const { sync } = config;
          if (flags.apply === true && sync === undefined) {
            throw Failure.config(
              'The configuration has no `sync`: {"config_file": "sync.json"} names the configuration of ewallet-sync, which sends the rows.',
            );
          }
          const options = {
            streams: flags.stream,
            keysOnly: false,
            sample: undefined,
            showValues: false,
            chunkSeconds: flags.chunkSeconds,
            workers: flags.workers,
            stop,
            now: Date.now,
            progress: new Progress(err, Date.now),
            resume: undefined,
          };
          const plan = await findRepairs(config, options, flags.report, flags.maxShare);
          const isApplied = flags.apply === true && sync !== undefined && plan.repairs.length > 0;
          const sent = isApplied ? await resend(sync, plan.repairs, stop, err) : undefined;
          out.write(flags.json === true ? repairJson(plan, sent) : repairText(plan, sent));
          const isLeft = plan.unrepairable.length > 0 || (plan.repairs.length > 0 && sent === undefined);
          process.exitCode = isLeft ? EXIT.different : EXIT.equal;
        }),
      );
    });
  command
    .command('deletions')
    .description(
      'print the keys that the warehouse has and the source has not, a JSON line per stream; ewallet-sync detects deletions by it',
    )
    .requiredOption('--config <file>', 'the same as of run')
    .option('--stream <name>', 'only this stream; may be repeated', collect, [])
    .option('--chunk-seconds <seconds>', 'as of run', positive, 0.5)
    .option('--workers <number>', 'as of run', atLeastOne, 1)
    .action(async (flags: Pick<RepairFlags, 'config' | 'stream' | 'chunkSeconds' | 'workers'>) => {
      await untilStopped((stop) =>
        withAuditConfig(flags.config, async (config) => {
          const { stream: streams, chunkSeconds, workers } = flags;
          const say = (text: string): unknown => err.write(`${text}\n`);
          const found = await findDeletions(config, { streams, chunkSeconds, workers, stop, now: Date.now, say });
          for (const deletions of found) out.write(`${JSON.stringify(deletions)}\n`);
        }),
      );
    });
  return command;
}

interface RepairFlags {
  readonly config: string;
  readonly report?: string;
  readonly apply?: boolean;
  readonly maxShare: number;
  readonly stream: readonly string[];
  readonly json?: boolean;
  readonly chunkSeconds: number;
  readonly workers: number;
}

function share(text: string): number {
  return parseShare(text, '--max-share');
}

export const ENDS: Ends = {
  exit: EXIT,
  own: (error) =>
    error instanceof AuditStopped
      ? {
          message:
            'stopped before everything was compared, so nothing is proven; with --resume the same command continues from there',
          exitCode: EXIT.stopped,
        }
      : {},
};

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function numberOf(text: string, fits: (value: number) => boolean, wanted: string): number {
  const value = Number(text);
  if (text.trim() === '' || !fits(value)) throw Failure.config(`${JSON.stringify(text)} is not ${wanted}.`);
  return value;
}

function percentage(text: string): number {
  return numberOf(text, (value) => value > 0 && value <= 100, 'a percentage: above 0, at most 100');
}

function positive(text: string): number {
  return numberOf(text, (value) => value > 0, 'a number above 0');
}

function wholeNumber(text: string): number {
  return numberOf(text, (value) => Number.isSafeInteger(value) && value >= 0, 'a whole number from 0 up');
}

function atLeastOne(text: string): number {
  return numberOf(
    text,
    (value) => Number.isSafeInteger(value) && value >= 1 && value <= 64,
    'a whole number from 1 to 64',
  );
}
