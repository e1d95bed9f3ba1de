// A wallet's mapping as `ewallet-mapping render` wrote it (EWALLET_DBT_MAPPING): its variables and its seeds, for one run of dbt.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Commands of dbt that take no --vars. */
const without = new Set(['--help', '-h', '--version', '-v', 'deps', 'init']);

/**
 * The arguments for dbt with the mapping's variables in them, those that the user gives as --vars first, and its folder of seeds.
 *
 * @param {string} named the folder, absolute or relative to `from`
 * @param {string} from the folder in which the user typed the command
 * @param {readonly string[]} args
 * @returns {Promise<{ args: string[]; seeds: string }>}
 */
export async function withMapping(named, from, args) {
  // Only here: without a mapping dbt runs before `npm ci` as well.
  const { parse } = await import('yaml');
  const folder = path.resolve(from, named);
  if (statSync(path.join(folder, 'vars.yml'), { throwIfNoEntry: false }) === undefined)
    throw new Error(
      `EWALLET_DBT_MAPPING: ${folder} has no vars.yml. Write it by: ewallet-mapping render --out ${folder}`,
    );
  const seeds = path.join(folder, 'seeds');
  if (without.has(args[0] ?? '')) return { args: [...args], seeds };
  const at = args.indexOf('--vars');
  const given = at < 0 ? {} : (parse(args[at + 1] ?? '') ?? {});
  const rest = at < 0 ? args : args.filter((_, index) => index !== at && index !== at + 1);
  const vars = { ...parse(readFileSync(path.join(folder, 'vars.yml'), 'utf8')), ...given };
  return { args: [...rest, '--vars', JSON.stringify(vars)], seeds };
}
