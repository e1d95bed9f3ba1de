import { readFile } from 'node:fs/promises';
import { Failure, nearestName } from '@ewallet/failure';

export type Json = Readonly<Record<string, unknown>>;

/**
 * A file that holds one JSON object. `${env:NAME}` in a text is replaced, as the sink does, so that secrets can stay out
 * of files.
 *
 * @throws Failure naming the file, never what is in it
 */
export async function readJsonObject(file: string): Promise<Json> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw Failure.config(`The configuration ${file} cannot be read: check the path and its permissions.`, {
      cause: error,
    });
  });
  let value: unknown;
  try {
    value = JSON.parse(text, (_, member: unknown) => (typeof member === 'string' ? withVariables(member) : member));
  } catch (error) {
    if (error instanceof Failure) throw error;
    // The parser's own words could quote a secret.
    throw Failure.config(`The configuration ${file} is not JSON. YAML and .properties are not read: write it as JSON.`);
  }
  if (!isObject(value)) throw Failure.config(`The configuration ${file} must hold one JSON object.`);
  return value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An unknown key is an error: a mistyped option must not be ignored silently. */
export function refuseUnknown(object: Json, known: readonly string[], prefix: string): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw Failure.config(
    `Unknown key \`${prefix}${unknown}\`: did you mean \`${prefix}${nearestName(unknown, known)}\`? Known are ${known.join(', ')}.`,
  );
}

/** @throws Failure naming the key where it is there and no text */
export function textOf(object: Json, key: string, prefix: string): string | undefined {
  const value = object[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw Failure.config(`\`${prefix}${key}\` must be text.`);
  return value;
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

function withVariables(text: string): string {
  return text.replace(/\$\{env:([^}]+)\}/g, (_, name: string) => {
    const value = process.env[name];
    if (value !== undefined) return value;
    throw Failure.config(`The environment has no variable ${name}, which the configuration names.`);
  });
}
