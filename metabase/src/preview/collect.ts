import { isFailure } from '@ewallet/failure';
import type { Content } from '../content/content';
import type { Dashboard, QuestionCard } from '../content/dashboard';
import type { Json } from '../content/json';
import type { Question } from '../content/question';
import { bindQuestion } from '../warehouse/bind';
import type { Warehouse } from '../warehouse/warehouse';
import { pageFilters } from './filter-options';
import type { Answer, PageCard, PageDashboard, PageData, PageFilter, PageMoney, PageQuestion } from './page-data';
import { variantKey, variantsWithin, type Choice } from './variant';

export interface CollectOptions {
  readonly title: string;
  readonly now: Date;
  readonly live: boolean;
  /** Answers a card may have on the page, one for each combination of its filters. */
  readonly variantsPerCard: number;
  /** What reading may take in all, in milliseconds; combinations beyond each card's share are left out. */
  readonly budget: number;
  readonly clock: () => number;
  /** Rows of one answer; Metabase itself draws no more than 2,000. */
  readonly rowsPerAnswer: number;
  readonly progress: (dashboard: string) => void;
}

/** A card that could not be answered, for the command's last words. */
export interface CardFailure {
  readonly dashboard: string;
  readonly card: string;
  readonly message: string;
}

/** Asks the warehouse everything the page shows. A question that fails is shown as failed, and reported. */
export async function collectPage(
  warehouse: Warehouse,
  content: Content,
  options: CollectOptions,
): Promise<{ page: PageData; failures: CardFailure[] }> {
  const answers = new AnswerList();
  const failures: CardFailure[] = [];
  const dashboards: PageDashboard[] = [];
  const inOrder = [...content.dashboards.values()].sort((a, b) => (a.position ?? 99) - (b.position ?? 99));
  // A card that needs less than its share leaves the rest to those after it; its default view is always read.
  const cards = inOrder
    .flatMap((dashboard) => dashboard.tabs.flatMap((tab) => tab.cards))
    .filter((card) => card.kind === 'question').length;
  const started = options.clock();
  let read = 0;
  for (const dashboard of inOrder) {
    options.progress(dashboard.name);
    const filters = await pageFilters(warehouse, content, dashboard);
    const tabs = [];
    for (const tab of dashboard.tabs) {
      const shownCards: PageCard[] = [];
      for (const card of tab.cards) {
        if (card.kind !== 'question') {
          shownCards.push({ kind: card.kind, key: card.key, text: card.text, at: card.at });
          continue;
        }
        const question = content.questions.get(card.question);
        if (question === undefined) continue; // refused when the content was read
        const shown = pageQuestion(card, question, dashboard);
        const variants: Record<string, number> = {};
        read += 1;
        const deadline = started + (options.budget * read) / cards;
        for (const values of variantsWithin(choicesOf(shown.filters, filters), options.variantsPerCard)) {
          const choices = new Map(
            shown.filters.map((filter, index): [string, Choice] => [filter, values[index] ?? null]),
          );
          const answer = await answerCard(warehouse, question, card, choices, options);
          if (answer.kind === 'failed')
            failures.push({ dashboard: dashboard.key, card: card.key, message: answer.message });
          variants[variantKey(values)] = answers.add(answer);
          if (answer.kind === 'failed' || options.clock() > deadline) break;
        }
        shownCards.push({ ...shown, variants });
      }
      tabs.push({ key: tab.key, name: tab.name, cards: shownCards });
    }
    dashboards.push({ key: dashboard.key, name: dashboard.name, description: dashboard.description, filters, tabs });
  }
  return {
    page: {
      title: options.title,
      readAt: options.now.toISOString(),
      live: options.live,
      dashboards,
      answers: answers.list,
    },
    failures,
  };
}

/** One card's answer for these choices of the dashboard's filters. */
export async function answerCard(
  warehouse: Warehouse,
  question: Question,
  card: QuestionCard,
  choices: ReadonlyMap<string, Choice>,
  { now, rowsPerAnswer }: { readonly now: Date; readonly rowsPerAnswer: number },
): Promise<Answer> {
  const values: Record<string, Json> = {};
  for (const [filter, tag] of Object.entries(card.filters ?? {})) {
    const choice = choices.get(filter) ?? null;
    if (choice !== null) values[tag] = choice;
  }
  try {
    const query = bindQuestion(question, values, now.toISOString().slice(0, 10));
    const { columns, rows } = await warehouse.ask(query, `Question "${question.key}" failed`);
    return { kind: 'rows', columns, rows: rows.slice(0, rowsPerAnswer), truncated: rows.length > rowsPerAnswer };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { kind: 'failed', message: error.message };
  }
}

function pageQuestion(card: QuestionCard, question: Question, dashboard: Dashboard): PageQuestion {
  return {
    kind: 'question',
    key: card.key,
    title: card.title ?? question.name,
    description: question.description,
    display: question.display,
    at: card.at,
    filters: Object.keys(card.filters ?? {}).sort(),
    settings: { ...question.settings, ...card.settings },
    columns: question.columns ?? {},
    money: moneyOf(card, question, dashboard),
    click: card.click ?? null,
    variants: {},
  };
}

/** The question names a column or a tag; the page knows columns and the dashboard's filters. */
function moneyOf(card: QuestionCard, question: Question, dashboard: Dashboard): PageMoney | null {
  const money = question.money;
  if (money === undefined) return null;
  if (question.tags?.[money.currency] === undefined)
    return { columns: money.columns, column: money.currency, filter: null };
  const feeding = Object.entries(card.filters ?? {}).find(([, tag]) => tag === money.currency)?.[0];
  const filter = (dashboard.filters ?? []).find((candidate) => candidate.key === feeding);
  return { columns: money.columns, column: null, filter: filter?.key ?? null };
}

/** Each filter's choices, its default first, and "none" where it may be empty. */
function choicesOf(keys: readonly string[], filters: readonly PageFilter[]): Choice[][] {
  return keys.map((key) => {
    const filter = filters.find((candidate) => candidate.key === key);
    if (filter === undefined) return [null];
    return [
      ...new Set<Choice>([
        filter.default,
        ...(filter.required ? [] : [null]),
        ...filter.options.map((option) => option.value),
      ]),
    ];
  });
}

/** Answers without repetition: most cards say the same for filters that do not touch their data. */
class AnswerList {
  readonly list: Answer[] = [];
  private readonly places = new Map<string, number>();

  add(answer: Answer): number {
    const text = JSON.stringify(answer);
    const known = this.places.get(text);
    if (known !== undefined) return known;
    this.places.set(text, this.list.length);
    return this.list.push(answer) - 1;
  }
}
