import type { Content } from '../content/content';
import type { Question } from '../content/question';
import type { Warehouse } from './warehouse';

/** What to do where marts are missing. */
export function withoutMarts(missing: ReadonlySet<string>): string {
  const named = [...missing].slice(0, 3).map((mart) => `marts.${mart}`);
  const more = missing.size > named.length ? ` and ${missing.size - named.length} more` : '';
  return `${named.join(', ')}${more} are not there, or this role may not read them: run dbt (npm run dbt -- build) first`;
}

/** Marts that questions read and the warehouse does not have: said once, not with each of their queries. */
export async function missingMarts(warehouse: Warehouse, content: Content): Promise<Set<string>> {
  const { rows } = await warehouse.ask(
    { text: "select table_name from information_schema.tables where table_schema = 'marts'", values: [] },
    'reading the names of the marts fails',
  );
  const there = new Set(rows.map(([name]) => name));
  return new Set([...martsIn(content)].filter((mart) => !there.has(mart)).sort());
}

/** Names of the marts that any question reads. */
export function martsIn(content: Content): Set<string> {
  return new Set([...content.questions.values()].flatMap(martsOf));
}

/** Names of the marts that a question's SQL reads. */
export function martsOf(question: Question): string[] {
  return [...new Set([...question.sql.join('\n').matchAll(MART_IN_SQL)].map((match) => match[1] ?? ''))];
}

const MART_IN_SQL = /\bmarts\.([a-z_][a-z0-9_]*)/g;
