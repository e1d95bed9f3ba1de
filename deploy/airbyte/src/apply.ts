import { Failure } from '@ewallet/failure';
import { planActor, type ActorStep } from './actor';
import type { AirbyteClient } from './airbyte-client';
import {
  discoveredStream,
  foundActor,
  foundConnection,
  foundDefinition,
  foundWorkspace,
  list,
  record,
  text,
} from './answers';
import { planConnection } from './connection';
import { planDefinition } from './definition';
import type { JsonObject } from './json';
import type { Actor, Setup } from './setup';
import { selectStreams } from './stream-selection';

interface ApplyOptions {
  /** Writes nothing; what depends on something not yet created is reported as to be created. */
  readonly dryRun: boolean;
  readonly writeSecrets: boolean;
  /** Starts a sync once the connection stands. */
  readonly sync: boolean;
}

export interface Outcome {
  readonly what: string;
  readonly name: string;
  readonly action: 'kept' | 'created' | 'updated';
  /** Undefined in a dry run for what does not exist yet. */
  readonly id: string | undefined;
  readonly changes: readonly string[];
}

type Role = 'source' | 'destination';

/** Makes Airbyte hold what the set-up says; a second run finds nothing to do. Steps are reported as they are done. */
export async function apply(
  client: AirbyteClient,
  setup: Setup,
  options: ApplyOptions,
  report: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const done = (outcome: Outcome): Outcome => {
    outcomes.push(outcome);
    report(outcome);
    return outcome;
  };
  const workspaceId = await findWorkspace(client, setup.workspace);
  const ends: Partial<Record<Role, string>> = {};
  for (const role of ['source', 'destination'] as const) {
    const definition = done(await applyDefinition(client, workspaceId, { role, actor: setup[role], options }));
    const actor = done(
      await applyActor(client, workspaceId, { role, actor: setup[role], definitionId: definition.id, options }),
    );
    if (actor.id !== undefined) ends[role] = actor.id;
  }
  if (ends.source === undefined || ends.destination === undefined) {
    done({ what: 'connection', name: setup.connection.name, action: 'created', id: undefined, changes: [] });
    return outcomes;
  }
  const connection = done(
    await applyConnection(client, workspaceId, {
      setup,
      ends: { sourceId: ends.source, destinationId: ends.destination },
      options,
    }),
  );
  if (options.sync && !options.dryRun && connection.id !== undefined) {
    const job = record(await client.send('POST', '/jobs', { connectionId: connection.id, jobType: 'sync' }), 'job');
    done({
      what: 'sync job',
      name: setup.connection.name,
      action: 'created',
      id: JSON.stringify(job.jobId),
      changes: [],
    });
  }
  return outcomes;
}

async function findWorkspace(client: AirbyteClient, wanted: string | undefined): Promise<string> {
  const workspaces = (await client.all('/workspaces', {})).map(foundWorkspace);
  const matches =
    wanted === undefined ? workspaces : workspaces.filter(({ id, name }) => id === wanted || name === wanted);
  const [workspace] = matches;
  if (workspace !== undefined && matches.length === 1) return workspace.id;
  const names = workspaces.map(({ name, id }) => `${name} (${id})`).join(', ');
  throw Failure.config(
    wanted === undefined
      ? `Set \`workspace\` to one of Airbyte's workspaces: ${names}.`
      : `Airbyte has ${matches.length} workspaces "${wanted}"; it has ${names}.`,
  );
}

interface DefinitionToApply {
  readonly role: Role;
  readonly actor: Actor;
  readonly options: ApplyOptions;
}

