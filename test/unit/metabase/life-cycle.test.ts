/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-explicit-any -- content files are edited here as a person would, in any place */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../../../metabase/src/cli';
import { contractColumns } from '../../support/metabase/columns';
import { MetabaseDouble } from '../../support/metabase/double';

const builtIn = path.join(__dirname, '..', '..', '..', 'metabase', 'content');
const columns = contractColumns();
/** One release for each form in which queries are read back, and the oldest and newest. */
const versions = ['v0.50.36', 'v0.54.2', 'v1.57.3', 'v0.61.1', 'v0.63.0'];

jest.setTimeout(60_000);
let double: MetabaseDouble;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ewallet-content-'));
  await cp(builtIn, folder, { recursive: true });
});
afterEach(async () => {
  await double.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line in this process: a hundred starts of Node would take minutes. */
async function cli(args: readonly string[], environment: Record<string, string>): Promise<Outcome> {
  const said: string[] = [];
  const complained: string[] = [];
  const code = await run(args, {
    environment,
    say: (line) => said.push(`${line}\n`),
    complain: (line) => complained.push(`${line}\n`),
    stop: new AbortController().signal,
  });
  return { code, stdout: said.join(''), stderr: complained.join('') };
}

function dashboards(...args: string[]): Promise<Outcome> {
  return cli(args, { METABASE_URL: double.url, METABASE_API_KEY: double.apiKey });
}

function onContent(command: string, ...args: string[]): Promise<Outcome> {
  return dashboards(command, '--content', folder, ...args);
}

/** Leaves one dashboard of three cards, so that a test can afford many runs. */
async function shrink(): Promise<void> {
  for (const name of await readdir(path.join(folder, 'dashboards')))
    if (name !== 'risk-and-pipeline.json') await rm(path.join(folder, 'dashboards', name));
  const dashboard = await edit('dashboards/risk-and-pipeline.json', (file) => {
    file.filters = file.filters.slice(0, 2);
    file.tabs = file.tabs.map((tab: { cards: { filters?: object }[] }) => ({ ...tab, cards: tab.cards.slice(0, 2) }));
    for (const tab of file.tabs)
      for (const card of tab.cards)
        if (card.filters !== undefined)
          card.filters = Object.fromEntries(Object.entries(card.filters).filter(([key]) => key === 'signal'));
    file.filters = file.filters.filter((filter: { key: string }) => filter.key === 'signal');
  });
  const kept = new Set<string>(
    dashboard.tabs.flatMap((tab: { cards: { question: string }[] }) =>
      tab.cards.map((card) => `${card.question}.json`),
    ),
  );
  for (const name of await readdir(path.join(folder, 'questions')))
    if (!kept.has(name)) await rm(path.join(folder, 'questions', name));
}
async function edit(file: string, change: (content: any) => void): Promise<any> {
  const content: any = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
  change(content);
  await writeFile(path.join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
  return content;
}

describe.each(versions)('Metabase %s', (version) => {
  it('takes the whole life of the content, with the same numbers from beginning to end', async () => {
    double = await MetabaseDouble.start({ version, columns });
    const before = await onContent('plan');
    expect(before).toMatchObject({ code: 2, stderr: '' });
    expect(before.stdout).toContain(`Metabase ${version}`);
    expect(double.writes).toEqual([]);

    expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
    const ids = double.ids();
    double.requests.length = 0;
    expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
    expect(await onContent('plan')).toMatchObject({
      code: 0,
      stdout: `Metabase ${version}\nNothing to do: Metabase shows what the files say.\n`,
    });
    expect(double.writes).toEqual([]);
    expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
    expect(await changedFiles()).toEqual([]);

    // A person edits in Metabase: an apply that would overwrite it refuses, an export keeps it.
    double.card('Success rate').name = 'Share that succeeds';
    const overview = double.dashboard('Wallet overview');
    (overview.dashcards as { size_y: number }[]).at(-1)!.size_y = 9;
    const refused = await onContent('apply');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'Nothing was written: question "success-rate", dashboard "wallet-overview" would be overwritten.',
    );
    expect(double.writes).toEqual([]);
    expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
    expect(await changedFiles()).toEqual(['dashboards/wallet-overview.json', 'questions/success-rate.json']);
    expect((await onContent('plan')).code).toBe(0);

    // A file changes: one write, the numbers stay.
    await edit('questions/tpv.json', (file) => {
      file.description = 'Another description.';
    });
    const plan = await onContent('plan');
    expect(plan).toMatchObject({ code: 2 });
    expect(plan.stdout).toContain('~ question tpv\n    description: ');
    expect(await onContent('apply')).toMatchObject({ code: 0 });
    expect(double.card('Payment volume (TPV)').description).toBe('Another description.');

    // Into the Trash by hand, and back.
    double.card('Fee income').archived = true;
    expect((await onContent('plan')).stdout).toContain('~ question fee-income (out of the Trash)');
    expect(await onContent('apply')).toMatchObject({ code: 0 });
    expect(double.card('Fee income').archived).toBe(false);
    double.card('Share that succeeds').name = 'Success rate';
    expect(double.ids()).toEqual(ids);
    double.card('Success rate').name = 'Share that succeeds';

    // Out of the files: to the Trash with --prune only.
    await rm(path.join(folder, 'dashboards', 'merchants-and-money.json'));
    await edit('dashboards/user-behaviour.json', (file) => {
      for (const tab of file.tabs)
        for (const card of tab.cards) if (card.click?.kind === 'dashboard') delete card.click;
    });
    const unused = (await dashboards('validate', '--content', folder)).stdout.match(
      /questions\/[a-z0-9-]+\.json(?=: no dashboard shows)/g,
    )!;
    for (const file of unused) await rm(path.join(folder, file));
    expect((await onContent('apply')).stdout).toContain('? dashboard merchants-and-money is in no file any more');
    expect(double.dashboard('Merchants and money').archived).toBe(false);
    expect(await onContent('apply', '--prune')).toMatchObject({ code: 0 });
    expect(double.dashboard('Merchants and money').archived).toBe(true);
    expect((await onContent('plan', '--prune')).code).toBe(0);
    expect(double.faults).toEqual([]);
  });
});

/** Files whose text differs from the built-in content's. */
async function changedFiles(): Promise<string[]> {
  const changed: string[] = [];
  for (const kind of ['collections', 'questions', 'dashboards'])
    for (const name of await readdir(path.join(folder, kind))) {
      const [now, then] = await Promise.all(
        [folder, builtIn].map((root) => readFile(path.join(root, kind, name), 'utf8').catch(() => '')),
      );
      if (now !== then) changed.push(`${kind}/${name}`);
    }
  return changed.sort();
}

it.each(['v0.54.2', 'v1.57.3', 'v0.61.1', 'v0.63.0'])(
  'an apply that dies at any request is finished by the next one, with nothing doubled (%s)',
  async (version) => {
    await shrink();
    double = await MetabaseDouble.start({ version, columns, prunes: true });
    expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
    const total = double.requests.length;
    const whole = JSON.stringify(strip(double.ids()));
    await double.stop();
    for (let survive = 0; survive < total; survive += 1) {
      double = await MetabaseDouble.start({ version, columns, prunes: true });
      double.answersLeft = survive;
      const died = await onContent('apply', '--retries', '0');
      expect({ survive, code: died.code }).toEqual({ survive, code: 1 });
      double.answersLeft = Number.POSITIVE_INFINITY;
      const resumed = await onContent('apply');
      expect({ survive, code: resumed.code, stderr: resumed.stderr }).toEqual({ survive, code: 0, stderr: '' });
      expect(JSON.stringify(strip(double.ids()))).toBe(whole);
      expect(double.faults).toEqual([]);
      if (survive < total - 1) await double.stop();
    }
  },
  300_000,
);

/** Names only: the numbers differ by the order in which two runs made things. */
function strip(ids: object): unknown {
  const {
    cards,
    dashboards: boards,
    collections,
  } = ids as { cards: unknown[][]; dashboards: unknown[][]; collections: unknown[][] };
  return {
    cards: cards.map(([name]) => name).sort(),
    dashboards: boards.map(([name, , tabs, dashcards, parameters]) => [
      name,
      (tabs as []).length,
      (dashcards as []).length,
      parameters,
    ]),
    collections: collections.map(([name]) => name).sort(),
  };
}

it('only the named dashboard and what it needs is looked at with --only', async () => {
  double = await MetabaseDouble.start({ version: 'v0.58.0', columns });
  expect(await onContent('apply', '--only', 'risk-and-pipeline')).toMatchObject({ code: 0, stderr: '' });
  expect([...double.dashboards.values()].map((one) => one.name)).toEqual(['Risk and pipeline health']);
  expect((await onContent('plan', '--only', 'risk-and-pipeline')).code).toBe(0);
  const unknown = await onContent('plan', '--only', 'nothing');
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.stderr).toContain('--only: there is no dashboard "nothing"');
  expect(double.faults).toEqual([]);
});

it("the marts' currency and hours are on every card, later runs continue with them, and files keep their placeholders", async () => {
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  const kenya = { EWALLET_REPORTING_CURRENCY: 'KES', EWALLET_REPORTING_TIME_ZONE: 'Africa/Nairobi' };
  const access = { METABASE_URL: double.url, METABASE_API_KEY: double.apiKey };
  expect(await cli(['apply', '--content', folder], { ...access, ...kenya })).toMatchObject({ code: 0, stderr: '' });
  const shown = JSON.stringify([...double.cards.values(), ...double.dashboards.values()]);
  expect([...shown.matchAll(/USD|dollar|\$\{reporting[^}]*\}/gi)].map(([text]) => text)).toEqual([]);
  expect(double.card('Payment volume (TPV)').description).toContain('in Kenyan shillings at the rate of the day');
  expect(double.card('Around the clock').description).toContain('Africa/Nairobi time');

  // Another shell, without the variables: nothing turns back into dollars.
  expect((await onContent('plan')).code).toBe(0);
  double.card('Fee income').description = 'What we earn, in Kenyan shillings.';
  expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
  expect(await changedFiles()).toEqual(['questions/fee-income.json']);
  const file = await readFile(path.join(folder, 'questions', 'fee-income.json'), 'utf8');
  expect(file).toContain('"What we earn, in ${reporting_currency_name}."');

  const other = await onContent('plan', '--reporting-currency', 'IDR');
  expect(other.code).toBe(2);
  expect(other.stdout).toContain('~ question tpv\n');
  const wrong = await onContent('plan', '--reporting-currency', 'Rp');
  expect(wrong).toMatchObject({ code: 1 });
  expect(wrong.stderr).toContain('"Rp" is no currency');
  expect(double.faults).toEqual([]);
});

