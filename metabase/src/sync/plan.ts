import type { Collection, Content } from '../content/content';
import type { Dashboard } from '../content/dashboard';
import { sameJson } from '../content/json';
import type { Question } from '../content/question';
import { normalDashboard } from '../wire/dashboard';
import { normalQuestion } from '../wire/question';
import { fingerprint, objectKey, type Applied, type ObjectKind } from './applied';
import { differences, type Change } from './diff';

/** What is on the server for one key: the content it would be as a file, and where it is. */
export interface ActualObject<T> {
  readonly id: number;
  readonly archived: boolean;
  readonly value: T;
}

export interface Actual {
  readonly collections: ReadonlyMap<string, ActualObject<Collection>>;
  readonly questions: ReadonlyMap<string, ActualObject<Question>>;
  readonly dashboards: ReadonlyMap<string, ActualObject<Dashboard>>;
}

export type Operation =
  | { readonly kind: 'create'; readonly object: ObjectKind; readonly key: string }
  | {
      readonly kind: 'update';
      readonly object: ObjectKind;
      readonly key: string;
      readonly id: number;
      /** It is in the Trash and is taken out. */
      readonly restore: boolean;
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'archive'; readonly object: ObjectKind; readonly key: string; readonly id: number };

/** Something an apply must not overwrite without being told to. */
export interface Refusal {
  readonly object: ObjectKind;
  readonly key: string;
  readonly reason: 'edited' | 'unknown';
  readonly changes: readonly Change[];
}

export interface Plan {
  readonly operations: readonly Operation[];
  readonly refusals: readonly Refusal[];
  /** On the server from an earlier apply, and no longer in the files; archived with --prune only. */
  readonly leftOver: readonly { readonly object: ObjectKind; readonly key: string }[];
}

export interface PlanOptions {
  readonly force: boolean;
  readonly prune: boolean;
  /** The dashboards to look at, with what they need; empty: everything. */
  readonly only: readonly string[];
}

/**
 * What to do so that the server shows the files. Per object, three versions decide: the file's, the server's, and the
 * fingerprint of the server's right after the last apply.
 *
 * server = file                       nothing
 * server = last apply, file differs   update
 * server ≠ last apply, file differs   refused: somebody edited it in Metabase (update when forced)
 * no last apply known, file differs   refused: it is not ours, or the note was lost (update when forced)
 */
export function planOf(desired: Content, actual: Actual, applied: Applied, options: PlanOptions): Plan {
  const wanted = options.only.length === 0 ? desired : restricted(desired, options.only);
  const operations: Operation[] = [];
  const refusals: Refusal[] = [];
  const look = <T extends { readonly key: string }>(
    object: ObjectKind,
    files: Iterable<T>,
    server: ReadonlyMap<string, ActualObject<T>>,
    unfinished: (value: T) => boolean,
  ): void => {
    for (const file of files) {
      const there = server.get(file.key);
      if (there === undefined) {
        operations.push({ kind: 'create', object, key: file.key });
        continue;
      }
      if (sameJson(file, there.value) && !there.archived) continue;
      const changes = differences(there.value, file);
      const note = applied.get(objectKey(object, file.key));
      const ours =
        note?.id === there.id
          ? note.fingerprint === null || note.fingerprint === fingerprint(there.value)
          : changes.length === 0 || unfinished(there.value);
      if (ours || options.force)
        operations.push({ kind: 'update', object, key: file.key, id: there.id, restore: there.archived, changes });
      else refusals.push({ object, key: file.key, reason: note === undefined ? 'unknown' : 'edited', changes });
    }
  };
  look('collection', parentsFirst(wanted), actual.collections, () => false);
  look('question', [...wanted.questions.values()].map(normalQuestion), actual.questions, () => false);
  look('dashboard', [...wanted.dashboards.values()].map(normalDashboard), actual.dashboards, isBare);

  const leftOver = options.only.length > 0 ? [] : leftOvers(desired, actual, applied);
  if (options.prune) {
    for (const { object, key, id } of leftOver) operations.push({ kind: 'archive', object, key, id });
    return { operations, refusals, leftOver: [] };
  }
  return { operations, refusals, leftOver };
}

/** A dashboard that was made and not yet filled: what a run that broke off leaves. */
function isBare(dashboard: Dashboard): boolean {
  return dashboard.filters === undefined && dashboard.tabs.every((tab) => tab.cards.length === 0);
}

/** Dashboards first, as they show the questions; collections last, as everything is in them. */
function leftOvers(
  desired: Content,
  actual: Actual,
  applied: Applied,
): { object: ObjectKind; key: string; id: number }[] {
  const kinds = [
    { object: 'dashboard' as const, files: desired.dashboards, server: actual.dashboards },
    { object: 'question' as const, files: desired.questions, server: actual.questions },
    { object: 'collection' as const, files: desired.collections, server: actual.collections },
  ];
  return kinds.flatMap(({ object, files, server }) =>
    [...applied].flatMap(([name]) => {
      const [kind, key = ''] = name.split('/', 2);
      const there = server.get(key);
      if (kind !== object || files.has(key) || there === undefined || there.archived) return [];
      return [{ object, key, id: there.id }];
    }),
  );
}

/** The content that some dashboards need: their questions, and the collections of both up to the root. */
export function restricted(content: Content, only: readonly string[]): Content {
  const dashboards = new Map([...content.dashboards].filter(([key]) => only.includes(key)));
  const shown = new Set(
    [...dashboards.values()].flatMap((dashboard) =>
      dashboard.tabs.flatMap((tab) => tab.cards.flatMap((card) => (card.kind === 'question' ? [card.question] : []))),
    ),
  );
  const questions = new Map([...content.questions].filter(([key]) => shown.has(key)));
  const collections = new Map<string, Collection>();
  const take = (key: string | undefined): void => {
    const collection = key === undefined ? undefined : content.collections.get(key);
    if (collection === undefined || collections.has(collection.key)) return;
    collections.set(collection.key, collection);
    take(collection.parent);
  };
  for (const item of [...dashboards.values(), ...questions.values()]) take(item.collection);
  return { collections, questions, dashboards };
}

/** A collection is made after the one that it is in. */
function parentsFirst(content: Content): Collection[] {
  const depth = (collection: Collection, seen: ReadonlySet<string> = new Set()): number => {
    const parent = collection.parent === undefined ? undefined : content.collections.get(collection.parent);
    if (parent === undefined || seen.has(parent.key)) return 0;
    return 1 + depth(parent, new Set([...seen, collection.key]));
  };
  return [...content.collections.values()].sort((a, b) => depth(a) - depth(b) || (a.key < b.key ? -1 : 1));
}
