import { Failure, isObject } from '@ewallet/failure';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** What batch and stream share: dbt's variables, and what an amount in the reporting currency is in each currency. */
export interface DbtVariables {
  readonly file: string;
  /** `vars` of dbt_project.yml; `env_var` in a text is resolved. */
  readonly variables: ReadonlyMap<string, unknown>;
  /** Units of a currency for one unit of the reporting currency, by the newest rate of dbt's seed. */
  readonly rates: ReadonlyMap<string, number>;
}

/** The dbt_project.yml above a folder, or above this program. */
export function findDbtProject(directory: string): string | undefined {
  for (const start of [directory, __dirname]) {
    for (let folder = start; ; folder = path.dirname(folder)) {
      const file = path.join(folder, 'dbt', 'dbt_project.yml');
      if (existsSync(file)) return file;
      if (path.dirname(folder) === folder) break;
    }
  }
  return undefined;
}

/** @throws Failure config_error where the file cannot be read as YAML with `vars` */
export function readDbtVariables(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): DbtVariables {
  let project: unknown;
  try {
    project = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw Failure.config(`\`rules.dbt_project\`: ${file} cannot be read as YAML.`, { cause: error });
  }
  const vars = isObject(project) ? project.vars : undefined;
  if (!isObject(vars)) throw Failure.config(`\`rules.dbt_project\`: ${file} has no "vars".`);
  const variables = new Map(
    Object.entries(vars).map(([name, value]): [string, unknown] => [name, resolved(value, environment)]),
  );
  return { file, variables, rates: newestRates(path.dirname(file), variables.get('reporting_currency')) };
}

function resolved(value: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value !== 'string') return value;
  const [, name, fallback] = /^\{\{ *env_var\('(\w+)', *'([^']*)'\) *\}\}$/.exec(value) ?? [];
  return name === undefined ? value : (environment[name] ?? fallback);
}

/** Columns of the seed: currency, valid_from, rate_to_usd. */
function newestRates(project: string, reporting: unknown): ReadonlyMap<string, number> {
  const seed = path.join(project, 'seeds', 'exchange_rates.csv');
  if (!existsSync(seed)) return new Map();
  const newest = new Map<string, { readonly from: string; readonly rate: number }>();
  for (const line of readFileSync(seed, 'utf8').split('\n').slice(1)) {
    const [currency = '', from = '', text] = line.trim().split(',');
    const rate = Number(text);
    if (currency !== '' && rate > 0 && from >= (newest.get(currency)?.from ?? '')) newest.set(currency, { from, rate });
  }
  const one = typeof reporting === 'string' ? newest.get(reporting)?.rate : undefined;
  return new Map(one === undefined ? [] : [...newest].map(([currency, { rate }]) => [currency, one / rate]));
}
