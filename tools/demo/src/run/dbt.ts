import path from 'node:path';
import type { PostgresConnection } from '@ewallet/stack-connections';
import type { Children } from './children';
import { IN_OUT_AMOUNTS } from './configurations';
import { ROOT } from './project';
import type { Show } from './steps';

/** Builds and tests every model, and says what dbt said of it. */
export async function buildModels(
  children: Children,
  warehouse: PostgresConnection,
  logFile: string,
  show: Show,
): Promise<string> {
  let closing = '';
  let done = 0;
  const onLine = (line: string): void => {
    const progress = /\s(\d+) of (\d+) (?!START)[A-Z]/.exec(line);
    if (progress !== null) {
      done += 1; // dbt numbers them by their start, and they end in another order.
      show({ done, total: Number(progress[2]), unit: 'models and tests' });
    }
    const result = /Done\. (PASS=.*)$/.exec(line);
    if (result?.[1] !== undefined) closing = result[1];
  };
  // The syncs have ended and everything has landed: what does not add up now is an error, not a matter of time.
  const vars = { strict_reconciliation: true, risk_in_out_amounts: IN_OUT_AMOUNTS };
  const args = ['build', '--vars', JSON.stringify(vars)];
  await children.run('dbt build', process.execPath, [path.join(ROOT, 'scripts', 'dbt.mjs'), ...args], {
    env: warehouseVariables(warehouse),
    logFile,
    onLine,
  });
  return closing;
}

/** How dbt's profile is told where the warehouse is. */
function warehouseVariables(warehouse: PostgresConnection): Readonly<Record<string, string>> {
  return {
    EWALLET_WAREHOUSE_HOST: warehouse.host,
    EWALLET_WAREHOUSE_PORT: String(warehouse.port),
    EWALLET_WAREHOUSE_DATABASE: warehouse.database,
    EWALLET_WAREHOUSE_USER: warehouse.username,
    EWALLET_WAREHOUSE_PASSWORD: warehouse.password,
    EWALLET_WAREHOUSE_SSLMODE: 'disable',
    // By this clock the simulated customers live.
    EWALLET_REPORTING_TIME_ZONE: process.env.EWALLET_REPORTING_TIME_ZONE ?? 'Asia/Jakarta',
    // Colours would hide the counts from us.
    DBT_USE_COLORS: 'false',
  };
}
