import type { Content } from './content';
import type { Card, Dashboard, QuestionCard } from './dashboard';
import { placeholders } from './reporting';
import { tagsInSql } from './template';
import type { Question } from './question';

/** A fault in the content, with the file it is in. */
export interface Fault {
  readonly file: string;
  readonly message: string;
}

const GRID_COLUMNS = 24;

/**
 * What JSON Schema cannot say: every key that is named exists, every tag that SQL names is declared and the other way
 * round, filters fit the tags they feed, cards stay on the grid and do not lie on each other.
 */
export function referenceFaults(content: Content): Fault[] {
  return [
    ...placeholderFaults(content),
    ...[...content.collections.values()].flatMap((collection) =>
      collection.parent === undefined || content.collections.has(collection.parent)
        ? []
        : [{ file: `collections/${collection.key}.json`, message: `parent "${collection.parent}" is no collection` }],
    ),
    ...[...content.questions.values()].flatMap((question) =>
      questionFaults(content, question).map((message) => ({ file: `questions/${question.key}.json`, message })),
    ),
    ...[...content.dashboards.values()].flatMap((dashboard) =>
      dashboardFaults(content, dashboard).map((message) => ({ file: `dashboards/${dashboard.key}.json`, message })),
    ),
  ];
}

/** What is sound and still deserves a look: an export of what people made must not end with a refusal for it. */
export function referenceNotes(content: Content): Fault[] {
  return [...unusedQuestions(content), ...[...content.dashboards.values()].flatMap(unusedFilters)];
}

function unusedFilters(dashboard: Dashboard): Fault[] {
  const cards = dashboard.tabs.flatMap((tab) => tab.cards);
  // A mapping that files have no words for may feed a card too.
  if (cards.some((card) => card.wire?.parameter_mappings !== undefined)) return [];
  return (dashboard.filters ?? [])
    .filter(
      ({ key }) => !cards.some((card) => card.kind === 'question' && Object.keys(card.filters ?? {}).includes(key)),
    )
    .map(({ key }) => ({ file: `dashboards/${dashboard.key}.json`, message: `filter "${key}" feeds no card` }));
}

function questionFaults(content: Content, question: Question): string[] {
  const declared = new Set(Object.keys(question.tags ?? {}));
  const named = tagsInSql(question.sql.join('\n'));
  return [
    ...(content.collections.has(question.collection) ? [] : [`collection "${question.collection}" does not exist`]),
    ...[...named].filter((tag) => !declared.has(tag)).map((tag) => `the SQL names {{${tag}}}, which is not under tags`),
    ...[...declared].filter((tag) => !named.has(tag)).map((tag) => `tag "${tag}" is not in the SQL`),
  ];
}

function dashboardFaults(content: Content, dashboard: Dashboard): string[] {
  const faults: string[] = [];
  if (!content.collections.has(dashboard.collection))
    faults.push(`collection "${dashboard.collection}" does not exist`);
  const cards = dashboard.tabs.flatMap((tab) => tab.cards);
  faults.push(...repeated(dashboard.tabs.map((tab) => tab.key)).map((key) => `tab "${key}" is there twice`));
  faults.push(...repeated(cards.map((card) => card.key)).map((key) => `card "${key}" is there twice`));
  const filters = new Map((dashboard.filters ?? []).map((filter) => [filter.key, filter]));
  faults.push(
    ...repeated((dashboard.filters ?? []).map((filter) => filter.key)).map((key) => `filter "${key}" is there twice`),
  );
  for (const card of cards) {
    if (card.kind !== 'question') continue;
    faults.push(...cardFaults(content, dashboard, card, new Set(filters.keys())));
  }
  for (const tab of dashboard.tabs)
    faults.push(...layoutFaults(tab.cards).map((fault) => `tab "${tab.key}": ${fault}`));
  return faults;
}

function cardFaults(content: Content, dashboard: Dashboard, card: QuestionCard, filters: Set<string>): string[] {
  const question = content.questions.get(card.question);
  if (question === undefined) return [`card "${card.key}": question "${card.question}" does not exist`];
  const faults: string[] = [];
  for (const [filter, tag] of Object.entries(card.filters ?? {})) {
    if (!filters.has(filter)) faults.push(`card "${card.key}": filter "${filter}" does not exist`);
    if (question.tags?.[tag] === undefined)
      faults.push(`card "${card.key}": question "${question.key}" has no tag "${tag}"`);
  }
  const click = card.click;
  if (click?.kind === 'filter')
    for (const filter of Object.keys(click.set))
      if (!filters.has(filter)) faults.push(`card "${card.key}": its click sets "${filter}", which is no filter here`);
  if (click?.kind === 'dashboard') {
    const target = click.dashboard === dashboard.key ? dashboard : content.dashboards.get(click.dashboard);
    if (target === undefined) faults.push(`card "${card.key}": dashboard "${click.dashboard}" does not exist`);
    else {
      if (click.tab !== undefined && !target.tabs.some((tab) => tab.key === click.tab))
        faults.push(`card "${card.key}": dashboard "${click.dashboard}" has no tab "${click.tab}"`);
      for (const filter of Object.keys(click.set ?? {}))
        if (!(target.filters ?? []).some((candidate) => candidate.key === filter))
          faults.push(`card "${card.key}": dashboard "${click.dashboard}" has no filter "${filter}"`);
    }
  }
  return faults;
}

function layoutFaults(cards: readonly Card[]): string[] {
  const faults: string[] = [];
  cards.forEach((card, index) => {
    if (card.at.column + card.at.width > GRID_COLUMNS)
      faults.push(`card "${card.key}" ends past column ${GRID_COLUMNS} of the grid`);
    for (const other of cards.slice(index + 1))
      if (overlap(card, other)) faults.push(`cards "${card.key}" and "${other.key}" lie on each other`);
  });
  return faults;
}

function overlap(a: Card, b: Card): boolean {
  return (
    a.at.column < b.at.column + b.at.width &&
    b.at.column < a.at.column + a.at.width &&
    a.at.row < b.at.row + b.at.height &&
    b.at.row < a.at.row + a.at.height
  );
}

function unusedQuestions(content: Content): Fault[] {
  const used = new Set(
    [...content.dashboards.values()].flatMap((dashboard) =>
      dashboard.tabs.flatMap((tab) => tab.cards.flatMap((card) => (card.kind === 'question' ? [card.question] : []))),
    ),
  );
  return [...content.questions.keys()]
    .filter((key) => !used.has(key))
    .map((key) => ({ file: `questions/${key}.json`, message: 'no dashboard shows this question' }));
}

function repeated(keys: readonly string[]): string[] {
  return [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))];
}

/** A placeholder that nothing stands for would be shown to people as it is. */
function placeholderFaults(content: Content): Fault[] {
  return Object.entries(content).flatMap(([kind, files]: [string, ReadonlyMap<string, object>]) =>
    [...files].flatMap(([key, file]) => {
      const named = new Set([...JSON.stringify(file).matchAll(/\$\{reporting[^}"]*\}?/g)].map(([text]) => text));
      return [...named]
        .filter((text) => !placeholders.includes(text))
        .map((text) => ({
          file: `${kind}/${key}.json`,
          message: `${text} stands for nothing; there are ${placeholders.join(', ')}`,
        }));
    }),
  );
}
