import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** Every column that dbt's contracts promise, as `marts.table.column`: what a sync would find. */
export function contractColumns(): string[] {
  const folder = path.join(__dirname, '..', '..', '..', 'dbt', 'models', 'marts');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .flatMap((name) => {
      const file = parse(readFileSync(path.join(folder, name), 'utf8')) as {
        models?: { name: string; columns?: { name: string }[] }[];
      };
      return (file.models ?? []).flatMap((model) =>
        (model.columns ?? []).map((column) => `marts.${model.name}.${column.name}`),
      );
    });
}
