import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, isObject, type Json, unreadable } from '@ewallet/failure';
import { dateOf } from './sync';

export interface DbtFacts {
  readonly ranAt: Date;
  readonly command: string;
  readonly passed: number;
  readonly warned: number;
  /** Models and tests that failed, by dbt's unique id without its first word. */
  readonly failed: readonly string[];
  /** Sources that `dbt source freshness` found late; undefined where it was never run. */
  readonly stale: readonly string[] | undefined;
}

/**
 * What dbt left of its last run in its target directory.
 *
 * @see https://docs.getdbt.com/reference/artifacts/run-results-json
 */
export async function askDbt(target: string): Promise<DbtFacts> {
  const run = await readArtifact(path.join(target, 'run_results.json'));
  if (run === undefined)
    throw Failure.config(`${target} has no run_results.json: dbt has not run with this target yet`);
  const ranAt = dateOf(isObject(run.metadata) ? run.metadata.generated_at : undefined);
  if (ranAt === undefined) throw Failure.config(`${path.join(target, 'run_results.json')} is not what dbt writes`);
  const freshness = await readArtifact(path.join(target, 'sources.json'));
  const results = resultsOf(run);
  return {
    ranAt,
    command: isObject(run.args) && typeof run.args.which === 'string' ? run.args.which : 'run',
    passed: results.filter(({ status }) => status === 'success' || status === 'pass').length,
    warned: results.filter(({ status }) => status === 'warn').length,
    failed: namesOf(results, ['error', 'fail', 'runtime error']),
    stale: freshness === undefined ? undefined : namesOf(resultsOf(freshness), ['warn', 'error', 'runtime error']),
  };
}

function resultsOf(artifact: Json): readonly Json[] {
  return Array.isArray(artifact.results) ? artifact.results.filter(isObject) : [];
}

function namesOf(results: readonly Json[], statuses: readonly string[]): readonly string[] {
  return results
    .filter(({ status }) => statuses.includes(String(status)))
    .map(({ unique_id: id }) => String(id).split('.').slice(2).join('.'));
}

async function readArtifact(file: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isObject(error) && error.code === 'ENOENT') return undefined;
    throw Failure.config(`${file} cannot be read: ${unreadable(error)}`, { cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below, as is what is JSON and no object.
  }
  throw Failure.config(`${file} is not what dbt writes`);
}
