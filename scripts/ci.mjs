/**
 * What a commit must pass: the checks below, then `npm test`, the command that users run. Each check runs even when one
 * before it failed, so that one run tells everything that is wrong. The closing line is `npm test`'s: it alone counts.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root, runScript, setUp } from './setup.mjs';
import { runStep, say } from './setup/step.mjs';

const node = (script, ...args) => [process.execPath, [path.join(root, 'node_modules', script), ...args], root];

/** The longest first, so that the others run beside it. */
const CHECKS = [
  ['dbt lint', path.join(root, '.venv/bin/sqlfluff'), ['lint', '.'], path.join(root, 'dbt')],
  ['lint', ...node('eslint/bin/eslint.js', '.', '--max-warnings', '0')],
  ['types', ...node('typescript/bin/tsc', '-p', 'test')],
  ['format', ...node('prettier/bin/prettier.cjs', '--check', '.')],
  ['dependency rules', 'npm', ['run', '--silent', 'deps:check'], root],
  ['unused code', ...node('knip/bin/knip.js')],
];

/** Of these two at once: one core each on the smallest machine that CI has. */
const AT_ONCE = 2;

await runScript(async () => {
  await setUp({ forTests: true });
  const failures = [];
  const waiting = [...CHECKS];
  const runWaiting = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      if (!(await passes(check))) failures.push(check[0]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runWaiting));
  const tests = await npmTest();
  if (failures.length > 0) say(`failed checks: ${failures.join(', ')}`);
  return failures.length === 0 ? tests : 1;
});

async function passes([name, command, args, cwd]) {
  const started = Date.now();
  try {
    await runStep(undefined, command, args, { cwd });
    say(`ok      ${name} (${seconds(started)} s)`);
    return true;
  } catch (error) {
    say(`FAILED  ${name} (${seconds(started)} s)\n${error.message}`);
    return false;
  }
}

/** Resolves with the exit code; what it prints is passed on as it is. */
async function npmTest() {
  const child = spawn('npm', ['test', '--silent'], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(0);
}
