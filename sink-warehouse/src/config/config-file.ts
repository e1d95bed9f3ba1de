import { readFileSync } from 'node:fs';
import { Failure, jsonFault, unreadable } from '@ewallet/failure';

/** Keys and values of a configuration file, before any of them is understood. */
export type RawConfig = ReadonlyMap<string, string>;

/**
 * Reads a configuration as Kafka Connect takes it: a JSON object of keys, the REST API's `{name, config: {…}}`, or a
 * `.properties` file. `${env:NAME}` in a value is replaced.
 *
 * @throws Failure naming the file and what is wrong with it, never a value
 */
export function readConfigFile(path: string, environment: Readonly<Record<string, string | undefined>>): RawConfig {
  if (/\.ya?ml$/i.test(path)) {
    throw Failure.config(`The configuration ${path} is YAML by its name: write it as JSON, or as .properties.`);
  }
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw Failure.config(`The configuration ${path} cannot be read: ${unreadable(error)}.`, { cause: error });
  }
  const raw = /^\s*[{[]/.test(content) ? parseJson(content, path) : parseProperties(content);
  return new Map([...raw].map(([key, value]) => [key, resolveVariables(key, value, environment)]));
}

function parseJson(content: string, path: string): Map<string, string> {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw Failure.config(`The configuration ${path} is not JSON (${jsonFault(content)}).`); // the parser's text could quote a secret
  }
  if (!isObject(document)) throw Failure.config(`The configuration ${path} must hold one JSON object.`);
  const entries = isObject(document.config) ? { name: document.name, ...document.config } : document;
  const raw = new Map<string, string>();
  for (const [key, value] of Object.entries(entries)) {
    if (value === null || value === undefined) continue;
    raw.set(key, scalarText(key, value));
  }
  return raw;
}

function scalarText(key: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
      return String(value);
    default:
      if (Array.isArray(value)) return value.map((item) => scalarText(key, item)).join(',');
      throw Failure.config(`${key} must be text, a number or true/false.`);
  }
}

/** Java's format: `key=value`, `key: value`, comments by # or !, a backslash at the end of a line joins the next one. */
export function parseProperties(content: string): Map<string, string> {
  const raw = new Map<string, string>();
  const lines = content
    .replace(/\r\n?/g, '\n')
    .replace(/(?<!\\)((?:\\\\)*)\\\n[ \t]*/g, '$1')
    .split('\n');
  for (const line of lines) {
    const entry = /^\s*([^#!\s=:](?:\\.|[^\\=:\s])*)\s*[=:\s]\s*(.*)$/.exec(line);
    if (entry !== null) raw.set(unescape(entry[1] ?? ''), unescape(entry[2] ?? ''));
  }
  return raw;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) =>
    escaped.length === 5 ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16)) : (escapes[escaped] ?? escaped),
  );
}

function resolveVariables(
  key: string,
  value: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return value.replace(/\$\{env:([^}]+)\}/g, (_, name: string) => {
    const found = environment[name];
    if (found === undefined) {
      throw Failure.config(`${key} refers to the environment variable ${name}, which is not set.`);
    }
    return found;
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
