import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT, runProgram, type CommandResult } from '../../support/command';
import { warehouseEnvironment } from '../../support/configurations';
import { freshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';

const EXAMPLE = path.join(PROJECT_ROOT, 'dbt', 'examples', 'another-wallet', 'seeds');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ewallet own's seeds-"));
  await cp(EXAMPLE, folder, { recursive: true });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** `npm run dbt -- …` as it stands behind npm. */
const dbt = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandResult> =>
  runProgram(process.execPath, [path.join(PROJECT_ROOT, 'scripts', 'dbt.mjs'), ...args], {
    cwd: tmpdir(),
    timeoutMs: 120_000,
    env: { DBT_USE_COLORS: 'false', INIT_CWD: tmpdir(), ...env },
  });

const contentsOf = async (from: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(from)).map(async (name) => [name, await readFile(path.join(from, name), 'utf8')] as const),
    ),
  );

test('seeds of the user, named by an absolute path or from the folder of the command, are read and never written to', async () => {
  const database = await freshDatabase((await services()).warehouse, 'dbt');
  try {
    const theirs = await contentsOf(EXAMPLE);
    for (const named of [folder]) {
      const result = await dbt(['seed'], { ...warehouseEnvironment(database), EWALLET_DBT_SEEDS: named });
      expect({ code: result.code, done: /PASS=\d+/.exec(result.stdout)?.[0], stderr: result.stderr }).toEqual({
        code: 0,
        done: 'PASS=4',
        stderr: '',
      });
      expect(await contentsOf(folder)).toEqual(theirs);
    }
  } finally {
    await database.drop();
  }
});

test('dbt alone refuses seeds outside of its project, which it would write over', async () => {
  for (const named of [folder, '../../../seeds']) {
    const result = await runProgram(path.join(PROJECT_ROOT, '.venv', 'bin', 'dbt'), ['parse'], {
      cwd: path.join(PROJECT_ROOT, 'dbt'),
      timeoutMs: 60_000,
      env: { EWALLET_DBT_SEEDS: named, DBT_LOG_PATH: folder, DBT_USE_COLORS: 'false' },
    });
    expect(result.code).toBe(2);
    expect(result.stdout).toContain('EWALLET_DBT_SEEDS inside the dbt project (npm run dbt takes any folder)');
  }
});

test('a folder that is not there, or lacks a seed, is an error before dbt begins', async () => {
  const absent = path.join(folder, 'absent');
  expect(await dbt(['parse'], { EWALLET_DBT_SEEDS: absent })).toMatchObject({
    code: 1,
    stderr: `EWALLET_DBT_SEEDS names no folder: tried ${absent}. Nothing was run.\n`,
  });
  await rm(path.join(folder, 'value_map.csv'));
  expect(await dbt(['parse'], { EWALLET_DBT_SEEDS: folder })).toMatchObject({
    code: 1,
    stderr: `EWALLET_DBT_SEEDS: ${folder} lacks value_map.csv. Copy what is missing from dbt/seeds and change it there.\n`,
  });
});

test('without its environment dbt says which variables name the warehouse', async () => {
  expect(await dbt(['build'], {})).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'No warehouse is named. Set EWALLET_WAREHOUSE_HOST, EWALLET_WAREHOUSE_PORT, EWALLET_WAREHOUSE_DATABASE, ' +
      'EWALLET_WAREHOUSE_USER, EWALLET_WAREHOUSE_PASSWORD (dbt/README.md, "Run it").\n',
  });
});
