/**
 * Brings a fresh clone to where everything runs: `node scripts/setup.mjs`. The tests and the demo begin with it, so that
 * each of them works as the first command after a clone. Done things are not done again.
 */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeModulesAreCurrent } from './setup/node-modules.mjs';
import { missingPrerequisites } from './setup/prerequisites.mjs';
import { provideEnvironment } from './setup/python.mjs';
import { runStep, say } from './setup/step.mjs';
import { provideSystemPackages } from './setup/system-packages.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * @param {{ forTests?: boolean }} options `forTests` adds what only tests use: Airbyte's Python packages, a browser, …
 */
export async function setUp({ forTests = false } = {}) {
  const missing = missingPrerequisites(['node', 'python', 'java', 'maven']);
  if (missing.length > 0) throw new Error(missing.join('\n'));
  if (!nodeModulesAreCurrent(root)) await runStep('Installing npm packages (npm ci)', 'npm', ['ci'], { cwd: root });
  await runStep('Compiling', process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-b'], {
    cwd: root,
  });
  await provideEnvironment(root, 'dbt');
  if (forTests) {
    await provideEnvironment(root, 'test');
    await provideEnvironment(root, 'contract');
    await provideSystemPackages();
  }
  const { provideJars } = await import('@ewallet/local-stack');
  await provideJars(say);
}

/** Runs a script's work; what it throws is a few clear lines and exit code 1. */
export async function runScript(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runScript(async () => {
    await setUp({ forTests: !process.argv.includes('--without-tests') });
    return 0;
  });
}
