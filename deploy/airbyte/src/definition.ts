import { Failure } from '@ewallet/failure';
import type { Definition } from './setup';

export interface FoundDefinition {
  readonly id: string;
  readonly name: string;
  readonly dockerRepository: string;
  readonly dockerImageTag: string;
}

type DefinitionStep =
  | { readonly kind: 'keep'; readonly id: string }
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly id: string; readonly changes: readonly string[] };

/** A definition is known by its image's repository; Airbyte's API can change its name and tag, nothing else. */
export function planDefinition(wanted: Definition, found: readonly FoundDefinition[]): DefinitionStep {
  const same = found.filter((definition) => definition.dockerRepository === wanted.dockerRepository);
  const match = same.find((definition) => definition.name === wanted.name) ?? same[0];
  if (match === undefined) return { kind: 'create' };
  if (same.length > 1 && match.name !== wanted.name) {
    throw Failure.config(
      `Airbyte has ${same.length} connector definitions of "${wanted.dockerRepository}" and none is named "${wanted.name}": delete those not wanted, or use one's name.`,
    );
  }
  const changes = [
    ...(match.name === wanted.name ? [] : ['name']),
    ...(match.dockerImageTag === wanted.dockerImageTag
      ? []
      : [`dockerImageTag ${match.dockerImageTag} → ${wanted.dockerImageTag}`]),
  ];
  return changes.length === 0 ? { kind: 'keep', id: match.id } : { kind: 'update', id: match.id, changes };
}
