// dbt on the warehouse, from the repository's root: npm run dbt -- build --select +daily_transaction_summary
// The warehouse is named by EWALLET_WAREHOUSE_* variables (dbt/README.md). Installs dbt first when it is missing.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { provideEnvironment } from './setup/python.mjs';
import { say } from './setup/step.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const project = path.join(root, 'dbt');
const [first, ...rest] = process.argv.slice(2);
// `npm run dbt:lint` is the same environment with another program in it.
const [program, args] = first === 'lint' ? ['sqlfluff', ['lint', '.', ...rest]] : ['dbt', [first ?? '--help', ...rest]];

try {
  await provideEnvironment(root, 'dbt');
  const child = spawn(path.join(root, '.venv', 'bin', program), args, {
    cwd: project,
    env: { DBT_PROFILES_DIR: project, ...process.env },
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
