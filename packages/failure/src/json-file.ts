import { Failure } from './failure';
import { jsonFault } from './json-place';
import { readText } from './read-text';

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A file that holds one JSON object. `${env:NAME}` in a text is replaced, as the sink does, so that secrets can stay out
 * of files.
 *
 * @param advice what to do where it is not JSON
 * @throws Failure naming the file and the place in it, never what is in it
 */
export async function readJsonObject(file: string, advice = 'YAML is not read: write it as JSON.'): Promise<Json> {
  const text = await readText(file, 'configuration');
  let value: unknown;
  try {
    value = JSON.parse(text, (_, member: unknown) => (typeof member === 'string' ? withVariables(member) : member));
  } catch (error) {
    if (error instanceof Failure) throw error;
    // The parser's own words could quote a secret.
    throw Failure.config(`The configuration ${file} is not JSON (${jsonFault(text)}). ${advice}`);
  }
  if (!isObject(value)) throw Failure.config(`The configuration ${file} must hold one JSON object.`);
  return value;
}

function withVariables(text: string): string {
  return text.replace(/\$\{env:([^}]+)\}/g, (_, name: string) => {
    const value = process.env[name];
    if (value === undefined)
      throw Failure.config(`The environment has no variable ${name}, which the configuration names.`);
    return value;
  });
}
