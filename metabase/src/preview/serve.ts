import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '@ewallet/failure';
import type { Content } from '../content/content';
import type { Warehouse } from '../warehouse/warehouse';
import { answerCard, collectPage, type CollectOptions } from './collect';
import { pageHtml } from './html';
import type { PageData } from './page-data';

export interface ServeOptions extends Omit<CollectOptions, 'now' | 'live' | 'variantsPerCard' | 'budget'> {
  readonly port: number;
  /** Milliseconds from one reading of the warehouse to the next. */
  readonly every: number;
  readonly now: () => Date;
  readonly say: (line: string) => void;
  /** Ends the serving. */
  readonly stop: AbortSignal;
}

/**
 * Serves the page on this machine only and reads the warehouse again every so often; open pages are told. The page holds
 * every card's default view; other combinations of filters are asked for when they are chosen.
 */
export async function servePage(
  sessions: readonly [Warehouse, ...Warehouse[]],
  content: Content,
  options: ServeOptions,
): Promise<void> {
  const listeners = new Set<ServerResponse>();
  const read = async (): Promise<PageData> =>
    (
      await collectPage(sessions, content, {
        ...options,
        now: options.now(),
        live: true,
        variantsPerCard: 1,
        budget: 0,
      })
    ).page;
  let page = await read();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    // Another site's page may reach this port under a name of its own; only this machine's names are answered.
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? '')) response.writeHead(403).end();
    else if (url.pathname === '/')
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
        .end(pageHtml(page));
    else if (url.pathname === '/changes') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      // A page that was opened before a change and connects after it finds out here.
      response.write(`event: opened\ndata: ${page.readAt}\n\n`);
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
    } else if (url.pathname === '/answer')
      void answer(sessions[0], content, { query: url.searchParams, options, response });
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        Failure.config(`Port ${options.port} cannot be listened on; choose another with --port-serve.`, {
          cause: error,
        }),
      );
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  options.say(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ – Ctrl-C ends`);
  try {
    while (await waited(options.every, options.stop)) {
      const before = page;
      page = await read();
      const event = sameAnswers(before, page) ? 'same' : 'changed';
      for (const listener of listeners) listener.write(`event: ${event}\ndata: ${page.readAt}\n\n`);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function answer(
  warehouse: Warehouse,
  content: Content,
  {
    query,
    options,
    response,
  }: { readonly query: URLSearchParams; readonly options: ServeOptions; readonly response: ServerResponse },
): Promise<void> {
  const dashboard = content.dashboards.get(query.get('dashboard') ?? '');
  const card = dashboard?.tabs.flatMap((tab) => tab.cards).find((candidate) => candidate.key === query.get('card'));
  const question = card?.kind === 'question' ? content.questions.get(card.question) : undefined;
  if (card?.kind !== 'question' || question === undefined) {
    response.writeHead(404).end();
    return;
  }
  const choices = new Map(
    Object.keys(card.filters ?? {}).map((filter) => [filter, noneWhenEmpty(query.get(`filter.${filter}`))]),
  );
  const rows = await answerCard(
    warehouse,
    { question, card, choices },
    {
      now: options.now(),
      timeZone: options.timeZone,
      rowsPerAnswer: options.rowsPerAnswer,
    },
  ).catch(() => ({ kind: 'failed' as const, message: 'The warehouse does not answer.' }));
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(rows));
}

function sameAnswers(before: PageData, after: PageData): boolean {
  return JSON.stringify({ ...before, readAt: '' }) === JSON.stringify({ ...after, readAt: '' });
}

/** @returns false when stopped before the time was over. */
function waited(milliseconds: number, stop: AbortSignal): Promise<boolean> {
  if (stop.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (full: boolean) => (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', stopped);
      resolve(full);
    };
    const stopped = end(false);
    const timer = setTimeout(end(true), milliseconds);
    stop.addEventListener('abort', stopped);
  });
}

/** The page asks with an empty text for a filter without a value. */
function noneWhenEmpty(text: string | null): string | null {
  return text === '' ? null : text;
}