it('an edit in Metabase is overwritten by apply --force', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.58.0', columns });
  await onContent('apply');
  double.card('Risk signals').name = 'Something else';
  expect((await onContent('apply')).code).toBe(1);
  expect(await onContent('apply', '--force')).toMatchObject({ code: 0 });
  expect(double.card('Risk signals').name).toBe('Risk signals');
});

it('a question and a card made in Metabase become files on export', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  await onContent('apply');
  const model = double.card('Risk signals');
  const made = { ...model, id: 5000, name: 'Made by hand', entity_id: 'aaaaaaaaaaaaaaaaaaaaa' };
  double.cards.set(5000, made);
  const board = double.dashboard('Risk and pipeline health');
  const cards = board.dashcards as Record<string, unknown>[];
  cards.push({ ...cards[0], id: 6000, card_id: 5000, row: 40 });
  expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
  expect(await stat(path.join(folder, 'questions', 'made-by-hand.json'))).toBeDefined();
  expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
  expect((await onContent('plan')).code).toBe(0);
  expect(double.cards.size).toBe(6); // four questions, the one by hand, the note of the last apply
});

/** Cards that Metabase's pages can make and files have no words for. */
const FOREIGN_CARDS: readonly Record<string, unknown>[] = [
  virtual('link', { link: { url: 'https://example.test/?a=%E4%BD%A0' } }),
  virtual('link', { link: { entity: { id: 7, model: 'dashboard', name: 'Elsewhere' } } }),
  virtual('iframe', { iframe: '<iframe src="https://example.test"></iframe>' }),
  virtual('placeholder', {}),
  { ...virtual('action', { actionDisplayType: 'button' }), action_id: 12 },
  { visualization_settings: { 'visualization.of.tomorrow': [1, 2] } },
  {
    ...virtual('text', { text: 'About {{signal}}' }),
    parameter_mappings: [{ parameter_id: 'p', target: ['text-tag', 'signal'] }],
  },
  { ...virtual('text', { text: 'Inline' }), inline_parameters: ['p'] },
];

