import { readFile } from 'node:fs/promises';
import { Failure } from './failure';
import { nearestName } from './nearest-name';

export type Json = Readonly<Record<string, unknown>>;

/**
 * A file that holds one JSON object. `${env:NAME}` in a text is replaced, as the sink does, so that secrets can stay out
 * of files.
 *
 * @throws Failure naming the file, never what is in it
 */
export async function readJsonObject(file: string): Promise<Json> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw Failure.config(`The configuration ${file} cannot be read.`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text, (_, member: unknown) => (typeof member === 'string' ? withVariables(member) : member));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw Failure.config(`The configuration ${file} is not JSON.`); // the parser's own words could quote a secret
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw Failure.config(`The configuration ${file} must hold one JSON object.`);
  }
  return value as Json;
}

function withVariables(text: string): string {
  return text.replace(/\$\{env:([^}]+)\}/g, (_, name: string) => {
    const value = process.env[name];
    if (value === undefined)
      throw Failure.config(`The environment has no variable ${name}, which the configuration names.`);
    return value;
  });
}

/** An unknown key is an error: a mistyped option must not be ignored silently. */
export function refuseUnknown(object: Json, known: readonly string[], prefix: string): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    throw Failure.config(`Unknown key \`${prefix}${key}\`: did you mean \`${prefix}${nearestName(key, known)}\`?`);
  }
}
