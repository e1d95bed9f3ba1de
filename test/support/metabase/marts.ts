import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { quoteIdentifier } from '@ewallet/postgres';
import { Client } from 'pg';
import { parse } from 'yaml';

const repository = path.join(__dirname, '..', '..', '..');

interface ContractFile {
  readonly models?: readonly {
    readonly name: string;
    readonly columns?: readonly { readonly name: string; readonly data_type?: string }[];
  }[];
}

/** dbt's variables that a contract's type may name, with their defaults from dbt_project.yml. */
async function variables(): Promise<Record<string, string>> {
  const project = parse(await readFile(path.join(repository, 'dbt', 'dbt_project.yml'), 'utf8')) as {
    vars?: Record<string, unknown>;
  };
  return Object.fromEntries(Object.entries(project.vars ?? {}).map(([name, value]) => [name, String(value)]));
}

/** The contracts of the marts as the repository has them. */
export const contractsFolder = path.join(repository, 'dbt', 'models', 'marts');

/** Makes schema `marts` after the dbt contracts of a folder, without rows. */
export async function makeEmptyMarts(client: Client, folder: string): Promise<void> {
  const vars = await variables();
  await client.query('create schema marts');
  for (const name of (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.yml')).sort()) {
    const contract = parse(await readFile(path.join(folder, name), 'utf8')) as ContractFile;
    for (const model of contract.models ?? []) {
      const columns = (model.columns ?? []).map(
        (column) => `${quoteIdentifier(column.name)} ${resolveType(column.data_type ?? 'text', vars)}`,
      );
      await client.query(`create table marts.${quoteIdentifier(model.name)} (${columns.join(', ')})`);
    }
  }
}

/** Makes schema `marts` after dbt's contracts, in an empty database, and fills every table with a small made-up wallet. */
export async function makeMarts(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await makeEmptyMarts(client, contractsFolder);
    await client.query(await readFile(path.join(__dirname, 'marts.sql'), 'utf8'));
  } finally {
    await client.end();
  }
}

function resolveType(type: string, vars: Record<string, string>): string {
  return type.replace(/\{\{\s*var\('(\w+)'\)\s*\}\}/g, (_, name: string) => {
    const value = vars[name];
    if (value === undefined) throw new Error(`dbt_project.yml has no variable ${name}`);
    return value;
  });
}
