import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import { Command } from 'commander';
import { HOPS, benchmark, type Figures, type Hop } from './benchmark';
import { growthPlot, growthTable, type Growth, type Size } from './report/growth';
import { NO_OVERRIDES, override, type Overrides } from './session/overrides';
import { latencyReport } from './report/latency-report';
import { plot } from './report/plot';
import { ROOT } from './session/programs';
import { delayTable, table, type Form } from './report/report';

interface Flags {
  readonly rows: number;
  readonly runs: number;
  readonly only: readonly Hop[];
  readonly growth: boolean;
  readonly settings: boolean;
  readonly with: Overrides;
  readonly results: string;
  readonly rate: number;
  readonly seconds: number;
}

/** Sizes of the growth run: a cost a row that is the same at the first and at the last is flat. The largest is run once. */
const GROWTH = [100_000, 1_000_000, 10_000_000];
/** So few that their own time is nothing beside the start's. */
const START = 1_000;
/** Hops that are timed from the start of their programs. */
const TIMED_WITH_START: ReadonlySet<Hop> = new Set(['source', 'destination', 'flow']);

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
    .option('--settings', 'source, destination and sink with one setting after the other turned, in turns', false)
    .option(
      '--with <part.key=value>',
      'a setting of source, destination or sink other than its default; may be repeated',
      override,
      NO_OVERRIDES,
    )
    .option('--rate <n>', 'follow: changes a second', count, 2_000)
    .option('--seconds <n>', 'follow and realtime: for how long, after a warm-up', count, 20)
    .option('--results <directory>', 'where the figures go', path.join(ROOT, 'tools', 'bench', 'results'))
    .action(async (flags: Flags) => {
      const say = (text: string): void => {
        err.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
      };
      if (flags.growth && flags.settings) throw Failure.config('--growth and --settings are two runs: choose one.');
      const at = async (rows: number, runs: number): Promise<Size> => {
        const figures = await benchmark({ ...flags, rows, runs }, say);
        const heading = `${rows.toLocaleString('en')} transactions on ${cpus().length} cores`;
        out.write(`\n${heading}\n${printed(figures, 'text')}\n`);
        await write(flags, rows, figures);
        return { rows, summaries: figures.hops };
      };
      if (!flags.growth) {
        await at(flags.rows, flags.runs);
        return;
      }
      const only = flags.only.filter((hop) => TIMED_WITH_START.has(hop));
      const begun = await benchmark({ ...flags, only, rows: START }, say);
      const sizes: Size[] = [];
      for (const rows of GROWTH) sizes.push(await at(rows, rows === GROWTH.at(-1) ? 1 : flags.runs));
      const growth: Growth = { start: { rows: START, summaries: begun.hops }, sizes };
      out.write(`\n${growthTable(growth, 'text')}\n`);
      await writeFile(path.join(flags.results, 'growth.md'), `${growthTable(growth, 'markdown')}\n`);
      await writeFile(path.join(flags.results, 'growth.svg'), growthPlot(growth));
    });
}

function printed({ hops: summaries, delays, latencies }: Figures, form: Form): string {
  return [
    ...(summaries.length === 0 ? [] : [table(summaries, form)]),
    ...(delays.length === 0 ? [] : [delayTable(delays, form)]),
    ...(latencies.length === 0 ? [] : [latencyReport(latencies, form)]),
  ].join('\n\n');
}

async function write(flags: Flags, rows: number, figures: Figures): Promise<void> {
  const { results: directory, with: overrides, settings } = flags;
  await mkdir(directory, { recursive: true });
  const name = path.join(directory, settings ? 'settings' : `${rows}-rows`);
  const machine = { cores: cpus().length, processor: cpus()[0]?.model ?? 'unknown', node: process.version };
  await writeFile(`${name}.json`, `${JSON.stringify({ rows, machine, with: overrides, ...figures }, null, 2)}\n`);
  await writeFile(`${name}.md`, `${printed(figures, 'markdown')}\n`);
  if (!settings) await writeFile(`${name}.svg`, plot(figures.hops));
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
