import type { Content } from '../content/content';
import type { ObjectKind } from './applied';
import type { Actual, ActualObject } from './plan';

/** Something that is set in Metabase and in no file, and stays. */
export interface Kept {
  readonly object: ObjectKind;
  readonly key: string;
  readonly what: 'position' | 'description' | 'parent';
}

/**
 * The files as they can be applied: Metabase's API declares no empty value for a dashboard's position, for a description and
 * for a collection's parent (v0.54's document gives each a number or a text, never null), so what a file
 * leaves out stays as it is there.
 */
export function keepingWhatCannotBeUnset(content: Content, actual: Actual): { content: Content; kept: Kept[] } {
  const kept: Kept[] = [];
  const fill = <T extends { readonly key: string }>(
    object: ObjectKind,
    files: ReadonlyMap<string, T>,
    server: ReadonlyMap<string, ActualObject<T>>,
    names: readonly (Kept['what'] & keyof T)[],
  ): Map<string, T> =>
    new Map(
      [...files].map(([key, file]) => {
        const there = server.get(key)?.value;
        const missing = names.filter(
          (name) => (file[name] ?? '') === '' && there?.[name] !== undefined && there[name] !== '',
        );
        kept.push(...missing.map((what) => ({ object, key, what })));
        return [key, { ...file, ...Object.fromEntries(missing.map((name) => [name, there?.[name]])) }];
      }),
    );
  return {
    content: {
      collections: fill('collection', content.collections, actual.collections, ['description', 'parent']),
      questions: fill('question', content.questions, actual.questions, ['description']),
      dashboards: fill('dashboard', content.dashboards, actual.dashboards, ['position', 'description']),
    },
    kept,
  };
}
