// dbt on the warehouse, from the repository's root: npm run dbt -- build --select +daily_transaction_summary
// The warehouse is named by EWALLET_WAREHOUSE_* variables (dbt/README.md). Installs dbt first when it is missing.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withMapping } from './dbt/mapping.mjs';
import { privateSeeds } from './dbt/seeds.mjs';
import { namedWarehouse } from './dbt/warehouse.mjs';
import { provideEnvironment } from './setup/python.mjs';
import { say } from './setup/step.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const project = path.join(root, 'dbt');
const [first, ...rest] = process.argv.slice(2);
// `npm run dbt:lint` is the same environment with another program in it.
let [program, args] = first === 'lint' ? ['sqlfluff', ['lint', '.', ...rest]] : ['dbt', [first ?? '--help', ...rest]];

try {
  let seeds = process.env.EWALLET_DBT_SEEDS;
  const env = { DBT_PROFILES_DIR: project, ...process.env };
  if (program === 'dbt') {
    const warehouse = namedWarehouse(args[0], process.env);
    if (warehouse.kind === 'stop') throw new Error(warehouse.why);
    if (warehouse.note !== undefined) say(warehouse.note);
    const from = process.env.INIT_CWD ?? process.cwd();
    if (process.env.EWALLET_DBT_MAPPING) {
      const mapped = await withMapping(process.env.EWALLET_DBT_MAPPING, from, args);
      args = mapped.args;
      seeds ||= mapped.seeds;
    }
    if (seeds) env.EWALLET_DBT_SEEDS = privateSeeds(project, seeds, from);
  }
  await provideEnvironment(root, 'dbt');
  const child = spawn(path.join(root, '.venv', 'bin', program), args, {
    cwd: project,
    env,
    stdio: 'inherit',
  });
  // Ctrl-C reaches dbt as well; it cancels its queries and then decides the exit code.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
