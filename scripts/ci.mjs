/**
 * What a commit must pass: the checks below, then `npm test`, the command that users run. Each check runs even when one
 * before it failed, so that one run tells everything that is wrong. The closing line is `npm test`'s: it alone counts.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root, runScript, setUp } from './setup.mjs';
import { runStep, say } from './setup/step.mjs';

const node = (script, ...args) => [process.execPath, [path.join(root, 'node_modules', script), ...args], root];

const CHECKS = [
  ['types', ...node('typescript/bin/tsc', '-p', 'test')],
  ['lint', ...node('eslint/bin/eslint.js', '.', '--max-warnings', '0')],
  ['format', ...node('prettier/bin/prettier.cjs', '--check', '.')],
  ['dependency rules', 'npm', ['run', '--silent', 'deps:check'], root],
  ['unused code', ...node('knip/bin/knip.js')],
  ['dbt lint', path.join(root, '.venv/bin/sqlfluff'), ['lint', '--processes', '2', '.'], path.join(root, 'dbt')],
];

await runScript(async () => {
  await setUp({ forTests: true });
  const failures = [];
  for (const [name, command, args, cwd] of CHECKS) {
    const started = Date.now();
    try {
      await runStep(undefined, command, args, { cwd });
      say(`ok      ${name} (${seconds(started)} s)`);
    } catch (error) {
      failures.push(name);
      say(`FAILED  ${name} (${seconds(started)} s)\n${error.message}`);
    }
  }
  const tests = await npmTest();
  if (failures.length > 0) say(`failed checks: ${failures.join(', ')}`);
  return failures.length === 0 ? tests : 1;
});

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
