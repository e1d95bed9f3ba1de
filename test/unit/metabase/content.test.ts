import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';

interface Question {
  readonly key: string;
  readonly display: string;
  readonly description: string;
  readonly sql: readonly string[];
}

interface Dashboard {
  readonly tabs: readonly { readonly cards: readonly { readonly question?: string; readonly text?: string }[] }[];
}

const content = (folder: string): readonly unknown[] => {
  const directory = path.join(PROJECT_ROOT, 'metabase/content', folder);
  return readdirSync(directory).map((file): unknown => JSON.parse(readFileSync(path.join(directory, file), 'utf8')));
};

const questions = content('questions') as readonly Question[];
const dashboards = content('dashboards') as readonly Dashboard[];

test('no table shows a month as its first day', () => {
  const bare = questions.filter(
    ({ display, sql }) => display === 'table' && sql.some((line) => /^\s*(\w+\.)?\w*month(_start)?,?$/.test(line)),
  );
  expect(bare.map(({ key }) => key)).toEqual([]);
});

test('a tab says in words, not in a tooltip alone, which of its cards need what was not landed with the wallet', () => {
  const needs = new Map(
    questions.flatMap(({ key, description }) => {
      const tables = description.match(/\braw\.\w+/g);
      return tables === null ? [] : [[key, [...new Set(tables)]] as const];
    }),
  );
  expect([...needs.keys()].sort()).toEqual(['revenue-by-month', 'safeguarding', 'targets-by-month']);
  const silent = dashboards.flatMap(({ tabs }) =>
    tabs.flatMap(({ cards }) => {
      const words = cards.map(({ text }) => text ?? '').join(' ');
      return cards.flatMap(({ question }) =>
        (needs.get(question ?? '') ?? [])
          .filter((table) => !words.includes(table))
          .map((table) => `${String(question)}: ${table}`),
      );
    }),
  );
  expect(silent).toEqual([]);
});
