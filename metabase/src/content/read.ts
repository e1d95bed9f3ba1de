import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '@ewallet/failure';
import type { ValidateFunction } from 'ajv';
import type { Content } from './content';
import type { Fault } from './references';
import { schemaFaults, validators, type ContentKind } from './schema';

/** The content that comes with the product. */
export const builtInContent = join(__dirname, '..', '..', 'content');

/** Content as far as it could be read, and what is wrong with the rest. */
export interface ReadContent {
  readonly content: Content;
  readonly faults: readonly Fault[];
}

/** Reads a content folder; a file that is not JSON, breaks its schema or has another name than its key is a fault. */
export async function readContent(folder: string): Promise<ReadContent> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw Failure.config(`There is no content in ${folder}: the folder cannot be read. Name another with --content.`, {
      cause: error,
    });
  });
  if (!names.some((name) => ['collections', 'questions', 'dashboards'].includes(name)))
    throw Failure.config(
      `There is no content in ${folder}: it has none of the folders collections, questions and dashboards.`,
    );
  const faults: Fault[] = [];
  const check = validators();
  const content = {
    collections: await readKind(folder, 'collections', check.collections, faults),
    questions: await readKind(folder, 'questions', check.questions, faults),
    dashboards: await readKind(folder, 'dashboards', check.dashboards, faults),
  };
  return { content, faults };
}

/** Reads a content folder that has to be right: the first faults are the message. */
export async function readSoundContent(folder: string, moreFaults: (content: Content) => Fault[]): Promise<Content> {
  const { content, faults } = await readContent(folder);
  const all = [...faults, ...(faults.length === 0 ? moreFaults(content) : [])];
  if (all.length > 0) {
    const shown = all.slice(0, 5).map((fault) => `${fault.file}: ${fault.message}`);
    const rest = all.length > shown.length ? `\n… and ${all.length - shown.length} more` : '';
    throw Failure.config(`The content in ${folder} is not valid:\n${shown.join('\n')}${rest}`);
  }
  if (content.dashboards.size === 0) throw Failure.config(`There are no dashboards in ${folder}.`);
  return content;
}

async function readKind<T extends { readonly key: string }>(
  folder: string,
  kind: ContentKind,
  validate: ValidateFunction<T>,
  faults: Fault[],
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (const name of await jsonFiles(join(folder, kind))) {
    const file = `${kind}/${name}`;
    const parsed = parse(await readFile(join(folder, kind, name), 'utf8'));
    if ('fault' in parsed) {
      faults.push({ file, message: parsed.fault });
    } else if (!validate(parsed.value)) {
      faults.push(...schemaFaults(validate).map((message) => ({ file, message })));
    } else if (parsed.value.key !== basename(name, '.json')) {
      faults.push({ file, message: `key "${parsed.value.key}" differs from the file's name` });
    } else {
      found.set(parsed.value.key, withoutSchema(parsed.value));
    }
  }
  return found;
}

/** `$schema` is for the editor; it is put back when the file is written. */
function withoutSchema<T extends object>(value: T): T {
  const copy: T & { $schema?: unknown } = { ...value };
  delete copy.$schema;
  return copy;
}

function parse(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { fault: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function jsonFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
