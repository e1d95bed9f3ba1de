// Every hop beside its limit: npm run bench [-- --rows 1000000 --only source,destination,sink,flow,incremental,dbt --runs 3 --growth]
// Builds what is not built, then hands over. tools/bench/results has the figures.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const run = (script, ...args) =>
  spawnSync(process.execPath, [path.join(root, script), ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;

process.exitCode =
  run('node_modules/typescript/bin/tsc', '-b') || run('tools/bench/dist/main.js', ...process.argv.slice(2));
