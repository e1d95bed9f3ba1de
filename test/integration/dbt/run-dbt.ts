import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PostgresConnection } from '@ewallet/local-stack';
import { PROJECT_ROOT, runProgram, type CommandResult } from '../../support/command';
import { warehouseEnvironment } from '../../support/configurations';

const DBT_PROJECT = path.join(PROJECT_ROOT, 'dbt');
const DBT = path.join(PROJECT_ROOT, '.venv', 'bin', 'dbt');

/** Everything but the tests, in one run of dbt instead of two: each spends seconds on reading the project. */
export const SEEDS_AND_MODELS = ['build', '--exclude-resource-type', 'test', 'unit_test'] as const;

/** A dbt command line on one database, with a target folder of its own, so that test files do not share a manifest. */
export async function dbtOn(database: PostgresConnection) {
  const targetPath = await mkdtemp(path.join(tmpdir(), 'ewallet-dbt-'));
  return {
    targetPath,
    run: async (
      args: readonly string[],
      vars: Readonly<Record<string, unknown>> = {},
      env: Readonly<Record<string, string>> = {},
    ): Promise<CommandResult> =>
      runProgram(DBT, [...args, '--vars', JSON.stringify(vars)], {
        cwd: DBT_PROJECT,
        timeoutMs: 600_000,
        env: {
          ...env,
          ...warehouseEnvironment(database),
          DBT_PROFILES_DIR: DBT_PROJECT,
          DBT_TARGET_PATH: targetPath,
          DBT_LOG_PATH: path.join(targetPath, 'logs'),
          DBT_USE_COLORS: 'false',
        },
      }),
  };
}

/** Fails with dbt's own words when it did not succeed. */
export function expectSuccess(result: CommandResult): void {
  if (result.code === 0) return;
  const lines = result.stdout.split('\n').filter((line) => !/ (START|OK|PASS) /.test(line));
  throw new Error(`dbt ended with ${String(result.code)}:\n${lines.slice(-60).join('\n')}\n${result.stderr}`);
}
