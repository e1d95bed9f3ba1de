import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PostgresConnection } from '@ewallet/local-stack';
import { PROJECT_ROOT, type CommandResult } from '../../support/command';

const DBT_PROJECT = path.join(PROJECT_ROOT, 'dbt');
const VENV = path.join(PROJECT_ROOT, '.venv', 'bin');

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
      runProgram('dbt', [...args, '--vars', JSON.stringify(vars)], {
        ...env,
        DBT_PROFILES_DIR: DBT_PROJECT,
        DBT_TARGET_PATH: targetPath,
        DBT_LOG_PATH: path.join(targetPath, 'logs'),
        DBT_USE_COLORS: 'false',
        EWALLET_WAREHOUSE_HOST: database.host,
        EWALLET_WAREHOUSE_PORT: String(database.port),
        EWALLET_WAREHOUSE_DATABASE: database.database,
        EWALLET_WAREHOUSE_USER: database.username,
        EWALLET_WAREHOUSE_PASSWORD: database.password,
      }),
  };
}

/** Runs a program of the dbt environment in the dbt project; stdout holds both streams, as dbt writes to either. */
async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const child = spawn(path.join(VENV, program), args, {
    cwd: DBT_PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({
        code,
        signal,
        stdout: Buffer.concat(output).toString('utf8'),
        stderr: Buffer.concat(errors).toString('utf8'),
      });
    });
  });
}

/** Fails with dbt's own words when it did not succeed. */
export function expectSuccess(result: CommandResult): void {
  if (result.code === 0) return;
  const lines = result.stdout.split('\n').filter((line) => !/ (START|OK|PASS) /.test(line));
  throw new Error(`dbt ended with ${String(result.code)}:\n${lines.slice(-60).join('\n')}\n${result.stderr}`);
}
