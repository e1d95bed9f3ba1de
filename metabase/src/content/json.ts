/** JSON as it stands in a file or in an answer of the API. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nothing that a file need say. */
export function isEmpty(value: object | undefined): value is undefined {
  return value === undefined || Object.keys(value).length === 0;
}

/**
 * One text for one value: keys sorted at every depth, so that two equal values are the same bytes, whoever made them.
 * Used for fingerprints and for comparing.
 */
export function canonical(value: Json): string {
  return JSON.stringify(sortKeys(value));
}

/** The same value with the keys of every object sorted. */
export function sortKeys(value: Json): Json {
  if (isList(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function sameJson(left: Json, right: Json): boolean {
  return canonical(left) === canonical(right);
}
