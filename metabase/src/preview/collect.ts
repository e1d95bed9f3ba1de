import { isFailure } from '@ewallet/failure';
import type { Content } from '../content/content';
import type { Dashboard, QuestionCard } from '../content/dashboard';
import type { Json } from '../content/json';
import { dayIn, wallClock } from '../content/reporting';
import type { Question } from '../content/question';
import { bindQuestion } from '../warehouse/bind';
import type { Warehouse } from '../warehouse/warehouse';
import { pageFilters } from './filter-options';
import type { Answer, PageData, PageFilter, PageMoney, PageQuestion, PageText } from './page-data';
import { defaultReadings, otherReadings, type Reading } from './reading-order';
import { combinationsWithin, variantKey, type Choice, type Combination } from './variant';

export interface CollectOptions {
  readonly title: string;
  readonly now: Date;
  /** The reporting time zone, which the sessions are in. */
  readonly timeZone: string;
  readonly live: boolean;
  /** Answers a card may have on the page, one for each combination of its filters. */
  readonly variantsPerCard: number;
  /** What reading may take in all, in milliseconds; only the default views are read beyond it. */
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
  readonly question: Question;
  readonly message: string;
}

/** A card of the page with what is to be asked for it. */
interface PlannedCard {
  readonly dashboard: string;
  readonly card: QuestionCard;
  readonly question: Question;
  readonly shown: PageQuestion;
  readonly combinations: readonly Combination[];
  readonly answers: Map<string, Answer>;
}

/**
 * Asks the warehouse everything the page shows, one statement at a time on each session. A question that fails is shown
 * as failed, and reported.
 */
export async function collectPage(
  sessions: readonly [Warehouse, ...Warehouse[]],
  content: Content,
  options: CollectOptions,
): Promise<{ page: PageData; failures: CardFailure[] }> {
  const started = options.clock();
  const cards: PlannedCard[] = [];
  const layouts: { dashboard: Dashboard; filters: PageFilter[]; tabs: (PageText | PlannedCard)[][] }[] = [];
  for (const dashboard of [...content.dashboards.values()].sort((a, b) => (a.position ?? 99) - (b.position ?? 99))) {
    options.progress(dashboard.name);
    const filters = await pageFilters(sessions[0], content, dashboard);
    const tabs = dashboard.tabs.map((tab) =>
      tab.cards.flatMap((card): (PageText | PlannedCard)[] => {
        if (card.kind === 'other') return []; // only Metabase can draw it
        if (card.kind !== 'question') return [{ kind: card.kind, key: card.key, text: card.text, at: card.at }];
        const question = content.questions.get(card.question);
        if (question === undefined) return []; // refused when the content was read
        const shown = pageQuestion(card, question, dashboard);
        const combinations = combinationsWithin(choicesOf(shown.filters, filters), options.variantsPerCard);
        const planned = { dashboard: dashboard.key, card, question, shown, combinations, answers: new Map() };
        cards.push(planned);
        return [planned];
      }),
    );
    layouts.push({ dashboard, filters, tabs });
  }
  const failures = await askAll(sessions, cards, options, started + options.budget);
  const answers = new AnswerList();
  return {
    page: {
      title: options.title,
      readAt: options.now.toISOString(),
      timeZone: options.timeZone,
      readAtWallClock: wallClock(options.timeZone, options.now),
      live: options.live,
      dashboards: layouts.map(({ dashboard, filters, tabs }) => ({
        key: dashboard.key,
        name: dashboard.name,
        description: dashboard.description,
        filters,
        tabs: dashboard.tabs.map((tab, index) => ({
          key: tab.key,
          name: tab.name,
          cards: (tabs[index] ?? []).map((card) => ('kind' in card ? card : withAnswers(card, answers))),
        })),
      })),
      answers: answers.list,
    },
    failures,
  };
}

/** @returns the cards that failed; one that fails is not asked for other combinations. */
async function askAll(
  sessions: readonly Warehouse[],
  cards: readonly PlannedCard[],
  options: CollectOptions,
  deadline: number,
): Promise<CardFailure[]> {
  const failures = new Map<PlannedCard, CardFailure>();
  const times = new Map<PlannedCard, number>();
  const read = async (warehouse: Warehouse, { card, combination }: Reading<PlannedCard>): Promise<void> => {
    const began = options.clock();
    if (failures.has(card) || (combination.changes > 0 && began > deadline)) return;
    const choices = new Map(
      card.shown.filters.map((filter, index): [string, Choice] => [filter, combination.values[index] ?? null]),
    );
    const answer = await answerCard(warehouse, { question: card.question, card: card.card, choices }, options);
    card.answers.set(variantKey(combination.values), answer);
    if (combination.changes === 0) times.set(card, options.clock() - began);
    if (answer.kind === 'failed')
      failures.set(card, {
        dashboard: card.dashboard,
        card: card.card.key,
        question: card.question,
        message: answer.message,
      });
  };
  const readAll = async (readings: readonly Reading<PlannedCard>[]): Promise<void> => {
    const rest = readings[Symbol.iterator](); // one for all sessions: each takes the next when it is free
    await Promise.all(
      sessions.map(async (warehouse) => {
        for (let next = rest.next(); next.done !== true; next = rest.next()) await read(warehouse, next.value);
      }),
    );
  };
  await readAll(defaultReadings(cards));
  await readAll(otherReadings(cards, times));
  return cards.flatMap((card) => failures.get(card) ?? []);
}

/** In the order of the combinations, whichever session was first: the same data make the same page. */
function withAnswers({ shown, combinations, answers }: PlannedCard, list: AnswerList): PageQuestion {
  const variants: Record<string, number> = {};
  for (const { values } of combinations) {
    const answer = answers.get(variantKey(values));
    if (answer !== undefined) variants[variantKey(values)] = list.add(answer);
  }
  return { ...shown, variants };
}

interface CardReading {
  readonly question: Question;
  readonly card: QuestionCard;
  readonly choices: ReadonlyMap<string, Choice>;
}

/** One card's answer for these choices of the dashboard's filters. */
export async function answerCard(
  warehouse: Warehouse,
  { question, card, choices }: CardReading,
  { now, timeZone, rowsPerAnswer }: Pick<CollectOptions, 'now' | 'timeZone' | 'rowsPerAnswer'>,
): Promise<Answer> {
  const values: Record<string, Json> = {};
  for (const [filter, tag] of Object.entries(card.filters ?? {})) {
    const choice = choices.get(filter) ?? null;
    if (choice !== null) values[tag] = choice;
  }
  try {
    const query = bindQuestion(question, values, dayIn(timeZone, now));
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

/** The question names a column of its answer, or else a tag; both may have the name. The page knows the filter behind it. */
function moneyOf(card: QuestionCard, question: Question, dashboard: Dashboard): PageMoney | null {
  const money = question.money;
  if (money === undefined) return null;
  const feeding = Object.entries(card.filters ?? {}).find(([, tag]) => tag === money.currency)?.[0];
  const filter = (dashboard.filters ?? []).find((candidate) => candidate.key === feeding);
  return { columns: money.columns, column: money.currency, filter: filter?.key ?? null };
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
