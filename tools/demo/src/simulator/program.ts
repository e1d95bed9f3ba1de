import { commandLine } from '@ewallet/command-line';
import { Failure } from '@ewallet/failure';
import { parseConnectionUrl } from '@ewallet/postgres';
import type { Command } from 'commander';
import type { ProgressOutput } from './progress';
import { seed } from './seed';
import { MILLISECOND } from './time';
import { trade } from './trade';

/** The command line of `ewallet-simulator`. A summary goes to `out` as one JSON line, progress to `err`. */
export function program(out: { write(text: string): unknown }, err: ProgressOutput): Command {
  const command = commandLine('ewallet-simulator').description(
    'A believable e-wallet: fills its PostgreSQL database with history, and continues to trade in real time',
  );
  command
    .command('seed')
    .description('create the schema and load a history of transactions')
    .requiredOption('--database-url <url>', 'postgresql://user:password@host:port/database')
    .option('--rows <n>', 'transactions to make', wholeNumber('--rows'), 200_000)
    .option('--seed <n>', 'the same seed and end date give the same rows', wholeNumber('--seed'), 42)
    .option('--days <n>', 'how many days the history covers', wholeNumber('--days'), 120)
    .option('--end-date <iso>', 'when the history ends (default: now)', instant)
    .option(
      '--planted <file>',
      'where to write which fraud-like bursts were planted, a line of JSON each: the wallet does not say',
    )
    .option('--recreate', "drop the e-wallet's tables first, if they exist", false)
    .action(async (options: SeedFlags) => {
      const started = Date.now();
      if (options.days < 1) throw Failure.config('--days must be at least 1.');
      const loaded = await seed(
        {
          database: parseConnectionUrl(options.databaseUrl),
          rows: options.rows,
          seed: options.seed,
          days: options.days,
          end: (options.endDate ?? Date.now()) * MILLISECOND,
          recreate: options.recreate,
          planted: options.planted,
        },
        err,
      );
      out.write(`${JSON.stringify({ ...loaded, seconds: (Date.now() - started) / 1_000 })}\n`);
    });
  command
    .command('trade')
    .description('continue to trade in real time until stopped')
    .requiredOption('--database-url <url>', 'postgresql://user:password@host:port/database')
    .option('--rate <n>', 'new transactions a second', positiveNumber('--rate'), 50)
    .option('--seed <n>', 'what customers decide depends on it', wholeNumber('--seed'), 7)
    .option(
      '--planted <file>',
      'where to add which fraud-like bursts were planted, a line of JSON each: the wallet does not say',
    )
    .option('--duration <time>', 'stop after this long: 500ms, 60s, 5m (default: on SIGINT or SIGTERM)', duration)
    .action(async (options: TradeFlags) => {
      const stop = new AbortController();
      const onSignal = (): void => {
        stop.abort();
      };
      process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
      const timer = options.duration === undefined ? undefined : setTimeout(onSignal, options.duration);
      try {
        const summary = await trade(
          {
            database: parseConnectionUrl(options.databaseUrl),
            rate: options.rate,
            seed: options.seed,
            planted: options.planted,
          },
          stop.signal,
          err,
        );
        out.write(`${JSON.stringify(summary)}\n`);
      } finally {
        clearTimeout(timer);
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      }
    });
  return command;
}

interface SeedFlags {
  readonly databaseUrl: string;
  readonly rows: number;
  readonly seed: number;
  readonly days: number;
  readonly endDate?: number;
  readonly recreate: boolean;
  readonly planted?: string;
}

interface TradeFlags {
  readonly databaseUrl: string;
  readonly rate: number;
  readonly seed: number;
  readonly duration?: number;
  readonly planted?: string;
}

function wholeNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    if (!Number.isSafeInteger(value) || value < 0) throw Failure.config(`${flag} must be a whole number, not ${text}.`);
    return value;
  };
}

function positiveNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0 && value < Infinity)) throw Failure.config(`${flag} must be a number above 0, not ${text}.`);
    return value;
  };
}

/** Milliseconds since 1970. */
function instant(text: string): number {
  const value = Date.parse(text);
  if (Number.isNaN(value))
    throw Failure.config(`--end-date must be an ISO date such as 2026-01-31T00:00:00Z, not ${text}.`);
  return value;
}

/** Milliseconds. */
function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw Failure.config(`--duration must look like 500ms, 60s, 5m or 1h, not ${text}.`);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1_000;
  return Number(match[1]) * unit;
}
