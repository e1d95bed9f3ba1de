import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TEST_PYTHON } from '../../support/airbyte-models';
import { PROJECT_ROOT, runCommand, runProgram } from '../../support/command';
import { contractColumns } from '../../support/metabase/columns';
import { MetabaseDouble } from '../../support/metabase/double';

/** Clients of Metabase's API that others wrote drive the double, which shows that it is not shaped to our importer. */
jest.setTimeout(180_000);

const inTestEnvironment = (program: string): string => path.join(path.dirname(TEST_PYTHON), program);
const columns = contractColumns();
const doubles: MetabaseDouble[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ewallet-foreign-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const double of doubles.splice(0)) await double.stop();
});

async function start(options: { version: string; passesOver?: boolean }): Promise<MetabaseDouble> {
  const double = await MetabaseDouble.start({ columns, ...options });
  doubles.push(double);
  return double;
}

function environmentOf(double: MetabaseDouble): Record<string, string> {
  return { METABASE_URL: double.url, METABASE_API_KEY: double.apiKey };
}

async function apply(double: MetabaseDouble): Promise<void> {
  const applied = await runCommand('ewallet-dashboards', ['apply'], { env: environmentOf(double) });
  expect(applied).toMatchObject({ code: 0, stderr: '' });
}

test('metabase-api signs in, finds what was applied, makes, places, renames and archives; what is undeclared is refused', async () => {
  const double = await start({ version: 'v0.63.0' });
  await apply(double);
  const cardsBefore = double.cards.size;
  const script = path.join(PROJECT_ROOT, 'test', 'support', 'metabase', 'foreign_session.py');
  const session = await runProgram(TEST_PYTHON, [script], {
    input: JSON.stringify({
      url: double.url,
      email: double.user.email,
      password: double.user.password,
      apiKey: double.apiKey,
      dashboard: 'Wallet overview',
    }),
  });
  expect(session).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(session.stdout)).toEqual({
    dashboards_found: ['Risk and pipeline health'],
    collections: ['E-wallet', 'Our analytics', 'Questions'],
    card: { name: 'One', display: 'table', collection_id: true, archived: false },
    renamed: 200,
    name: 'Number one',
    tabs: ['At a glance', 'By currency'],
    placed: 200,
    cards: 1,
    ids_kept: true,
    archived: 200,
    in_trash: ['Number one'],
    by_key: 'Number one',
    with_colour: false,
    old_endpoint: 404,
    no_name: 400,
  });
  expect(double.cards.size).toBe(cardsBefore + 1);
  expect(double.faults).toEqual([
    'POST /api/collection: /color is not declared',
    expect.stringMatching(/^PUT \/api\/dashboard\/\d+\/cards is not in the contract$/),
    expect.stringMatching(/^POST \/api\/card\/: .*must have required property 'name'/),
  ]);
});

test('metabase-migration-toolkit carries the applied content to another Metabase, whole', async () => {
  const [from, to] = [await start({ version: 'v0.56.9' }), await start({ version: 'v0.56.9', passesOver: true })];
  await apply(from);
  const exported = path.join(folder, 'exported');
  const read = await runProgram(
    inTestEnvironment('metabase-export'),
    ['--export-dir', exported, '--include-dashboards', '--metabase-version', 'v56'],
    { env: { MB_SOURCE_URL: from.url, MB_SOURCE_PERSONAL_TOKEN: from.apiKey }, cwd: folder },
  );
  expect(read).toMatchObject({ code: 0 });
  expect(from.faults).toEqual([]);

  const databases = path.join(folder, 'databases.json');
  await writeFile(databases, JSON.stringify({ by_name: { 'E-wallet warehouse': to.databases.keys().next().value } }));
  const written = await runProgram(
    inTestEnvironment('metabase-import'),
    ['--export-dir', exported, '--db-map', databases, '--metabase-version', 'v56'],
    {
      env: { MB_TARGET_URL: to.url, MB_TARGET_USERNAME: to.user.email, MB_TARGET_PASSWORD: to.user.password },
      cwd: folder,
    },
  );
  expect(to.faults).toEqual([]);
  expect(written).toMatchObject({ code: 0 });
  expect(named(to)).toEqual(named(from));
  // What no call declares, and a current release refuses: it sends back what it read, and null for "none".
  expect([...to.passedOver].sort()).toEqual([
    'get /api/collection/tree: query archived is not declared',
    'post /api/card/: /archived is not declared',
    'post /api/collection/: /description must be string',
    'post /api/collection/: /parent_id must be integer',
    'put /api/dashboard/{id}: /dashcards/card is not declared',
  ]);
});

