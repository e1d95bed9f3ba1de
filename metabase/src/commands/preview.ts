import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { count, Failure } from '@ewallet/failure';
import type { ConnectionConfig } from '@ewallet/postgres';
import type { Content } from '../content/content';
import { readSoundContent } from '../content/read';
import { referenceFaults } from '../content/references';
import { defaultReporting, inReporting, type Reporting } from '../content/reporting';
import { collectPage, type CardFailure } from '../preview/collect';
import { pageHtml } from '../preview/html';
import { servePage } from '../preview/serve';
import { martsIn, missingMarts, withoutMarts } from '../warehouse/marts';
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
    await requireMarts(sessions[0], files);
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
    if (failures.length > 0) throw failedCards(failures);
    return file;
  });
}

/** Without any mart there is nothing to show; where some are missing, the cards that read them are named. */
async function requireMarts(warehouse: Warehouse, content: Content): Promise<void> {
  const missing = await missingMarts(warehouse, content);
  if (missing.size > 0 && missing.size === martsIn(content).size) throw Failure.config(`${withoutMarts(missing)}.`);
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

function failedCards(failures: readonly CardFailure[]): Failure {
  const shown = failures.slice(0, 5).map(({ dashboard, card, message }) => `${dashboard}/${card}: ${message}`);
  const rest = failures.length > shown.length ? `\n… and ${failures.length - shown.length} more` : '';
  return Failure.config(`The page was written, but these cards have no answer:\n${shown.join('\n')}${rest}`);
}

/** Serves the page, whose answers are read again at an interval, until it is stopped. */
export async function servePreview(request: ServeRequest): Promise<void> {
  const files = await readSoundContent(request.content, referenceFaults);
  const reporting = { ...defaultReporting, ...(await reportingOf(request.reporting, request.warehouse)) };
  await withSessions(request.warehouse, reporting.timeZone, (sessions) =>
    servePage(sessions, inReporting(files, reporting), {
      ...request,
      timeZone: reporting.timeZone,
      clock: () => performance.now(),
      rowsPerAnswer: ROWS_PER_ANSWER,
      progress: () => undefined,
    }),
  );
}
