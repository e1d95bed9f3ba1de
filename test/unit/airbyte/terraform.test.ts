import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@cdktn/hcl2json';
import { parse as parseYaml } from 'yaml';

/** Parsed by HashiCorp's own HCL parser (compiled to WebAssembly); attributes are those of airbytehq/airbyte 1.2's resources. */
const root = join(__dirname, '../../..');
const folder = join(root, 'deploy/airbyte/terraform');

const definition = ['workspace_id', 'name', 'docker_repository', 'docker_image_tag', 'documentation_url'];
const actor = ['workspace_id', 'name', 'definition_id', 'configuration', 'resource_allocation', 'secret_id'];
const attributes: Readonly<Record<string, { required: readonly string[]; known: readonly string[] }>> = {
  airbyte_source_definition: { required: definition.slice(0, 4), known: definition },
  airbyte_destination_definition: { required: definition.slice(0, 4), known: definition },
  airbyte_source: { required: ['workspace_id', 'name', 'configuration'], known: actor },
  airbyte_destination: { required: ['workspace_id', 'name', 'configuration'], known: actor.slice(0, 5) },
  airbyte_connection: {
    required: ['source_id', 'destination_id'],
    known: [
      'source_id',
      'destination_id',
      'name',
      'status',
      'schedule',
      'configurations',
      'namespace_definition',
      'namespace_format',
      'non_breaking_schema_updates_behavior',
      'prefix',
      'tags',
    ],
  },
};

interface Hcl {
  terraform?: { required_providers: { airbyte: { source: string; version: string } }[] }[];
  provider?: Record<string, Record<string, string>[]>;
  resource?: Record<string, Record<string, Record<string, unknown>[]>>;
  variable?: Record<string, { type: string; description?: string; sensitive?: boolean; default?: unknown }[]>;
  output?: Record<string, unknown>;
}

async function configuration(): Promise<Hcl> {
  const merged: Hcl = {};
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.tf'))) {
    Object.assign(merged, await parse(file, await readFile(join(folder, file), 'utf8')));
  }
  return merged;
}

test('every resource sets all required attributes of the provider and none that it does not have', async () => {
  const { resource = {} } = await configuration();
  expect(Object.keys(resource).sort()).toEqual(Object.keys(attributes).sort());
  for (const [type, resources] of Object.entries(resource)) {
    for (const [settings] of Object.values(resources)) {
      const keys = Object.keys(settings!);
      expect({ type, missing: attributes[type]!.required.filter((key) => !keys.includes(key)) }).toEqual({
        type,
        missing: [],
      });
      expect({ type, unknown: keys.filter((key) => !attributes[type]!.known.includes(key)) }).toEqual({
        type,
        unknown: [],
      });
    }
  }
});

test('every variable that is used is declared with a type and a description, and every declared one is used', async () => {
  const texts = await Promise.all(['main.tf', 'outputs.tf'].map((file) => readFile(join(folder, file), 'utf8')));
  const used = [...new Set([...texts.join('\n').matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name!))].sort();
  const { variable = {} } = await configuration();
  expect(used).toEqual(Object.keys(variable).sort());
  for (const [name, [settings]] of Object.entries(variable)) {
    expect({ name, described: typeof settings!.description, typed: typeof settings!.type }).toEqual({
      name,
      described: 'string',
      typed: 'string',
    });
  }
});

test('passwords and client secrets are sensitive variables without a default', async () => {
  const { variable = {} } = await configuration();
  const secrets = Object.entries(variable).filter(([name]) => /password|secret/.test(name));
  expect(secrets.map(([name, [settings]]) => [name, settings!.sensitive, settings!.default])).toEqual([
    ['airbyte_client_secret', true, undefined],
    ['database_password', true, undefined],
  ]);
});

test('Terraform and ewallet-airbyte set up the same connection from the same version of the images', async () => {
  const { resource = {}, variable = {} } = await configuration();
  const [connection] = resource.airbyte_connection!.ewallet_to_kafka!;
  const setup = parseYaml(await readFile(join(root, 'deploy/airbyte/setup.yaml'), 'utf8')) as {
    source: { definition: Record<string, string> };
    destination: { definition: Record<string, string> };
    connection: Record<string, string>;
  };
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  expect({
    name: connection!.name,
    schedule: (connection!.schedule as { cron_expression: string }).cron_expression,
    namespaceDefinition: connection!.namespace_definition,
    nonBreakingSchemaUpdatesBehavior: connection!.non_breaking_schema_updates_behavior,
  }).toEqual(setup.connection);
  expect([variable.image_tag, variable.source_image, variable.destination_image].map((of) => of![0]!.default)).toEqual([
    version,
    setup.source.definition.dockerRepository,
    setup.destination.definition.dockerRepository,
  ]);
  expect([setup.source.definition.dockerImageTag, setup.destination.definition.dockerImageTag]).toEqual([
    version,
    version,
  ]);
});
