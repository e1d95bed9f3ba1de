import type { Content } from '../content/content';
import type { Contracts } from '../content/contracts';
import type { Question } from '../content/question';
import type { Warehouse } from './warehouse';

/** What to do where marts are missing or old, in one line without its full stop. */
export function whatIsMissing({ missing, outdated }: MartGaps): string {
  const [verb, them] = missing.size === 1 ? ['is', 'it'] : ['are', 'them'];
  const absent =
    missing.size === 0 ? [] : [`${named([...missing])} ${verb} not there, or this role may not read ${them}`];
  const older = [...outdated].map(([mart, columns]) => `marts.${mart} has no column ${columns.join(', ')}`);
  return `${[...absent, ...older].join('; ')}: run dbt (npm run dbt -- build) first`;
}

function named(marts: readonly string[]): string {
  const shown = marts.slice(0, SHOWN).map((mart) => `marts.${mart}`);
  return `${shown.join(', ')}${marts.length > SHOWN ? ` and ${marts.length - SHOWN} more` : ''}`;
}

const SHOWN = 3;

/** What questions read and the warehouse does not have: said once, not with each of their queries. */
export interface MartGaps {
  readonly missing: ReadonlySet<string>;
  /** Columns that dbt's contracts promise and a mart does not have: an older version of its model built it. */
  readonly outdated: ReadonlyMap<string, readonly string[]>;
}

export async function martGaps(warehouse: Warehouse, content: Content, contracts: Contracts): Promise<MartGaps> {
  const { rows } = await warehouse.ask(
    { text: "select table_name, column_name from information_schema.columns where table_schema = 'marts'", values: [] },
    'reading the names of the marts fails',
  );
  const there = new Map<string, Set<string>>();
  for (const [mart, column] of rows) {
    if (mart === null || mart === undefined || column === null || column === undefined) continue;
    there.set(mart, (there.get(mart) ?? new Set()).add(column));
  }
  const read = [...martsIn(content)].sort();
  const outdated = read.flatMap((mart): [string, readonly string[]][] => {
    const columns = there.get(mart);
    const absent = [...(contracts.get(mart) ?? [])].filter((column) => columns?.has(column) === false);
    return absent.length === 0 ? [] : [[mart, absent]];
  });
  return { missing: new Set(read.filter((mart) => !there.has(mart))), outdated: new Map(outdated) };
}

/** Whether a question reads what is missing or old. */
export function readsAGap(question: Question, { missing, outdated }: MartGaps): boolean {
  return martsOf(question).some((mart) => missing.has(mart) || outdated.has(mart));
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
