import type { HashedRow } from './hashed-row';

/** What is wrong with one key, as one look at both sides shows it. */
export interface Difference {
  readonly kind: 'missing' | 'extra' | 'different';
  readonly key: readonly (string | null)[];
  /** How many rows: more than one where a key is doubled, or of a stream without a key. */
  readonly count: number;
  /** The source's versions of the row when it was looked at; empty where it has none or is not there. */
  readonly version: string;
}

/** A key's identity in a map: JSON, because a key may hold any character. */
export function keyId(key: readonly (string | null)[]): string {
  return JSON.stringify(key);
}

/**
 * Compares the rows of both sides, in any order. Rows of one key are a multiset: a landed row beyond those of the source
 * is extra, and a key whose rows are all there but not the same is different.
 */
export function compareRows(source: readonly HashedRow[], landed: readonly HashedRow[]): readonly Difference[] {
  const keys = new Map<string, { key: HashedRow['key']; source: HashedRow[]; landed: HashedRow[] }>();
  for (const [rows, side] of [
    [source, 'source'],
    [landed, 'landed'],
  ] as const) {
    for (const row of rows) {
      const id = keyId(row.key);
      const found = keys.get(id);
      if (found !== undefined) found[side].push(row);
      else keys.set(id, { key: row.key, source: [], landed: [], [side]: [row] });
    }
  }
  return [...keys.values()].flatMap((rows) => differenceOf(rows) ?? []);
}

function differenceOf(rows: {
  readonly key: HashedRow['key'];
  readonly source: readonly HashedRow[];
  readonly landed: readonly HashedRow[];
}): Difference | undefined {
  const { key, source, landed } = rows;
  const version = versionOf(source);
  const left = landed.map(({ hash }) => hash);
  const unmatched = source.filter(({ hash }) => {
    const at = left.indexOf(hash);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (unmatched.length === 0 && left.length === 0) return undefined;
  if (unmatched.length === 0) return { kind: 'extra', key, count: left.length, version };
  if (left.length === 0) return { kind: 'missing', key, count: unmatched.length, version };
  return { kind: 'different', key, count: 1, version };
}

export function versionOf(rows: readonly HashedRow[]): string {
  return rows
    .map(({ version, hash }) => `${version}:${hash}`)
    .sort()
    .join(' ');
}
