import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runStep } from './step.mjs';

/**
 * dbt and Airbyte's packages pin different versions of the same libraries, so each has an environment of its own; with
 * schemathesis beside Airbyte's, pip looked for versions that agree for more than eight minutes.
 */
const ENVIRONMENTS = {
  dbt: { folder: '.venv', requirements: 'dbt/requirements.txt', what: 'dbt' },
  test: {
    folder: '.venv-test',
    requirements: 'test/requirements.txt',
    what: "Airbyte's Python packages and Metabase clients for the tests",
  },
  contract: {
    folder: '.venv-contract',
    requirements: 'test/contract-requirements.txt',
    what: 'schemathesis for the tests of REST APIs',
  },
};

/**
 * Makes the virtual environment, or brings it up to date when its requirements changed.
 *
 * @param {string} root
 * @param {'dbt' | 'test' | 'contract'} name
 */
export async function provideEnvironment(root, name) {
  const { folder, requirements, what } = ENVIRONMENTS[name];
  const venv = path.join(root, folder);
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, requirements)))
    .digest('hex');
  const stamp = path.join(venv, 'requirements.sha256');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!existsSync(path.join(venv, 'pyvenv.cfg'))) rmSync(venv, { recursive: true, force: true });
  await runStep(`Installing ${what} into ${folder}`, 'python3', ['-m', 'venv', folder], { cwd: root });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  await runStep(undefined, path.join(venv, 'bin', 'python'), pip, { cwd: root });
  writeFileSync(stamp, wanted);
}
