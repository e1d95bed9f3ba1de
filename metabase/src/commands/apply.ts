import { Failure } from '@ewallet/failure';
import type { Metabase } from '../api/metabase';
import type { Content } from '../content/content';
import { readSoundContent } from '../content/read';
import { referenceFaults } from '../content/references';
import { describeKept, describePlan, summary } from '../sync/describe';
import { execute } from '../sync/execute';
import { keepingWhatCannotBeUnset, type Kept } from '../sync/kept';
import { planOf, restricted, type Plan } from '../sync/plan';
import { readServer, type Server } from '../sync/server';

export interface ApplyRequest {
  readonly content: string;
  readonly databaseName: string;
  readonly metabase: Metabase;
  readonly only: readonly string[];
  readonly prune: boolean;
  readonly force: boolean;
  readonly say: (line: string) => void;
}

interface Prepared {
  readonly content: Content;
  readonly server: Server;
  readonly kept: readonly Kept[];
  readonly plan: Plan;
}

async function prepare(request: ApplyRequest): Promise<Prepared> {
  const files = await readSoundContent(request.content, referenceFaults);
  const unknown = request.only.filter((key) => !files.dashboards.has(key));
  if (unknown.length > 0)
    throw Failure.config(
      `--only: there is no dashboard "${unknown.join('", "')}"; there are ${[...files.dashboards.keys()].join(', ')}.`,
    );
  const server = await readServer(request.metabase, files, { databaseName: request.databaseName, discover: false });
  const { content, kept } = keepingWhatCannotBeUnset(files, server.actual);
  return { content, server, kept, plan: planOf(content, server.actual, server.state.applied, request) };
}

/** Says what an apply would do. @returns whether there is anything to do or to decide. */
export async function plan(request: ApplyRequest): Promise<boolean> {
  const prepared = await prepare(request);
  for (const line of [...describePlan(prepared.plan), ...describeKept(prepared.kept)]) request.say(line);
  request.say(summary(prepared.plan));
  return prepared.plan.operations.length > 0 || prepared.plan.refusals.length > 0;
}

/**
 * Makes Metabase show what the files say.
 * @throws Failure before anything is written where that would overwrite somebody's edits and `force` is not set.
 */
export async function apply(request: ApplyRequest): Promise<void> {
  const { content, server, kept, plan: prepared } = await prepare(request);
  if (prepared.refusals.length > 0) {
    for (const line of describePlan({ ...prepared, operations: [] })) request.say(line);
    throw Failure.config(
      `Nothing was written: ${prepared.refusals.map(({ object, key }) => `${object} "${key}"`).join(', ')} would be overwritten. Run export to keep what is in Metabase, or apply --force to overwrite it.`,
    );
  }
  const scope = request.only.length === 0 ? content : restricted(content, request.only);
  await execute(server, content, scope, prepared, request.say);
  for (const line of [...describePlan({ ...prepared, operations: [] }), ...describeKept(kept)]) request.say(line);
  request.say(prepared.operations.length === 0 ? summary(prepared) : `Done: ${prepared.operations.length} changes.`);
}
