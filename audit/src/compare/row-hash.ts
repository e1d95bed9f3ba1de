import type { Side } from '../tables/stream-plan';

/**
 * How a text becomes a 64-bit hash. `utf8`: both servers store UTF-8, and a text's bytes are hashed as they are;
 * `converted`: one of them does not, and both hash the text's UTF-8 bytes in hexadecimal.
 */
export type HashKind = 'utf8' | 'converted';

/** Hashes of keys are seeded otherwise than those of rows, or a table that is all key would have one for both. */
const ROW_SEED = 0;
const KEY_SEED = 1;

/**
 * SQL of a row's hash. PostgreSQL's text of a row is unambiguous (a null is nothing, an empty text is `""`, and quotes
 * are doubled), so that two rows have the same text exactly when all their values have.
 */
export function rowHash(side: Side, hash: HashKind): string {
  return hashOf(side.values, hash, ROW_SEED);
}

/** SQL of the key's hash; of the whole row's where the stream has no key. */
export function keyHash(side: Side, hash: HashKind): string {
  return side.keys.length === 0 ? rowHash(side, hash) : hashOf(side.keys, hash, KEY_SEED);
}

function hashOf(values: readonly string[], hash: HashKind, seed: number): string {
  const text = `row(${values.join(', ')})::text`;
  const hashed = hash === 'utf8' ? text : `encode(convert_to(${text}, 'UTF8'), 'hex')`;
  return `hashtextextended(${hashed} collate "C", ${seed})`;
}
