import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from './setup.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Runs every jest project, which share one set of services, and counts over all of them. A file that cannot even be
 * loaded is a failure too, although jest counts no test in it.
 *
 * @param {readonly string[]} args passed on to jest
 * @returns {Promise<Counts>}
 */
export async function runJestSuites(args = []) {
  const results = path.join(root, 'test-results', 'jest.json');
  mkdirSync(path.dirname(results), { recursive: true });
  rmSync(results, { force: true });
  const jest = [path.join(root, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${results}`];
  const child = spawn(process.execPath, [...jest, '--maxWorkers=2', '--testTimeout=60000', ...args], {
    cwd: root,
    // The JSON on stdout is in the file too; the report for people is on stderr.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, FORCE_COLOR: process.stderr.isTTY ? '1' : '0' },
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return countsOf(results, code);
}

/** @returns {Counts} */
function countsOf(file, exitCode) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // jest itself did not get to its end, or services did not start.
  }
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    // Jest can fail without a failed test, as when a teardown throws.
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @param {Counts} counts */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
