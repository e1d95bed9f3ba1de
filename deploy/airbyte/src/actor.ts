import { Failure } from '@ewallet/failure';
import { differences } from './difference';
import type { JsonObject } from './json';
import type { Actor } from './setup';

export interface FoundActor {
  readonly id: string;
  readonly name: string;
  readonly definitionId: string;
  readonly configuration: JsonObject;
}

export type ActorStep =
  | { readonly kind: 'keep'; readonly id: string }
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly id: string; readonly changes: readonly string[] };

/**
 * A source or destination is known by its name. A changed secret cannot be seen in Airbyte's answer, so it is written
 * only together with another change or with `writeSecrets`.
 */
export function planActor(
  wanted: Actor,
  definitionId: string | undefined,
  found: readonly FoundActor[],
  writeSecrets: boolean,
): ActorStep {
  const [match, ...others] = found.filter((actor) => actor.name === wanted.name);
  if (match === undefined) return { kind: 'create' };
  if (others.length > 0) {
    throw Failure.config(
      `Airbyte has ${others.length + 1} connectors named "${wanted.name}": rename or delete all but one.`,
    );
  }
  if (match.definitionId !== definitionId) {
    throw Failure.config(
      `Airbyte's "${wanted.name}" belongs to another connector than "${wanted.definition.dockerRepository}": choose another name, or delete it.`,
    );
  }
  const changes = [...differences(wanted.configuration, match.configuration), ...(writeSecrets ? ['secrets'] : [])];
  return changes.length === 0 ? { kind: 'keep', id: match.id } : { kind: 'update', id: match.id, changes };
}
