import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from './command';

/** The Python of the environment that `node scripts/setup.mjs` makes: PyAirbyte, Airbyte's models, fastavro. */
export const TEST_PYTHON = path.join(PROJECT_ROOT, '.venv-test', 'bin', 'python');

export interface ModelFindings {
  /** Lines that Airbyte's models refuse. */
  readonly invalid: readonly { readonly line: number; readonly error: string; readonly text: string }[];
  /** Paths of fields that the models do not know, as `STATE.state.extra`. */
  readonly unknown: readonly string[];
}

/** Holds a connector's output against Airbyte's own protocol models (PyPI: airbyte-protocol-models-dataclasses). */
export function againstAirbyteModels(output: string): ModelFindings {
  if (!existsSync(TEST_PYTHON)) throw new Error(`${TEST_PYTHON} is missing: run "node scripts/setup.mjs"`);
  const { status, stdout, stderr } = spawnSync(TEST_PYTHON, [path.join(__dirname, 'airbyte_models.py')], {
    input: output,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`airbyte_models.py failed:\n${stderr}`);
  return JSON.parse(stdout) as ModelFindings;
}
