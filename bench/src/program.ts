import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import { Command } from 'commander';
import { airbyteLines, prepare, type BenchSession } from './bench-session';
import { dbtTrial } from './dbt-hop';
import { summariseDelays, type Delay, type DelaySummary } from './delay';
import { destinationTrial } from './destination-hop';
import { flowTrial } from './flow-hop';
import { growthPlot, growthTable, type Size } from './growth';
import { incrementalTrial } from './incremental-hop';
import { summarise, type HopResult, type HopSummary } from './measurement';
import { plot } from './plot';
import { NO_OVERRIDES, override, type Overrides } from './overrides';
import { ROOT } from './programs';
import { delayTable, table } from './report';
import { scaleTrial } from './scale-hop';
import { sinkTrial } from './sink-hop';
import { sourceTrial } from './source-hop';
import { startStack, stopStack } from './stack';
import type { Trial } from './trial';

const HOPS = ['source', 'destination', 'sink', 'scale', 'flow', 'incremental', 'dbt'] as const;
type Hop = (typeof HOPS)[number];

/** Hops that work on the Airbyte lines of the source, which are made once. */
const NEEDS_LINES: ReadonlySet<Hop> = new Set(['destination', 'sink', 'scale', 'incremental']);

interface Flags {
  readonly rows: number;
  readonly runs: number;
  readonly only: readonly Hop[];
  readonly growth: boolean;
  readonly with: Overrides;
  readonly results: string;
}

/** Sizes of the growth run: a cost a row that is the same at the first and at the last is flat. The largest is run once. */
const GROWTH = [100_000, 1_000_000, 10_000_000];

/** The command line of `npm run bench`. */
export function program(out: { write(text: string): unknown }, err: { write(text: string): unknown }): Command {
  return new Command('bench')
    .description('Every hop beside its limit, as ratios, on real services')
    .option('--rows <n>', 'transactions', count, 1_000_000)
    .option('--runs <n>', 'trials of each hop, interleaved with its limit', count, 3)
    .option('--only <hops>', `of ${HOPS.join(',')}`, hops, [...HOPS])
    .option(
      '--growth',
      `the same at ${GROWTH.map((rows) => rows.toLocaleString('en')).join(', ')} rows, the last one once`,
      false,
    )
    .option(
      '--with <part.key=value>',
      'a setting of source, destination or sink other than its default; may be repeated',
      override,
      NO_OVERRIDES,
    )
    .option('--results <directory>', 'where the figures go', path.join(ROOT, 'bench', 'results'))
    .action(async (flags: Flags) => {
      const say = (text: string): void => {
        err.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
      };
      const sizes: Size[] = [];
      for (const rows of flags.growth ? GROWTH : [flags.rows]) {
        const runs = flags.growth && rows === GROWTH.at(-1) ? 1 : flags.runs;
        const figures = await benchmark({ ...flags, rows, runs }, say);
        out.write(
          `\n${rows.toLocaleString('en')} transactions on ${cpus().length} cores\n${printed(figures, false)}\n`,
        );
        await write(flags, rows, figures);
        sizes.push({ rows, summaries: figures.hops });
      }
      if (!flags.growth) return;
      out.write(`\n${growthTable(sizes)}\n`);
      await writeFile(path.join(flags.results, 'growth.md'), `${growthTable(sizes)}\n`);
      await writeFile(path.join(flags.results, 'growth.svg'), growthPlot(sizes));
    });
}

interface Figures {
  readonly hops: readonly HopSummary[];
  readonly delays: readonly DelaySummary[];
}

async function benchmark(flags: Flags, say: (text: string) => void): Promise<Figures> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-bench-'));
  const stackDirectory = await mkdtemp(path.join(tmpdir(), 'ewallet-bench-stack-'));
  let whole = false;
  try {
    say('starting the services');
    const session = await prepare(directory, await startStack(stackDirectory), flags, say);
    const figures = await trials(session, flags);
    whole = true;
    return figures;
  } finally {
    await stopStack(stackDirectory);
    if (whole) await rm(directory, { recursive: true, force: true });
    else say(`what the programs said is in ${directory}`);
  }
}

async function trials(session: BenchSession, { only, runs }: Flags): Promise<Figures> {
  const results = new Map<string, HopResult>();
  const delays: Delay[] = [];
  const lines = only.some((hop) => NEEDS_LINES.has(hop)) ? await airbyteLines(session) : '';
  for (let run = 1; run <= runs; run++) {
    for (const hop of only) {
      const outcome = await trialOf(hop, session, lines, run);
      for (const trial of outcome.trials) {
        session.say(`${trial.hop}, run ${run}: ${shortly(trial)}`);
        const before = results.get(trial.hop);
        results.set(trial.hop, {
          hop: trial.hop,
          limit: trial.limitName,
          target: trial.target,
          trials: [...(before?.trials ?? []), trial.measured],
        });
      }
      for (const delay of outcome.delays) session.say(`${delay.name}, run ${run}: ${delay.seconds.toFixed(2)} s`);
      delays.push(...outcome.delays);
    }
  }
  return { hops: [...results.values()].map(summarise), delays: summariseDelays(delays) };
}

interface Outcome {
  readonly trials: readonly Trial[];
  readonly delays: readonly Delay[];
}

async function trialOf(hop: Hop, session: BenchSession, lines: string, run: number): Promise<Outcome> {
  switch (hop) {
    case 'source':
      return { trials: await sourceTrial(session), delays: [] };
    case 'destination':
      return { trials: await destinationTrial(session, lines, run), delays: [] };
    case 'sink':
      return { trials: await sinkTrial(session, lines, run), delays: [] };
    case 'scale':
      return { trials: await scaleTrial(session, lines, run), delays: [] };
    case 'flow':
      return { trials: await flowTrial(session, run), delays: [] };
    case 'incremental':
      return { trials: [], delays: await incrementalTrial(session, lines) };
    case 'dbt':
      return dbtTrial(session);
    default: {
      const never: never = hop;
      throw new TypeError(`unknown hop ${String(never)}`);
    }
  }
}

function shortly({ measured: { hop, limit } }: Trial): string {
  const rate = Math.round(hop.rows / hop.seconds);
  const most = Math.round(limit.rows / limit.seconds);
  return `${rate.toLocaleString('en')} of ${most.toLocaleString('en')} rows/s, ${(rate / most).toFixed(2)}`;
}

function printed({ hops: summaries, delays }: Figures, markdown: boolean): string {
  return [
    ...(summaries.length === 0 ? [] : [table(summaries, markdown)]),
    ...(delays.length === 0 ? [] : [delayTable(delays, markdown)]),
  ].join('\n\n');
}

async function write({ results: directory, with: overrides }: Flags, rows: number, figures: Figures): Promise<void> {
  await mkdir(directory, { recursive: true });
  const name = path.join(directory, `${rows}-rows`);
  const machine = { cores: cpus().length, processor: cpus()[0]?.model ?? 'unknown', node: process.version };
  await writeFile(`${name}.json`, `${JSON.stringify({ rows, machine, with: overrides, ...figures }, null, 2)}\n`);
  await writeFile(`${name}.md`, `${printed(figures, true)}\n`);
  await writeFile(`${name}.svg`, plot(figures.hops));
}

function count(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isSafeInteger(value) || value < 1)
    throw Failure.config(`A count must be a whole number above 0, not ${text}.`);
  return value;
}

function hops(text: string): Hop[] {
  return text.split(',').map((name) => {
    const hop = HOPS.find((known) => known === name);
    if (hop === undefined) throw Failure.config(`--only knows ${HOPS.join(', ')}, not ${name}.`);
    return hop;
  });
}
