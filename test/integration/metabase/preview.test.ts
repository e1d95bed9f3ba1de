import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { commandPath, PROJECT_ROOT, runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { makeMarts } from '../../support/metabase/marts';
import { services } from '../../support/services';

jest.setTimeout(180_000);
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const inBrowser = browserPath === undefined ? it.skip : it;
const screenshots = path.join(PROJECT_ROOT, 'test-results', 'metabase');

let database: FreshDatabase;
let folder: string;
let browser: Browser | undefined;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'marts');
  await makeMarts(database.url);
  folder = await mkdtemp(path.join(tmpdir(), 'ewallet-preview-'));
  await mkdir(screenshots, { recursive: true });
  const made = await runCommand('ewallet-dashboards', [
    'preview',
    '--warehouse',
    database.url,
    '--out',
    folder,
    '--budget',
    '600',
  ]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  if (browserPath !== undefined)
    browser = await chromium.launch({
      executablePath: browserPath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

/** The page, and everything it complained about or asked a network for. */
async function open(
  hash: string,
  look: { width?: number; colorScheme?: 'light' | 'dark'; folder?: string } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser!.newPage({
    viewport: { width: look.width ?? 1440, height: 900 },
    colorScheme: look.colorScheme ?? 'light',
    reducedMotion: 'reduce',
  });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') && !request.url().startsWith('data:'))
      complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(`${pathToFileURL(path.join(look.folder ?? folder, 'index.html')).href}#${hash}`);
  await page.waitForSelector('.panel:not([hidden]) .card[data-state]');
  return { page, complaints };
}

/** Another view in the same page: reading 6 MB again for each would be most of the test's time. */
async function turnTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.waitForFunction((to) => {
    const cards = [...document.querySelectorAll('.panel:not([hidden]) .card')];
    return (
      document.getElementById(`panel-${to.split(/[/?]/)[1] ?? ''}`)?.hidden === false &&
      cards.every((card) => card.hasAttribute('data-state'))
    );
  }, hash);
}

const dashboards: Record<string, string[]> = {
  'wallet-overview': ['at-a-glance', 'by-currency'],
  'transaction-patterns': ['daily', 'hours', 'mix', 'failures', 'settlement'],
  'user-behaviour': ['activity', 'growth', 'retention', 'funnel', 'segments', 'spending'],
  'merchants-and-money': ['merchants', 'p2p', 'balances', 'float'],
  'risk-and-pipeline': ['risk', 'pipeline'],
  live: ['main'],
};

inBrowser('every card of every tab draws, without a complaint and without a network', async () => {
  const { page, complaints } = await open('wallet-overview');
  for (const [dashboard, tabs] of Object.entries(dashboards))
    for (const tab of tabs) {
      await turnTo(page, `${dashboard}/${tab}`);
      const states = await page.$$eval('.panel:not([hidden]) .card', (cards) =>
        cards.map((card) => [
          card.getAttribute('data-card'),
          card.getAttribute('data-state'),
          card.querySelector('svg path, .figure-value, td') !== null,
        ]),
      );
      expect(states.filter(([, state, drawn]) => state !== 'rows' || drawn !== true)).toEqual([]);
      expect({ dashboard, tab, complaints }).toEqual({ dashboard, tab, complaints: [] });
      await page.screenshot({ path: path.join(screenshots, `${dashboard}-${tab}.png`), fullPage: true });
    }
  await page.close();
});

interface Axe {
  run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
}

inBrowser.each(['light', 'dark'] as const)('axe finds no serious fault in %s', async (colorScheme) => {
  const { page } = await open('wallet-overview', { colorScheme });
  await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
  for (const [dashboard, tabs] of Object.entries(dashboards)) {
    await turnTo(page, `${dashboard}/${tabs[0]!}`);
    const faults = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => [id, nodes[0]?.html]);
    });
    expect({ dashboard, faults }).toEqual({ dashboard, faults: [] });
  }
  await page.close();
});

inBrowser('a filter changes the cards it feeds, stays in the address, and Reset takes it back', async () => {
  const { page, complaints } = await open('wallet-overview');
  const volume = (): Promise<string | null> => page.textContent('[data-card="tpv"] .figure-value');
  const before = await volume();
  await page.selectOption('#filter-currency', 'PHP');
  await page.waitForFunction(
    (then) => document.querySelector('[data-card="tpv"] .figure-value')?.textContent !== then,
    before,
  );
  expect(new URL(page.url()).hash).toBe('#wallet-overview/at-a-glance?currency=PHP');
  await page.click('.filters .quiet');
  await page.waitForFunction(
    (then) => document.querySelector('[data-card="tpv"] .figure-value')?.textContent === then,
    before,
  );
  expect(complaints).toEqual([]);
  await page.close();
});