async function applyDefinition(
  client: AirbyteClient,
  workspaceId: string,
  { role, actor, options }: DefinitionToApply,
): Promise<Outcome> {
  const { definition } = actor;
  const path = `/workspaces/${workspaceId}/definitions/${role}s`;
  // This list has no pages.
  const found = list(record(await client.get(path), 'list').data, 'definitions').map(foundDefinition);
  const step = planDefinition(definition, found);
  const outcome = { what: `${role} definition`, name: definition.name };
  switch (step.kind) {
    case 'keep':
      return { ...outcome, action: 'kept', id: step.id, changes: [] };
    case 'create': {
      const { documentationUrl, ...required } = definition;
      const body = { ...required, ...(documentationUrl === undefined ? {} : { documentationUrl }) };
      const id = options.dryRun ? undefined : foundDefinition(await client.send('POST', path, body)).id;
      return { ...outcome, action: 'created', id, changes: [] };
    }
    case 'update': {
      const body = { name: definition.name, dockerImageTag: definition.dockerImageTag };
      if (!options.dryRun) await client.send('PUT', `${path}/${step.id}`, body);
      return { ...outcome, action: 'updated', id: step.id, changes: step.changes };
    }
    default:
      return step satisfies never;
  }
}

interface ActorToApply {
  readonly role: Role;
  readonly actor: Actor;
  readonly definitionId: string | undefined;
  readonly options: ApplyOptions;
}

async function applyActor(
  client: AirbyteClient,
  workspaceId: string,
  { role, actor, definitionId, options }: ActorToApply,
): Promise<Outcome> {
  const idKey = role === 'source' ? 'sourceId' : 'destinationId';
  const found = (await client.all(`/${role}s`, { workspaceIds: workspaceId })).map((item) => foundActor(item, idKey));
  const step: ActorStep = planActor(actor, definitionId, found, options.writeSecrets);
  const outcome = { what: role, name: actor.name };
  switch (step.kind) {
    case 'keep':
      return { ...outcome, action: 'kept', id: step.id, changes: [] };
    case 'create': {
      if (options.dryRun || definitionId === undefined)
        return { ...outcome, action: 'created', id: undefined, changes: [] };
      const body: JsonObject = { name: actor.name, workspaceId, definitionId, configuration: actor.configuration };
      const id = foundActor(await client.send('POST', `/${role}s`, body), idKey).id;
      return { ...outcome, action: 'created', id, changes: [] };
    }
    case 'update': {
      const body = { name: actor.name, configuration: actor.configuration };
      // PUT replaces the configuration, so that a key taken out of the file leaves Airbyte too.
      if (!options.dryRun) await client.send('PUT', `/${role}s/${step.id}`, body);
      return { ...outcome, action: 'updated', id: step.id, changes: step.changes };
    }
    default:
      return step satisfies never;
  }
}

interface ConnectionToApply {
  readonly setup: Setup;
  readonly ends: { readonly sourceId: string; readonly destinationId: string };
  readonly options: ApplyOptions;
}

async function applyConnection(
  client: AirbyteClient,
  workspaceId: string,
  { setup, ends, options }: ConnectionToApply,
): Promise<Outcome> {
  const discovered = list(await client.get('/streams', { ...ends, ignoreCache: 'true' }), 'streams').map(
    discoveredStream,
  );
  const streams = selectStreams(setup.connection.streams, discovered);
  const found = (await client.all('/connections', { workspaceIds: workspaceId })).map(foundConnection);
  const step = planConnection(setup.connection, ends, streams, found);
  const outcome = { what: 'connection', name: setup.connection.name };
  switch (step.kind) {
    case 'keep':
      return { ...outcome, action: 'kept', id: step.id, changes: [] };
    case 'create': {
      const id = options.dryRun
        ? undefined
        : text(record(await client.send('POST', '/connections', step.body), 'connection'), 'connectionId');
      return { ...outcome, action: 'created', id, changes: [] };
    }
    case 'update':
      if (!options.dryRun) await client.send('PATCH', `/connections/${step.id}`, step.body);
      return { ...outcome, action: 'updated', id: step.id, changes: step.changes };
    default:
      return step satisfies never;
  }
}
