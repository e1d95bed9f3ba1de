import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Collection } from './content';
import type { Dashboard } from './dashboard';
import type { Question } from './question';

/** The schemas that editors use are the ones that the CLI checks with. */
const schemaFolder = join(__dirname, '..', '..', 'schema');

interface Validators {
  readonly collections: ValidateFunction<Collection>;
  readonly questions: ValidateFunction<Question>;
  readonly dashboards: ValidateFunction<Dashboard>;
}

export type ContentKind = keyof Validators;

export function schemaFile(kind: ContentKind): string {
  return `${kind.slice(0, -1)}.schema.json`;
}

let compiled: Validators | undefined;

/** The compiled JSON Schemas of the three kinds of file. */
export function validators(): Validators {
  if (compiled !== undefined) return compiled;
  const ajv = new Ajv({ allErrors: true, discriminator: false });
  const compile = <T>(kind: ContentKind): ValidateFunction<T> =>
    ajv.compile<T>(JSON.parse(readFileSync(join(schemaFolder, schemaFile(kind)), 'utf8')) as object);
  compiled = {
    collections: compile<Collection>('collections'),
    questions: compile<Question>('questions'),
    dashboards: compile<Dashboard>('dashboards'),
  };
  return compiled;
}

/** What is wrong with a file, in words: where in the file, and what the schema wants there. */
export function schemaFaults(validate: ValidateFunction): string[] {
  return (validate.errors ?? []).map((fault) => {
    const where = fault.instancePath === '' ? 'the file' : fault.instancePath;
    const extra: unknown = fault.params.additionalProperty ?? fault.params.allowedValues;
    return `${where} ${fault.message ?? 'is wrong'}${extra === undefined ? '' : ` (${JSON.stringify(extra)})`}`;
  });
}
