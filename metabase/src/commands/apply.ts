import { count, Failure } from '@ewallet/failure';
import type { Metabase } from '../api/metabase';
import type { Content } from '../content/content';
import { isList, type Json } from '../content/json';
import { readSoundContent } from '../content/read';
import { referenceFaults } from '../content/references';
import type { Reporting } from '../content/reporting';
import { describeKept, describePlan, summary } from '../sync/describe';
import { execute } from '../sync/execute';
import { keepingWhatCannotBeUnset, type Kept } from '../sync/kept';
import { planOf, restricted, type Plan } from '../sync/plan';
import { readServer, type Server } from '../sync/server';

export interface ApplyRequest {
  readonly content: string;
  readonly databaseName: string;
  /** What the content is to be shown in; what it leaves out is as the last apply had it. */
  readonly reporting: Partial<Reporting>;
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
  const server = await readServer(request.metabase, files, { ...request, discover: false });
  const { content, kept } = keepingWhatCannotBeUnset(server.content, server.actual);
  return { content, server, kept, plan: planOf(content, server.actual, server.state.applied, request) };
}

/**
 * Cards that files keep as Metabase said them: an action is no field that the API declares for writing, and numbers of another
 * Metabase mean something else here.
 * @throws Failure before anything is written
 */
function refuseWhatOnlyMetabaseCanWrite(content: Content, server: Server, { operations }: Plan): void {
  for (const operation of operations) {
    if (operation.object !== 'dashboard' || operation.kind === 'archive') continue;
    const dashboard = content.dashboards.get(operation.key);
    for (const card of dashboard?.tabs.flatMap((tab) => tab.cards) ?? []) {
      if (card.wire === undefined) continue;
      const where = `card "${card.key}" of dashboard "${operation.key}"`;
      if (card.wire.action_id !== undefined)
        throw Failure.config(
          `Nothing was written: ${where} is an action, which Metabase's API cannot write. Change this dashboard in Metabase and export it, or take the card off.`,
        );
      if (server.placed.get(operation.key)?.cards[card.key] === undefined && holdsNumbers(card.wire))
        throw Failure.config(
          `Nothing was written: ${where} holds numbers of the Metabase that it was exported from, and is not on this one. Make it there by hand and export, or take it out of the file.`,
        );
    }
  }
}

/** Whether fields of the API name a question, a dashboard or another thing by its number. */
function holdsNumbers(value: Json): boolean {
  if (isList(value)) return value.some(holdsNumbers);
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([name, inner]) =>
    typeof inner === 'number' ? /(^|_)id$/.test(name) : holdsNumbers(inner),
  );
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
  refuseWhatOnlyMetabaseCanWrite(content, server, prepared);
  const scope = request.only.length === 0 ? content : restricted(content, request.only);
  await execute(server, content, { scope, plan: prepared, say: request.say });
  for (const line of [...describePlan({ ...prepared, operations: [] }), ...describeKept(kept)]) request.say(line);
  request.say(
    prepared.operations.length === 0 ? summary(prepared) : `Done: ${count(prepared.operations.length, 'change')}.`,
  );
}