function virtual(display: string, settings: object): Record<string, unknown> {
  const virtual_card = { name: null, display, visualization_settings: {}, dataset_query: {}, archived: false };
  return { visualization_settings: { ...settings, virtual_card } };
}

/** Puts cards below those of the dashboard, as a person does, and gives back what is there now. */
function placeCards(
  board: Record<string, unknown>,
  added: readonly Record<string, unknown>[],
): Record<string, unknown>[] {
  const cards = board.dashcards as Record<string, unknown>[];
  const tab = cards[0]!.dashboard_tab_id;
  added.forEach((card, index) =>
    cards.push({
      parameter_mappings: [],
      series: [],
      card_id: null,
      ...card,
      id: 7000 + index,
      dashboard_tab_id: tab,
      row: 60 + index,
      col: 0,
      size_x: 4,
      size_y: 1,
    }),
  );
  return cards;
}

it('cards of a kind that files know nothing of, and series, are there byte for byte after export and apply', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  await onContent('apply');
  const board = double.dashboard('Risk and pipeline health');
  const cards = placeCards(
    board,
    FOREIGN_CARDS.filter((card) => card.action_id === undefined),
  );
  const first = cards[0]!;
  first.series = [{ id: first.card_id, name: 'A whole question' }];
  (first.parameter_mappings as object[]).push({
    parameter_id: 'p',
    card_id: first.card_id,
    target: ['dimension', ['field', 1, null]],
  });
  const before = new Map(cards.map((card) => [card.id, JSON.stringify(card)]));

  // A file that does not know of them must not take them away.
  await edit('dashboards/risk-and-pipeline.json', (file) => {
    file.description = 'Another description.';
  });
  expect(await onContent('apply')).toMatchObject({ code: 1 });
  expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
  expect((await onContent('plan')).code).toBe(0);
  await edit('dashboards/risk-and-pipeline.json', (file) => {
    file.description = 'Told again.';
  });
  expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
  const after = double.dashboard('Risk and pipeline health').dashcards as Record<string, unknown>[];
  for (const [id, text] of before) {
    const said = JSON.parse(text) as Record<string, unknown>;
    const there = after.find((card) => card.id === id)!;
    for (const name of ['visualization_settings', 'parameter_mappings', 'inline_parameters'])
      expect([id, name, there[name] ?? []]).toEqual([id, name, said[name] ?? []]);
    expect((there.series as { id: number }[]).map((one) => one.id)).toEqual(
      (said.series as { id: number }[]).map((one) => one.id),
    );
  }
  expect(after).toHaveLength(before.size);
  expect(double.faults).toEqual([]);

  // Elsewhere their numbers mean other things.
  await double.stop();
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  const elsewhere = await onContent('apply');
  expect(elsewhere).toMatchObject({ code: 1 });
  expect(elsewhere.stderr).toContain('holds numbers of the Metabase that it was exported from, and is not on this one');
  expect(double.writes).toEqual([]);
});

