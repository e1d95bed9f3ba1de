import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { VERSION } from '../../support/product-version';
import { AirbyteDouble } from './airbyte-double';

/** `ewallet-airbyte`, as built, against a double of Airbyte's API that refuses what Airbyte's API document does not declare. */
const root = join(__dirname, '../../..');
const secret = 'correct-horse-battery';
const environment = {
  EWALLET_DB_HOST: 'db.example.com',
  EWALLET_DB_USER: 'airbyte',
  EWALLET_DB_PASSWORD: secret,
  KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092',
  SCHEMA_REGISTRY_URL: 'http://registry:8080/apis/ccompat/v7',
  AIRBYTE_CLIENT_ID: 'id',
  AIRBYTE_CLIENT_SECRET: 'client-secret',
};

jest.setTimeout(120_000);

let airbyte: AirbyteDouble;
let url: string;
let directory: string;

beforeEach(async () => {
  airbyte = new AirbyteDouble();
  url = await airbyte.start();
  directory = await mkdtemp(join(tmpdir(), 'ewallet-airbyte-'));
});
afterEach(async () => {
  await airbyte.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function apply(flags: readonly string[] = [], more: Record<string, string> = {}): Promise<Run> {
  const config = flags.includes('--config') ? [] : ['--config', join(root, 'deploy/airbyte/setup.yaml')];
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [join(root, 'deploy/airbyte/bin/ewallet-airbyte.js'), 'apply', '--url', url, ...config, ...flags],
      { env: { PATH: process.env.PATH, ...environment, ...more }, timeout: 60_000 },
    );
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Run;
    return { code, stdout, stderr };
  }
}

async function editedSetup(edit: (text: string) => string): Promise<string> {
  const path = join(directory, 'setup.yaml');
  await writeFile(path, edit(await readFile(join(root, 'deploy/airbyte/setup.yaml'), 'utf8')));
  return path;
}

const actions = (stdout: string): unknown =>
  (JSON.parse(stdout) as { outcomes: { what: string; action: string; changes: string[] }[] }).outcomes.map(
    ({ what, action, changes }) => [what, action, ...changes],
  );

test('apply creates two definitions, a source, a destination and a scheduled connection', async () => {
  const { code, stderr } = await apply();
  expect({ code, stderr, refused: airbyte.refused }).toEqual({ code: 0, stderr: '', refused: [] });
  expect(airbyte.writes()).toEqual([
    'POST /workspaces/{id}/definitions/sources',
    'POST /sources',
    'POST /workspaces/{id}/definitions/destinations',
    'POST /destinations',
    'POST /connections',
  ]);
  const { connectionId, workspaceId, createdAt, tags, ...connection } = airbyte.connections[0]!;
  expect([connectionId, workspaceId, createdAt, tags]).not.toContain(undefined);
  expect(connection).toEqual({
    name: 'E-wallet to Kafka',
    sourceId: airbyte.actors.sources[0]!.sourceId,
    destinationId: airbyte.actors.destinations[0]!.destinationId,
    schedule: { scheduleType: 'cron', cronExpression: '0 0 * * * ?' },
    namespaceDefinition: 'source',
    nonBreakingSchemaUpdatesBehavior: 'propagate_columns',
    prefix: '',
    status: 'active',
    configurations: {
      streams: [
        { name: 'users', namespace: 'public', syncMode: 'incremental_append', cursorField: ['updated_at'] },
        { name: 'transactions', namespace: 'public', syncMode: 'incremental_append', cursorField: ['updated_at'] },
        { name: 'daily_totals', namespace: 'public', syncMode: 'full_refresh_overwrite' },
      ],
    },
  });
});

test('a second apply finds nothing to do and writes nothing', async () => {
  await apply();
  airbyte.requests.length = 0;
  const { code, stdout } = await apply(['--json']);
  expect({ code, writes: airbyte.writes(), actions: actions(stdout) }).toEqual({
    code: 0,
    writes: [],
    actions: [
      ['source definition', 'kept'],
      ['source', 'kept'],
      ['destination definition', 'kept'],
      ['destination', 'kept'],
      ['connection', 'kept'],
    ],
  });
});

test('a changed tag, host, schedule and stream are updated in place, each named', async () => {
  await apply();
  airbyte.requests.length = 0;
  const config = await editedSetup((text) =>
    text
      .replace(`dockerImageTag: ${VERSION}`, 'dockerImageTag: 9.8.7')
      .replace('database: wallet', 'database: wallet_2')
      .replace('schedule: 0 0 * * * ?', 'schedule: 0 30 * * * ?')
      .concat('  streams: [{ name: users, syncMode: full_refresh_append }, { name: transactions }]\n'),
  );
  const { stdout } = await apply(['--json', '--config', config]);
  expect(airbyte.refused).toEqual([]);
  expect(actions(stdout)).toEqual([
    ['source definition', 'updated', `dockerImageTag ${VERSION} → 9.8.7`],
    ['source', 'updated', 'database'],
    ['destination definition', 'kept'],
    ['destination', 'kept'],
    [
      'connection',
      'updated',
      'schedule.cronExpression',
      'streams.public.users.syncMode',
      'streams.public.daily_totals',
    ],
  ]);
  expect(airbyte.writes()).toEqual([
    'PUT /workspaces/{id}/definitions/sources/{id}',
    'PUT /sources/{id}',
    'PATCH /connections/{id}',
  ]);
  expect(actions((await apply(['--json', '--config', config])).stdout)).toEqual(
    ['source definition', 'source', 'destination definition', 'destination', 'connection'].map((what) => [
      what,
      'kept',
    ]),
  );
});

