import type { Content } from '../content/content';
import type { Dashboard, Filter } from '../content/dashboard';
import { isFailure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import type { ColumnName } from '../content/question';
import type { PageFilter } from './page-data';
import type { Rows, Warehouse } from '../warehouse/warehouse';

/** The ranges a page offers for a date filter: Metabase's own values, `~` for "including today". */
const dateOptions = [
  { value: 'past7days~', label: 'Last 7 days' },
  { value: 'past30days~', label: 'Last 30 days' },
  { value: 'past90days~', label: 'Last 90 days' },
  { value: 'past12months~', label: 'Last 12 months' },
];

/** More values than this are no list to choose from. */
const MOST_VALUES = 40;

/** The filters of a dashboard with what one can choose: the fixed list, the date ranges, or the column's own values. */
export async function pageFilters(warehouse: Warehouse, content: Content, dashboard: Dashboard): Promise<PageFilter[]> {
  const filters: PageFilter[] = [];
  for (const filter of dashboard.filters ?? []) {
    const options = await optionsOf(warehouse, content, dashboard, filter);
    const fallback = filter.required === true ? (options[0]?.value ?? null) : null;
    const named = defaultOf(filter);
    filters.push({
      key: filter.key,
      name: filter.name,
      kind: isDate(filter) ? 'date' : 'choice',
      options:
        named === null || options.some((option) => option.value === named)
          ? options
          : [...options, { value: named, label: named }],
      default: named ?? fallback,
      required: filter.required === true,
    });
  }
  return filters;
}

function isDate(filter: Filter): boolean {
  return filter.type.startsWith('date/');
}

/** A default list of several values is shown as no choice: the page's filters take one value. */
function defaultOf(filter: Filter): string | null {
  const value = filter.default;
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string') return value[0];
  return null;
}

async function optionsOf(
  warehouse: Warehouse,
  content: Content,
  dashboard: Dashboard,
  filter: Filter,
): Promise<PageFilter['options']> {
  if (isDate(filter)) return dateOptions;
  if (filter.values !== undefined) return filter.values.map((value) => ({ value, label: value }));
  const column = columnOf(content, dashboard, filter);
  if (column === undefined) return [];
  const name = quoteIdentifier(column.column);
  const table = `${quoteIdentifier(column.schema)}.${quoteIdentifier(column.table)}`;
  const query = {
    text: `select distinct ${name}::text from ${table} where ${name} is not null order by 1 limit $1`,
    values: [MOST_VALUES],
  };
  try {
    const answer = await warehouse.ask(query, `Could not read the values of filter "${filter.key}"`);
    return valuesOf(answer);
  } catch (error) {
    // The cards that it feeds read the same column: they have no answer either, and say why.
    if (!isFailure(error)) throw error;
    return [];
  }
}

function valuesOf(answer: Rows): PageFilter['options'] {
  return answer.rows.flatMap(([value]) => (value === null || value === undefined ? [] : [{ value, label: value }]));
}

/** The column behind the first field filter that the dashboard's filter feeds. */
function columnOf(content: Content, dashboard: Dashboard, filter: Filter): ColumnName | undefined {
  for (const card of dashboard.tabs.flatMap((tab) => tab.cards)) {
    if (card.kind !== 'question') continue;
    const tagName = card.filters?.[filter.key];
    const tag = tagName === undefined ? undefined : content.questions.get(card.question)?.tags?.[tagName];
    if (tag?.kind === 'field') return tag.column;
  }
  return undefined;
}