it('an action is exported, and a change of its dashboard is refused before anything is written', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.54.2', columns });
  await onContent('apply');
  placeCards(double.dashboard('Risk and pipeline health'), [FOREIGN_CARDS[4]!]);
  expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
  expect((await onContent('plan')).code).toBe(0);
  await edit('dashboards/risk-and-pipeline.json', (file) => {
    file.description = 'Another description.';
  });
  double.requests.length = 0;
  const refused = await onContent('apply');
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('card "action" of dashboard "risk-and-pipeline" is an action');
  expect(double.writes).toEqual([]);
});

it('what Metabase accepts is exported so that plan and apply take it: no dashboard, no description, any slug, a filter that feeds nothing', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  await onContent('apply');
  const model = double.card('Risk signals');
  double.cards.set(5000, { ...model, id: 5000, name: 'On no dashboard', description: null, entity_id: 'b'.repeat(21) });
  const board = double.dashboard('Risk and pipeline health');
  const parameters = board.parameters as Record<string, unknown>[];
  parameters[0]!.slug = '%E4%BF%A1%E5%8F%B7';
  parameters.push({
    id: 'nothing',
    name: 'Feeds nothing',
    slug: 'feeds_nothing_',
    type: 'string/=',
    sectionId: 'string',
  });
  expect(await onContent('export')).toMatchObject({ code: 0, stderr: '' });
  expect(await onContent('plan')).toMatchObject({ code: 0, stderr: '' });
  const valid = await dashboards('validate', '--content', folder);
  expect(valid.code).toBe(0);
  expect(valid.stdout).toContain('questions/on-no-dashboard.json: no dashboard shows this question (no fault)');
  await edit('dashboards/risk-and-pipeline.json', (file) => {
    file.name = 'Another name';
  });
  expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
  expect((double.dashboard('Another name').parameters as { slug: string }[]).map(({ slug }) => slug)).toEqual([
    '%E4%BF%A1%E5%8F%B7',
    'feeds_nothing_',
  ]);
});