test('a dry run writes nothing and exits 2 while there is something to do, 0 afterwards', async () => {
  const before = await apply(['--dry-run']);
  expect({ code: before.code, writes: airbyte.writes() }).toEqual({ code: 2, writes: [] });
  expect(before.stdout.split('\n').filter((line) => line.includes('to be created'))).toHaveLength(5);
  await apply();
  expect((await apply(['--dry-run'])).code).toBe(0);
});

test('a secret goes into the source, and into no output', async () => {
  const runs = [await apply(), await apply(['--json', '--rotate-secrets'], { EWALLET_DB_PASSWORD: 'rotated-1' })];
  expect((airbyte.actors.sources[0]!.configuration as { password: string }).password).toBe('rotated-1');
  for (const { stdout, stderr } of runs)
    expect(`${stdout}${stderr}`).not.toMatch(/correct-horse|rotated-1|client-secret/);
});

test('a changed secret alone is not written without --rotate-secrets, as Airbyte does not show it', async () => {
  await apply();
  await apply([], { EWALLET_DB_PASSWORD: 'rotated-2' });
  expect((airbyte.actors.sources[0]!.configuration as { password: string }).password).toBe(secret);
});

test('a token that expires midway is renewed', async () => {
  airbyte.tokenUses = 3;
  const { code } = await apply();
  expect({ code, refused: airbyte.refused, connections: airbyte.connections.length }).toEqual({
    code: 0,
    refused: [],
    connections: 1,
  });
});

test('a passing fault is retried on a read, and never on a creation, which may have been carried out', async () => {
  airbyte.failures.push({ path: '/workspaces', status: 503 }, { path: '/sources', status: 429 });
  expect({ code: (await apply()).code, connections: airbyte.connections.length }).toEqual({ code: 0, connections: 1 });
  airbyte.failures.push({ path: '/jobs', status: 502 });
  const { code, stderr } = await apply(['--sync']);
  expect({ code, stderr, jobs: airbyte.requests.filter(({ path }) => path === '/jobs').length }).toEqual({
    code: 1,
    stderr: 'transient_error: Airbyte refused POST /jobs: unexpected-problem, HTTP 502.\n',
    jobs: 1,
  });
});

test('the connection is found among more than one page of them', async () => {
  await apply();
  const original = airbyte.connections[0]!;
  for (let index = 0; index < 150; index += 1) {
    airbyte.connections.unshift({ ...original, connectionId: `other-${index}`, name: `Other ${index}` });
  }
  airbyte.requests.length = 0;
  expect({ code: (await apply()).code, writes: airbyte.writes() }).toEqual({ code: 0, writes: [] });
});

test('--sync starts a sync of the connection', async () => {
  await apply(['--sync']);
  expect(airbyte.requests.at(-1)).toEqual({
    method: 'POST',
    path: '/jobs',
    body: { connectionId: airbyte.connections[0]!.connectionId, jobType: 'sync' },
  });
});

test.each([
  [
    'an unset variable',
    (text: string) => text.replace('${EWALLET_DB_HOST}', '${NOT_SET}'),
    'config_error: Set the environment variable NOT_SET, which the set-up file refers to.\n',
  ],
  [
    'an unknown key',
    (text: string) => text.replace('schedule:', 'scheduel:'),
    'config_error: Remove the unknown key "connection.scheduel"; known there: name, schedule, namespaceDefinition, nonBreakingSchemaUpdatesBehavior, prefix, streams.\n',
  ],
  [
    'a five-field cron expression',
    (text: string) => text.replace('0 0 * * * ?', '"0 * * * *"'),
    'config_error: Set `connection.schedule` to "manual" or to a Quartz cron expression whose seconds are a number, such as "0 0 * * * ?" for every hour.\n',
  ],
  [
    'a stream that the source does not have',
    (text: string) => text.concat('  streams: [{ name: user }]\n'),
    'config_error: The source has no stream "user"; it has public.daily_totals, public.transactions, public.users.\n',
  ],
  [
    'a sync mode that the stream does not support',
    (text: string) => text.concat('  streams: [{ name: daily_totals, syncMode: incremental_append }]\n'),
    'config_error: Stream "daily_totals" cannot be synced as "incremental_append"; it supports full_refresh_overwrite, full_refresh_append.\n',
  ],
  [
    'a workspace that does not exist',
    (text: string) => `workspace: Elsewhere\n${text}`,
    expect.stringMatching(/^config_error: Airbyte has 0 workspaces "Elsewhere"; it has Default \([0-9a-f-]+\)\.\n$/),
  ],
])('%s is one clear line and exit code 1', async (_what, edit, stderr) => {
  const run = await apply(['--config', await editedSetup(edit)]);
  expect(run.stderr).toEqual(stderr);
  expect(run.code).toBe(1);
});

test("Airbyte's own reason is shown when it refuses", async () => {
  await apply();
  airbyte.connections.length = 0;
  const { code, stderr } = await apply([], {
    AIRBYTE_CLIENT_ID: '',
    AIRBYTE_CLIENT_SECRET: '',
    AIRBYTE_TOKEN: 'wrong',
  });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'config_error: Airbyte refused GET /workspaces: unauthorized, HTTP 401. Check the client id and secret, and that the application may edit the workspace.\n',
  });
});

test('an Airbyte that does not answer is a transient error that names its address', async () => {
  await airbyte.stop();
  const { code, stderr } = await apply();
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `transient_error: Airbyte at ${url} does not answer POST /applications/token.\n`,
  });
});
