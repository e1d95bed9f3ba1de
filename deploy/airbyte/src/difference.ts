import { isRecord, type JsonValue } from './json';

/** Airbyte answers a secret as asterisks, so whether it differs cannot be known. */
const MASKED_SECRET = /^\*+$/;

/**
 * Paths at which Airbyte's answer differs from what is wanted. Only wanted keys are compared, as Airbyte adds defaults of
 * its own; secrets that come back masked count as equal.
 */
export function differences(wanted: JsonValue, found: JsonValue | undefined, path = ''): readonly string[] {
  if (typeof found === 'string' && MASKED_SECRET.test(found)) return [];
  if (isRecord(wanted)) {
    if (!isRecord(found)) return [path];
    return Object.entries(wanted).flatMap(([key, value]) =>
      value === undefined ? [] : differences(value, found[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return [path];
    return wanted.flatMap((item: JsonValue, index) =>
      differences(item, found[index] as JsonValue, `${path}[${index}]`),
    );
  }
  return wanted === found ? [] : [path];
}