it('what no file can hold is left out by name with exit 2, and the files stay valid', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  await onContent('apply');
  const model = double.card('Risk signals');
  // In the collection, with a way of drawing that no release had when this was written; and one outside of it.
  double.cards.set(5000, { ...model, id: 5000, name: 'Of tomorrow', display: 'hologram', entity_id: 'c'.repeat(21) });
  double.cards.set(5001, { ...model, id: 5001, name: 'Elsewhere', collection_id: null, entity_id: 'd'.repeat(21) });
  const board = double.dashboard('Risk and pipeline health');
  placeCards(board, [{ card_id: 5001 }]);
  const result = await onContent('export');
  expect(result).toMatchObject({ code: 2, stderr: '' });
  expect(result.stdout).toContain('! not exported: question "of-tomorrow": /display ');
  expect(result.stdout).toContain('! not exported: dashboard "risk-and-pipeline": ');
  expect((await dashboards('validate', '--content', folder)).code).toBe(0);
});

it('a content folder that is not there is an error', async () => {
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  const nowhere = path.join(folder, 'nowhere');
  for (const command of ['validate', 'plan', 'export'])
    expect(await dashboards(command, '--content', nowhere)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`There is no content in ${nowhere}: the folder cannot be read.`),
    });
  await mkdir(nowhere);
  expect(await dashboards('validate', '--content', nowhere)).toMatchObject({ code: 1 });
});

it("a position and a description that a file no longer has stay, and are said, as Metabase's API cannot unset them", async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.63.0', columns });
  await onContent('apply');
  await edit('dashboards/risk-and-pipeline.json', (file) => {
    delete file.position;
    file.description = 'Another description.';
  });
  await edit('collections/e-wallet.json', (file) => delete file.description);
  await edit('collections/e-wallet-questions.json', (file) => delete file.parent);
  const applied = await onContent('apply');
  expect(applied).toMatchObject({ code: 0, stderr: '' });
  const said = (what: string): string =>
    `? ${what} is in no file and stays: Metabase's API cannot unset it. Clear it in Metabase, or export it\n`;
  for (const what of [
    'collection e-wallet: its description',
    'collection e-wallet-questions: its parent',
    'dashboard risk-and-pipeline: its position',
  ])
    expect(applied.stdout).toContain(said(what));
  expect(double.dashboard('Risk and pipeline health')).toMatchObject({
    collection_position: 5,
    description: 'Another description.',
  });
  expect((await onContent('plan')).code).toBe(0);
  expect(double.faults).toEqual([]);
});

it('a lost note of the last apply is recreated from what is there', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.54.2', columns });
  await onContent('apply');
  const ids = double.ids();
  const note = double.card('Applied content (kept by ewallet-dashboards)');
  note.visualization_settings = {};
  expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
  expect(double.ids()).toEqual(ids);
  expect((await onContent('plan')).code).toBe(0);
});

it('a busy Metabase is asked again, and a question is never made twice', async () => {
  await shrink();
  double = await MetabaseDouble.start({ version: 'v0.54.2', columns });
  double.upsets.push(503, 429, 502);
  expect(await onContent('apply')).toMatchObject({ code: 0, stderr: '' });
  expect(double.faults).toEqual([]);
});

it.each([
  ['v0.49.12', 'Metabase v0.49.12 is not supported: this tool reads and writes v50 to v63. Upgrade Metabase.'],
  [
    'v0.64.0',
    'Metabase v0.64.0 is not supported: this tool reads and writes v50 to v63. Look for a newer version of this tool.',
  ],
])('%s is refused', async (version, message) => {
  double = await MetabaseDouble.start({ version, columns });
  expect(await onContent('plan')).toMatchObject({ code: 1, stderr: `ewallet-dashboards: ${message}\n` });
});

