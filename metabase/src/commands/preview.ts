import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { count, Failure } from '@ewallet/failure';
import type { ConnectionConfig } from '@ewallet/postgres';
import type { Content } from '../content/content';
import { builtInContracts, readContracts } from '../content/contracts';
import { readSoundContent } from '../content/read';
import { referenceFaults } from '../content/references';
import { defaultReporting, inReporting, type Reporting } from '../content/reporting';
import { collectPage, type CardFailure } from '../preview/collect';
import { pageHtml } from '../preview/html';
import { servePage } from '../preview/serve';
import { martGaps, martsIn, readsAGap, whatIsMissing, type MartGaps } from '../warehouse/marts';
import { reportingOf } from '../warehouse/reporting';
import { Warehouse } from '../warehouse/warehouse';

export interface ServeRequest extends Omit<PreviewRequest, 'out' | 'variants' | 'budget'> {
  readonly port: number;
  readonly every: number;
  readonly stop: AbortSignal;
}

export interface PreviewRequest {
  readonly content: string;
  readonly out: string;
  readonly title: string;
  readonly variants: number;
  /** Seconds. */
  readonly budget: number;
  readonly warehouse: ConnectionConfig;
  /** What the user says that the marts report in. */
  readonly reporting: Partial<Reporting>;
  readonly now: () => Date;
  readonly say: (line: string) => void;
}

/** Answers a card may have of its rows; Metabase draws no more either. */
const ROWS_PER_ANSWER = 2000;

/** Statements that run side by side: enough for the cores of a small warehouse, few beside its other users. */
const SESSIONS_AT_ONCE = 4;

/**
 * Writes OUT/index.html.
 * @throws Failure naming the cards that could not be answered, after the page with all others was written.
 */
export async function preview(request: PreviewRequest): Promise<string> {
  const files = await readSoundContent(request.content, referenceFaults);
  const reporting = { ...defaultReporting, ...(await reportingOf(request.reporting, request.warehouse)) };
  return withSessions(request.warehouse, reporting.timeZone, async (sessions) => {
    const gaps = await gapsOfMarts(sessions[0], files);
    const { page, failures } = await collectPage(sessions, inReporting(files, reporting), {
      title: request.title,
      timeZone: reporting.timeZone,
      now: request.now(),
      live: false,
      variantsPerCard: request.variants,
      budget: request.budget * 1000,
      clock: () => performance.now(),
      rowsPerAnswer: ROWS_PER_ANSWER,
      progress: (dashboard) => {
        request.say(`Reading ${dashboard} …`);
      },
    });
    const folder = resolve(request.out);
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'index.html');
    const html = pageHtml(page);
    await writeFile(file, html);
    request.say(`${file} (${(html.length / 1e6).toFixed(1)} MB, ${count(page.dashboards.length, 'dashboard')})`);
    if (failures.length > 0) throw failedCards(failures, gaps);
    return file;
  });
}

/** @throws Failure where there is no mart at all, and so nothing to show */
async function gapsOfMarts(warehouse: Warehouse, content: Content): Promise<MartGaps> {
  const gaps = await martGaps(warehouse, content, await readContracts(builtInContracts));
  const { missing } = gaps;
  if (missing.size > 0 && missing.size === martsIn(content).size) throw Failure.config(`${whatIsMissing(gaps)}.`);
  return gaps;
}

/** Opens the sessions that read side by side, and closes them whatever happens. */
async function withSessions<T>(
  config: ConnectionConfig,
  timeZone: string,
  use: (sessions: readonly [Warehouse, ...Warehouse[]]) => Promise<T>,
): Promise<T> {
  const first = await Warehouse.open(config, timeZone);
  const others: Warehouse[] = [];
  try {
    while (others.length < SESSIONS_AT_ONCE - 1) others.push(await Warehouse.open(config, timeZone));
    return await use([first, ...others]);
  } finally {
    await Promise.all([first, ...others].map((warehouse) => warehouse.close()));
  }
}

/** Cards that dbt gives their answers in one line, each other one with its own. */
function failedCards(failures: readonly CardFailure[], gaps: MartGaps): Failure {
  const forDbt = failures.filter(({ question }) => readsAGap(question, gaps));
  const others = failures.filter(({ question }) => !readsAGap(question, gaps));
  const shown = others.slice(0, 5).map(({ dashboard, card, message }) => `${dashboard}/${card}: ${message}`);
  const rest = others.length > shown.length ? [`… and ${others.length - shown.length} more`] : [];
  const lines = [
    ...(forDbt.length === 0
      ? []
      : [
          `The page was written, but ${count(forDbt.length, 'card')} on it cannot be answered: ${whatIsMissing(gaps)}.`,
        ]),
    ...(others.length === 0 ? [] : ['The page was written, but these cards have no answer:', ...shown, ...rest]),
  ];
  return Failure.config(lines.join('\n'));
}

/** Serves the page, whose answers are read again at an interval, until it is stopped. */
export async function servePreview(request: ServeRequest): Promise<void> {
  const files = await readSoundContent(request.content, referenceFaults);
  const reporting = { ...defaultReporting, ...(await reportingOf(request.reporting, request.warehouse)) };
  await withSessions(request.warehouse, reporting.timeZone, async (sessions) => {
    // dbt may run while the page is served, which then shows what it built.
    const gaps = await martGaps(sessions[0], files, await readContracts(builtInContracts));
    if (gaps.missing.size + gaps.outdated.size > 0)
      request.say(`Some cards have no answer yet: ${whatIsMissing(gaps)}.`);
    await servePage(sessions, inReporting(files, reporting), {
      ...request,
      timeZone: reporting.timeZone,
      clock: () => performance.now(),
      rowsPerAnswer: ROWS_PER_ANSWER,
      progress: () => undefined,
    });
  });
}
