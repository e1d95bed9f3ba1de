import { canonical, isList, isObject, type Json } from '../content/json';

/** One difference between what is on the server and what the file says; undefined: not there. */
export interface Change {
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** The differences, leaf by leaf. Lists of things with a key are compared by key, others by place. */
export function differences(before: Json | undefined, after: Json | undefined, path = ''): Change[] {
  if (before === undefined || after === undefined) return before === after ? [] : [{ path, before, after }];
  if (canonical(before) === canonical(after)) return [];
  if (isList(before) && isList(after)) {
    if (keyed(before) && keyed(after)) {
      const changes = differences(byKey(before), byKey(after), path);
      return changes.length > 0 ? changes : [{ path: `${path} (order)`, before: keysOf(before), after: keysOf(after) }];
    }
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => differences(before[index], after[index], `${path}[${index}]`)).flat();
  }
  if (isObject(before) && isObject(after)) {
    const [left, right] = [before as Record<string, Json>, after as Record<string, Json>];
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return names.flatMap((name) => differences(left[name], right[name], path === '' ? name : `${path}.${name}`));
  }
  return [{ path, before, after }];
}

function keyed(list: readonly Json[]): boolean {
  return list.length > 0 && list.every((item) => isObject(item) && typeof item.key === 'string');
}

function byKey(list: readonly Json[]): Json {
  return Object.fromEntries(list.map((item) => [keyOf(item), item]));
}

function keysOf(list: readonly Json[]): Json {
  return list.map(keyOf);
}

function keyOf(item: Json): string {
  return isObject(item) && typeof item.key === 'string' ? item.key : '';
}