it('a column that Metabase does not know is named with the question that needs it, and nothing is left half done', async () => {
  await shrink();
  double = await MetabaseDouble.start({
    version: 'v0.54.2',
    columns: columns.filter((name) => name !== 'marts.risk_signals.severity'),
  });
  const failed = await onContent('apply');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(
    'Question "flagged-customers": Column marts.risk_signals.severity is not in Metabase\'s copy of the schema.',
  );
});

it('a wrong key says so, and is not shown', async () => {
  double = await MetabaseDouble.start({ version: 'v0.54.2', columns });
  const failed = await cli(['plan'], { METABASE_URL: double.url, METABASE_API_KEY: 'mb_secret' });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('Metabase answered 401');
  expect(failed.stdout + failed.stderr).not.toContain('mb_secret');
});

it.each(versions)(
  'a fresh Metabase %s is set up so that apply works, and a second setup changes nothing',
  async (version) => {
    await shrink();
    double = await MetabaseDouble.start({ version, columns, fresh: true, syncTakes: 2 });
    const manifest = path.join(folder, 'manifest.json');
    await writeFile(manifest, JSON.stringify(smallManifest));
    const keyFile = path.join(folder, 'key');
    const env = {
      METABASE_URL: double.url,
      METABASE_USER: 'boss@example.test',
      METABASE_PASSWORD: 'long and secret 9',
      METABASE_API_KEY: '',
    };
    const args = [
      'setup',
      '--content',
      folder,
      '--api-key-file',
      keyFile,
      '--warehouse',
      'postgresql://reader:hidden@db:5432/warehouse',
      '--manifest',
      manifest,
    ];
    const first = await cli(args, env);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).not.toMatch(/hidden|long and secret|mb_/);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(double.fieldWrites).toEqual([
      'signal_type semantic_type',
      'user_id description,fk_target_field_id,semantic_type',
      'user_id semantic_type',
    ]);
    const writes = double.writes.length;
    expect(await cli(args, env)).toMatchObject({ code: 0, stderr: '' });
    expect(double.writes.length).toBe(writes);
    const key = (await readFile(keyFile, 'utf8')).trim();
    const applied = await cli(['apply', '--content', folder], { METABASE_URL: double.url, METABASE_API_KEY: key });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(double.faults).toEqual([]);
  },
);

it('setup names the columns that are missing when the sync takes too long', async () => {
  await shrink();
  double = await MetabaseDouble.start({
    version: 'v0.54.2',
    columns: columns.filter((name) => name !== 'marts.risk_signals.severity'),
    fresh: true,
  });
  const failed = await cli(
    ['setup', '--content', folder, '--warehouse', 'postgresql://r@db/w', '--sync-timeout', '1'],
    {
      METABASE_URL: double.url,
      METABASE_USER: 'boss@example.test',
      METABASE_PASSWORD: 'long and secret 9',
      METABASE_API_KEY: '',
    },
  );
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('After 1 s Metabase still does not know 1 column: marts.risk_signals.severity.');
});

const smallManifest = {
  nodes: {
    'model.w.risk_signals': {
      resource_type: 'model',
      name: 'risk_signals',
      alias: 'risk_signals',
      schema: 'marts',
      columns: { signal_type: { name: 'signal_type' }, user_id: { name: 'user_id', description: 'Customer.' } },
    },
    'model.w.dim_users': {
      resource_type: 'model',
      name: 'dim_users',
      alias: 'dim_users',
      schema: 'marts',
      columns: { user_id: { name: 'user_id' } },
    },
    'test.w.a': {
      resource_type: 'test',
      attached_node: 'model.w.risk_signals',
      column_name: 'user_id',
      test_metadata: {
        name: 'relationships',
        kwargs: { column_name: 'user_id', arguments: { to: "ref('dim_users')", field: 'user_id' } },
      },
    },
    'test.w.b': {
      resource_type: 'test',
      attached_node: 'model.w.dim_users',
      column_name: 'user_id',
      test_metadata: { name: 'unique' },
    },
    'test.w.c': {
      resource_type: 'test',
      attached_node: 'model.w.dim_users',
      column_name: 'user_id',
      test_metadata: { name: 'not_null' },
    },
  },
};
