import path from 'node:path';
import type { PostgresConnection } from '@ewallet/local-stack';
import { PROJECT_ROOT, runProgram, type CommandResult } from '../../support/command';
import { warehouseEnvironment } from '../../support/configurations';

/** dbt as a person with a rendered mapping runs it: `folder/dbt` is what render wrote, and dbt's own output is beside it. */
export async function dbtByMapping(
  folder: string,
  database: PostgresConnection,
  args: readonly string[],
): Promise<CommandResult> {
  return runProgram(process.execPath, [path.join(PROJECT_ROOT, 'scripts', 'dbt.mjs'), ...args], {
    cwd: folder,
    timeoutMs: 600_000,
    env: {
      ...warehouseEnvironment(database),
      EWALLET_DBT_MAPPING: 'dbt',
      INIT_CWD: folder,
      DBT_USE_COLORS: 'false',
      DBT_TARGET_PATH: path.join(folder, 'target'),
      DBT_LOG_PATH: path.join(folder, 'logs'),
    },
  });
}
