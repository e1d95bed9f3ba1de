// Seeds of the user's own (EWALLET_DBT_SEEDS), copied into dbt's target folder. dbt writes the compiled text of a seed to
// <target>/run/<project>/<path of the seed>: with an absolute path, or one with enough "..", that is the seed itself (#16).
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What the models read; a folder without one of them would fail in the middle of a build. */
const needed = ['currency_map.csv', 'exchange_rates.csv', 'value_map.csv'];

/**
 * Copies the folder's CSV and YAML files and returns the copy's path, relative to the project, for dbt to read.
 *
 * @param {string} project the dbt project's folder
 * @param {string} named the folder, absolute, or relative to the project or else to `from`
 * @param {string} from the folder in which the user typed the command
 */
export function privateSeeds(project, named, from) {
  const candidates = [...new Set([path.resolve(project, named), path.resolve(from, named)])];
  const folder = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isDirectory() === true);
  if (folder === undefined)
    throw new Error(`EWALLET_DBT_SEEDS names no folder: tried ${candidates.join(' and ')}. Nothing was run.`);
  if (folder === path.join(project, 'seeds')) return 'seeds';
  const files = readdirSync(folder).filter((name) => /\.(csv|ya?ml)$/.test(name));
  // Names for scores, not the wallet's: the project's own serve a folder that has none.
  const ours = files.includes('rfm_segments.csv') ? [] : ['rfm_segments.csv'];
  const missing = needed.filter((name) => !files.includes(name));
  if (missing.length > 0)
    throw new Error(
      `EWALLET_DBT_SEEDS: ${folder} lacks ${missing.join(', ')}. Copy what is missing from dbt/seeds and change it there.`,
    );
  // One name for one folder, so that dbt knows its files again and need not parse the project again.
  const copy = path.join('target', 'seeds', createHash('sha256').update(folder).digest('hex').slice(0, 16));
  const target = path.join(project, copy);
  mkdirSync(target, { recursive: true });
  const sources = [
    ...files.map((name) => path.join(folder, name)),
    ...ours.map((name) => path.join(project, 'seeds', name)),
  ];
  const names = new Set(sources.map((file) => path.basename(file)));
  for (const name of readdirSync(target)) if (!names.has(name)) rmSync(path.join(target, name));
  for (const file of sources) {
    const name = path.basename(file);
    // Renamed into place, as another run may be reading it.
    const half = path.join(target, `${name}.${process.pid}.part`);
    writeFileSync(half, readFileSync(file));
    renameSync(half, path.join(target, name));
  }
  return copy;
}
