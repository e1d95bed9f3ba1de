import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@ewallet/failure';
import { parse } from 'yaml';
import { isObject } from './json';

/** The columns that dbt promises, by mart. */
export type Contracts = ReadonlyMap<string, ReadonlySet<string>>;

/** The contracts that come with the product. */
export const builtInContracts = join(__dirname, '..', '..', '..', 'dbt', 'models', 'marts');

/** Reads dbt's property files of the marts (`models: [{name, columns: [{name}]}]`), in folders too. */
export async function readContracts(folder: string): Promise<Contracts> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw Failure.config(`There are no dbt contracts in ${folder}; name their folder with --contracts.`, {
      cause: error,
    });
  });
  const contracts = new Map<string, Set<string>>();
  for (const name of names.filter((candidate) => /\.ya?ml$/.test(candidate)).sort()) {
    const file: unknown = parse(await readFile(join(folder, name), 'utf8'));
    for (const model of listIn(file, 'models')) {
      const modelName = isObject(model) ? model.name : undefined;
      if (typeof modelName !== 'string') continue;
      const columns = listIn(model, 'columns').flatMap((column) =>
        isObject(column) && typeof column.name === 'string' ? [column.name] : [],
      );
      contracts.set(modelName, new Set(columns));
    }
  }
  return contracts;
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = isObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
}
