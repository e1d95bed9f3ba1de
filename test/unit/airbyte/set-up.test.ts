import Ajv from 'ajv';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';

/** What the set-up file and the guide say, against the forms that the connectors' specs make Airbyte show. */
interface Spec {
  readonly connectionSpecification: { readonly properties: Readonly<Record<string, { readonly title: string }>> };
}
const read = (file: string): string => readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
const connectors = [
  { actor: 'source', folder: 'source-ewallet', section: '## 3. Set up the source' },
  { actor: 'destination', folder: 'destination-kafka', section: '## 4. Set up the destination' },
] as const;
const schemaOf = (folder: string): Spec['connectionSpecification'] =>
  (JSON.parse(read(`${folder}/spec.json`)) as Spec).connectionSpecification;

test.each(connectors)("the set-up file's $actor is what its connector's spec accepts", ({ actor, folder }) => {
  const { configuration } = (parse(read('deploy/airbyte/setup.yaml')) as Record<string, { configuration: object }>)[
    actor
  ]!;
  const schema = schemaOf(folder);
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  expect({ valid: validate(configuration), errors: validate.errors }).toEqual({ valid: true, errors: null });
  expect(Object.keys(configuration).filter((key) => !(key in schema.properties))).toEqual([]);
  expect(validate({})).toBe(false);
});

test.each(connectors)(
  "each field that the guide's table names for the $actor is in its form",
  ({ folder, section }) => {
    const page = read('docs/airbyte.md');
    const text = page.slice(page.indexOf(section)).split('\n## ')[0] ?? '';
    const fields = [...text.matchAll(/^\| ([A-Z][^|]+?) \|/gm)].flatMap(([, cell]) => cell!.split(', '));
    const titles = Object.values(schemaOf(folder).properties).map(({ title }) => title.toLowerCase());
    expect(fields.length).toBeGreaterThan(3);
    // "Schema registry URL" is the first field of the group "Schema registry".
    expect(fields.filter((field) => !titles.some((title) => field.toLowerCase().startsWith(title)))).toEqual([]);
  },
);