inBrowser('any two filters together are on the page', async () => {
  for (const [hash, others] of [
    ['transaction-patterns/mix?channel=qr', ['date', 'type', 'currency']],
    ['transaction-patterns/daily?status=failed', ['date', 'type', 'currency']],
    ['merchants-and-money/merchants?currency=PHP', ['date', 'category']],
  ] as const) {
    const { page } = await open(hash);
    expect(await page.$$eval('.filter select', (all) => all.map((one) => one.id.slice('filter-'.length)))).toEqual(
      expect.arrayContaining([...others]),
    );
    expect(await page.$$eval('.filter option:disabled', (all) => all.map((one) => one.textContent))).toEqual([]);
    await page.close();
  }
});

inBrowser('a choice without answers on the page cannot be made, so that no card is left without one', async () => {
  const small = path.join(folder, 'small');
  const args = ['preview', '--warehouse', database.url, '--out', small, '--variants', '30', '--budget', '600'];
  expect(await runCommand('ewallet-dashboards', args)).toMatchObject({ code: 0 });
  const { page, complaints } = await open('transaction-patterns/mix?type=payment', { folder: small });
  const offered = await page.$$eval('.filter option:not(:disabled)', (all) =>
    all.map((one) => ({ filter: one.parentElement?.id ?? '', value: (one as HTMLOptionElement).value })),
  );
  const held = await page.$$eval('.filter option:disabled', (all) => all.length);
  expect([offered.length > 4, held > 4, await page.isVisible('.filter-note')]).toEqual([true, true, true]);
  for (const { filter, value } of offered) {
    await turnTo(page, 'transaction-patterns/mix?type=payment');
    await page.selectOption(`#${filter}`, value);
    const states = await page.$$eval('.panel:not([hidden]) .card', (all) =>
      all.map((one) => one.getAttribute('data-state')),
    );
    expect({ filter, value, states }).toEqual({ filter, value, states: states.map(() => 'rows') });
  }
  // A click makes no choice either that the page has no answers for.
  await page.goto(page.url().replace(/#.*/, '#transaction-patterns/failures?type=payment'));
  await page.waitForSelector('[data-card="failures-by-channel"] td button');
  await page.click('[data-card="failures-by-channel"] td button >> nth=1');
  expect(await page.$$eval('.message.waiting', (all) => all.length)).toBe(0);
  expect(complaints).toEqual([]);
  await page.close();
});

inBrowser('a click on a row of a table filters the dashboard', async () => {
  const { page } = await open('wallet-overview/by-currency');
  await page.click('[data-card="volume-by-currency"] td button:has-text("VND")');
  expect(await page.inputValue('#filter-currency')).toBe('VND');
  await page.waitForSelector('[data-card="volume-own-currency"][data-state="rows"]');
  expect(await page.textContent('[data-card="volume-own-currency"] svg')).toContain('₫');
  await page.close();
});

inBrowser('a channel has one colour on every card, and a card says which filter it does not take', async () => {
  const { page } = await open('transaction-patterns/mix?status=failed');
  const colours = (card: string): Promise<Record<string, string>> =>
    page.$eval(`[data-card="${card}"] .chart`, (chart) => {
      const { echarts } = globalThis as unknown as {
        echarts: {
          getInstanceByDom(of: Element): { getOption(): { series: { name: string; itemStyle: { color: string } }[] } };
        };
      };
      const { series } = echarts.getInstanceByDom(chart).getOption();
      return Object.fromEntries(series.map(({ name, itemStyle }) => [name, itemStyle.color]));
    });
  const [byType, share] = [await colours('channel-by-type'), await colours('channel-share')];
  expect(Object.keys(byType).length).toBeGreaterThan(3);
  expect(share).toEqual(byType);

  await turnTo(page, 'transaction-patterns/daily?status=failed');
  expect(await page.textContent('[data-card="ticket-size"] .unfiltered')).toBe('Not filtered by Status');
  expect(await page.isVisible('[data-card="status-by-day"] .unfiltered')).toBe(false);
  await page.close();
});

inBrowser('tabs work with the arrow keys', async () => {
  const { page } = await open('transaction-patterns');
  await page.focus('#tab-daily');
  await page.keyboard.press('ArrowRight');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-hours');
  expect(await page.isVisible('#panel-hours')).toBe(true);
  await page.close();
});

inBrowser('hostile values stay text', async () => {
  const { page } = await open('merchants-and-money/merchants');
  const cells = await page.$$eval('[data-card="top-merchants"] td', (all) => all.map((cell) => cell.textContent));
  expect(cells).toContain('</script><script>window.stolen=1</script>');
  expect(cells).toContain('<img src=x onerror=window.stolen=1>');
  await page.goto(page.url().replace(/#.*/, '#risk-and-pipeline/risk'));
  await page.waitForSelector('[data-card="signals-to-review"] td');
  expect(await page.evaluate(() => 'stolen' in window)).toBe(false);
  await page.close();
});

inBrowser('a phone shows it without scrolling sideways, and paper shows every tab', async () => {
  const { page } = await open('wallet-overview', { width: 390 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.screenshot({ path: path.join(screenshots, 'phone.png'), fullPage: true });
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  expect(await page.$$eval('.panel', (panels) => panels.filter((panel) => !(panel as HTMLElement).hidden).length)).toBe(
    2,
  );
  // A legend that is turned page by page would be cut on paper.
  const legends = await page.$$eval('.panel .chart', (charts) =>
    charts.map((chart) => {
      const { echarts } = globalThis as unknown as {
        echarts: { getInstanceByDom(of: Element): { getOption(): { legend: { type: string }[] } } };
      };
      return echarts.getInstanceByDom(chart).getOption().legend[0]?.type;
    }),
  );
  expect(new Set(legends)).toEqual(new Set(['plain']));
  await page.pdf({ path: path.join(screenshots, 'wallet-overview.pdf') });
  await page.close();
});

inBrowser(
  'a served page shows what changed in the warehouse, answers filters that it does not hold, and ends on SIGTERM',
  async () => {
    const serving = spawn(commandPath('ewallet-dashboards'), [
      ...['preview', '--serve', '--every', '1', '--warehouse', database.url],
    ]);
    const closed = once(serving, 'close');
    const said: string[] = [];
    for (const stream of [serving.stdout, serving.stderr])
      stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    const client = await connectedTo(database);
    const page = await browser!.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    try {
      const url = await eventually(() => {
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said.join(''));
        if (found === null) throw new Error(`no address yet: ${said.join('')}`);
        return found[0];
      });
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${url}#risk-and-pipeline/pipeline`);
      const landed = '[data-card="rows-landed"] .figure-value';
      const before = await page.getAttribute(landed, 'title');
      await client.query('update marts.pipeline_health set raw_row_count = raw_row_count + 1000000');
      await eventually(async () => {
        expect(await page.getAttribute(landed, 'title')).not.toBe(before);
      });
      const { rows } = await client.query<{ landed: string }>(
        'select sum(raw_row_count)::text as landed from marts.pipeline_health',
      );
      expect((await page.getAttribute(landed, 'title'))?.replaceAll(',', '')).toBe(rows[0]!.landed);

      await page.goto(`${url}#transaction-patterns/mix?currency=PHP&type=payment&channel=qr&date=past30days~`);
      await page.reload(); // another place in the same page is no new document
      await page.waitForSelector('[data-card="channel-by-type"][data-state="rows"]');
      expect(complaints).toEqual([]);
      // A name that another site's page may have pointed at this machine is not answered.
      expect(await statusFor(url, 'rebound.example')).toBe(403);
      expect(await statusFor(url, new URL(url).host)).toBe(200);
    } finally {
      await page.close();
      await client.end();
      serving.kill('SIGTERM');
    }
    expect({ ended: await closed, said: said.join('') }).toEqual({
      ended: [0, null],
      said: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/ – Ctrl-C ends\n$/) as string,
    });
  },
);

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}

describe('where the marts report in Kenyan shillings and Nairobi time', () => {
  let kenya: string;

  beforeAll(async () => {
    const client = await connectedTo(database);
    await client.query(
      "update marts.reporting_settings set reporting_currency = 'KES', reporting_time_zone = 'africa/nairobi', amount_scale = 100",
    );
    await client.end();
    kenya = path.join(folder, 'kenya');
    const args = ['preview', '--warehouse', database.url, '--out', kenya, '--variants', '1', '--budget', '0'];
    expect(await runCommand('ewallet-dashboards', args)).toMatchObject({ code: 0, stderr: '' });
  });
  afterAll(async () => {
    const client = await connectedTo(database);
    await client.query(
      "update marts.reporting_settings set reporting_currency = 'USD', reporting_time_zone = 'UTC', amount_scale = 1",
    );
    await client.end();
  });

  inBrowser('no card shows dollars, bands are of shillings, and times are told in its zone', async () => {
    const { page } = await open('wallet-overview', { folder: kenya });
    const dollars: string[] = [];
    for (const [dashboard, tabs] of Object.entries(dashboards))
      for (const tab of tabs) {
        await turnTo(page, `${dashboard}/${tab}`);
        const said = await page.$$eval('.panel:not([hidden]) .card', (cards) =>
          cards.map((card) => [card.getAttribute('data-card'), card.textContent, card.innerHTML].join(' ')),
        );
        // The rows' own currencies stay theirs: those are in tables and in cards of one currency.
        dollars.push(...said.filter((text) => /US dollars|\$\{/.test(text)).map((text) => text.slice(0, 60)));
      }
    expect(dollars).toEqual([]);
    await turnTo(page, 'wallet-overview/at-a-glance');
    expect(await page.textContent('[data-card="tpv"] .figure-value')).toMatch(/^KES/);
    expect(await page.getAttribute('[data-card="tpv"] .info', 'data-tip')).toContain('in Kenyan shillings');
    expect(await page.textContent('#read-at')).toMatch(/, Africa\/Nairobi time$/);
    await turnTo(page, 'transaction-patterns/daily');
    expect(await page.textContent('[data-card="ticket-size"] svg')).toContain('500 to 2,000');
    await page.close();
  });

  it('another currency than the marts have is refused', async () => {
    const args = ['preview', '--warehouse', database.url, '--out', kenya, '--reporting-currency', 'USD'];
    expect(await runCommand('ewallet-dashboards', args)).toMatchObject({
      code: 1,
      stderr:
        'ewallet-dashboards: The marts report in the currency KES, not in USD. Leave EWALLET_REPORTING_CURRENCY out, or rebuild them with it: npm run dbt -- build --full-refresh.\n',
    });
  });
});

it('validate before dbt has run says so in one line', async () => {
  const empty = await freshDatabase((await services()).warehouse, 'marts');
  try {
    const outcome = await runCommand('ewallet-dashboards', ['validate', '--warehouse', empty.url]);
    expect(outcome).toMatchObject({ code: 1, stderr: '' });
    expect(outcome.stdout).toMatch(
      /^the warehouse: (marts\.\w+, ){2}marts\.\w+ and \d+ more are not there, or this role may not read them: run dbt \(npm run dbt -- build\) first\n1 fault in [^\n]+\n$/,
    );
  } finally {
    await empty.drop();
  }
});

describe('after a build of some marts, and one of an older version', () => {
  let partly: FreshDatabase;
  let out: string;
  beforeAll(async () => {
    partly = await freshDatabase((await services()).warehouse, 'marts');
    await makeMarts(partly.url);
    const client = await connectedTo(partly);
    await client.query('drop table marts.risk_signals; alter table marts.daily_channel_summary drop column channel');
    await client.end();
    out = await mkdtemp(path.join(tmpdir(), 'ewallet-partly-'));
  });
  afterAll(async () => {
    await rm(out, { recursive: true, force: true });
    await partly.drop();
  });
  const gaps =
    'marts.risk_signals is not there, or this role may not read it; marts.daily_channel_summary has no column channel: run dbt (npm run dbt -- build) first';

  it('validate says in one line what is missing and what builds it', async () => {
    const { code, stdout, stderr } = await runCommand('ewallet-dashboards', ['validate', '--warehouse', partly.url]);
    expect({ code, stderr, lines: stdout.split('\n') }).toEqual({
      code: 1,
      stderr: '',
      lines: [`the warehouse: ${gaps}`, expect.stringMatching(/^1 fault in 2 collections, .* queries answered\.$/), ''],
    });
  });

  it('preview writes the page with all other cards, and says the same in one line', async () => {
    const args = ['preview', '--warehouse', partly.url, '--out', out, '--variants', '1'];
    const { code, stderr } = await runCommand('ewallet-dashboards', args);
    const cards = /but (\d+) cards/.exec(stderr)?.[1];
    expect(Number(cards)).toBeGreaterThan(5);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `ewallet-dashboards: The page was written, but ${cards} cards on it cannot be answered: ${gaps}.\n`,
    });
    expect(existsSync(path.join(out, 'index.html'))).toBe(true);
  });
});

it('validate runs every question with and without each filter', async () => {
  const valid = await runCommand('ewallet-dashboards', ['validate', '--warehouse', database.url]);
  expect(valid).toMatchObject({ code: 0, stderr: '' });
  expect(valid.stdout).toMatch(/^Valid: 2 collections, \d+ questions, 6 dashboards; \d+ queries answered\.\n$/);
});
