import { Failure, nearestName, readJsonObject as readConfigurationFile, textOf, type Json } from '@ewallet/failure';

/** A file that holds one JSON object. @throws Failure naming the file, never what is in it */
export async function readJsonObject(file: string): Promise<Json> {
  return readConfigurationFile(file, 'YAML and .properties are not read: write it as JSON.');
}

/** An unknown key is an error: a mistyped option must not be ignored silently. */
export function refuseUnknown(object: Json, known: readonly string[], prefix: string): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw Failure.config(
    `Unknown key \`${prefix}${unknown}\`: did you mean \`${prefix}${nearestName(unknown, known)}\`? Known are ${known.join(', ')}.`,
  );
}

export function requiredText(object: Json, key: string, prefix: string): string {
  const value = textOf(object, key, prefix);
  if (value === undefined) throw Failure.config(`\`${prefix}${key}\` is missing.`);
  return value;
}

export function textsOf(object: Json, key: string, prefix: string): readonly string[] {
  const value = object[key] ?? [];
  const texts = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return texts.map((text) => {
    if (typeof text !== 'string' || text === '') throw Failure.config(`\`${prefix}${key}\` must be a list of texts.`);
    return text;
  });
}

export function numberOf(object: Json, key: string, prefix: string, fallback: number): number {
  const value = object[key] ?? fallback;
  if (typeof value !== 'number' || !(value >= 0)) {
    throw Failure.config(`\`${prefix}${key}\` must be a number from 0 up.`);
  }
  return value;
}