/** Everything by its names: numbers differ from one Metabase to another. */
function named(double: MetabaseDouble): unknown {
  const cardName = (id: unknown): unknown => double.cards.get(Number(id))?.name ?? null;
  return {
    collections: [...double.collections.values()].map((one) => one.name).sort(),
    cards: [...double.cards.values()]
      .map((card) => ({
        name: card.name,
        display: card.display,
        description: card.description,
        sql: (card.dataset_query as { native: { query: string } }).native.query,
        settings: card.visualization_settings,
      }))
      .sort((a, b) => String(a.name).localeCompare(String(b.name))),
    dashboards: [...double.dashboards.values()]
      .map((dashboard) => {
        const tabs = dashboard.tabs as { id: number; name: string }[];
        return {
          name: dashboard.name,
          parameters: dashboard.parameters,
          tabs: tabs.map((tab) => tab.name),
          cards: (dashboard.dashcards as Record<string, unknown>[])
            .map(({ row, col, size_x, size_y, card_id, dashboard_tab_id }) => ({
              place: [row, col, size_x, size_y],
              card: cardName(card_id),
              tab: tabs.find((tab) => tab.id === dashboard_tab_id)?.name ?? null,
            }))
            .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
        };
      })
      .sort((a, b) => String(a.name).localeCompare(String(b.name))),
  };
}

test("dbt-metabase describes the marts' columns and keys from dbt's manifest as setup does", async () => {
  const target = path.join(folder, 'dbt');
  const parsed = await runProgram(path.join(PROJECT_ROOT, '.venv', 'bin', 'dbt'), ['parse', '--target-path', target], {
    cwd: path.join(PROJECT_ROOT, 'dbt'),
    env: { DBT_PROFILES_DIR: path.join(PROJECT_ROOT, 'dbt'), DBT_LOG_PATH: target },
  });
  expect(parsed).toMatchObject({ code: 0 });
  const manifest = path.join(target, 'manifest.json');
  const [ours, theirs] = [await start({ version: 'v0.63.0' }), await start({ version: 'v0.63.0' })];
  const setUp = await runCommand('ewallet-dashboards', ['setup', '--manifest', manifest], { env: environmentOf(ours) });
  expect(setUp).toMatchObject({ code: 0, stderr: '' });

  const sent = await runProgram(inTestEnvironment('dbt-metabase'), [
    'models',
    ...['--manifest-path', manifest, '--metabase-url', theirs.url, '--metabase-api-key', theirs.apiKey],
    ...['--metabase-database', 'E-wallet warehouse', '--include-schemas', 'marts', '--skip-sources'],
  ]);
  expect(sent).toMatchObject({ code: 0 });
  expect(theirs.faults).toEqual([]);
  expect(theirs.columnFacts()).toEqual(ours.columnFacts());
  expect(Object.values(theirs.columnFacts()).filter(({ description }) => description === null)).toEqual([]);
  expect(theirs.columnFacts()['marts.fct_transactions.user_id']?.references).toBe('marts.dim_users.user_id');
  const models = JSON.parse(await readFile(manifest, 'utf8')) as {
    nodes: Record<string, { schema: string; resource_type: string }>;
  };
  const marts = Object.values(models.nodes).filter((node) => node.resource_type === 'model' && node.schema === 'marts');
  expect(theirs.tableWrites).toHaveLength(marts.length);
});
