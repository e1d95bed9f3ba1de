/**
 * What a commit must pass. Each check runs even when one before it failed, so that one run tells everything that is
 * wrong; each counts as one beside the tests in the closing line.
 */
import path from 'node:path';
import { closingLine, runJestSuites } from './jest-suites.mjs';
import { root, runScript, setUp } from './setup.mjs';
import { runStep, say } from './setup/step.mjs';

const node = (script, ...args) => [process.execPath, [path.join(root, 'node_modules', script), ...args], root];

const CHECKS = [
  ['types', ...node('typescript/bin/tsc', '-p', 'test')],
  ['lint', ...node('eslint/bin/eslint.js', '.', '--max-warnings', '0')],
  ['format', ...node('prettier/bin/prettier.cjs', '--check', '.')],
  ['dependency rules', 'npm', ['run', '--silent', 'deps:check'], root],
  ['unused code', ...node('knip/bin/knip.js')],
  ['dbt lint', path.join(root, '.venv/bin/sqlfluff'), ['lint', '.'], path.join(root, 'dbt')],
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
  const tests = await runJestSuites();
  const counts = {
    passed: tests.passed + CHECKS.length - failures.length,
    failed: tests.failed + failures.length,
    skipped: tests.skipped,
  };
  if (failures.length > 0) say(`failed checks: ${failures.join(', ')}`);
  process.stdout.write(`${closingLine(counts)}\n`);
  return counts.failed === 0 && tests.passed > 0 ? 0 : 1;
});

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(0);
}
