import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv/dist/2020';

/**
 * What Metabase's API declares: the paths, parameters and bodies of v0.54.2's OpenAPI document, and for the calls that
 * change content the closed list of keys that current releases take. Anything else is a fault of the caller.
 */

interface Parameter {
  readonly in: 'path' | 'query';
  readonly name: string;
  readonly required: boolean;
  readonly schema: object;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: object;
}
interface OpenApi {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: object;
}

const document = JSON.parse(readFileSync(path.join(__dirname, 'openapi-v54-structure.json'), 'utf8')) as OpenApi;
const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false });
ajv.addSchema(document, 'api');

const embedding = ['enable_embedding', 'embedding_params', 'embedding_type'];
const card = [
  'name',
  'type',
  'dataset_query',
  'parameters',
  'parameter_mappings',
  'description',
  'display',
  'visualization_settings',
  'collection_id',
  'collection_position',
  'result_metadata',
  'cache_ttl',
  'dashboard_id',
  'dashboard_tab_id',
];
/** Keys that v63 takes, by call; a key outside of these lists is stripped or refused there. */
const closed: Record<string, { readonly keys: readonly string[]; readonly required: readonly string[] }> = {
  'post /api/card/': {
    keys: [...card, 'entity_id', 'size', 'source_card_id'],
    required: ['name', 'dataset_query', 'display', 'visualization_settings'],
  },
  'put /api/card/{id}': { keys: [...card, 'archived', ...embedding, 'collection_preview'], required: [] },
  'post /api/dashboard/': {
    keys: ['name', 'description', 'parameters', 'cache_ttl', 'collection_id', 'collection_position'],
    required: ['name'],
  },
  'put /api/dashboard/{id}': {
    keys: [
      'name',
      'description',
      'parameters',
      'width',
      'archived',
      'auto_apply_filters',
      'collection_id',
      'collection_position',
      'cache_ttl',
      'dashcards',
      'tabs',
      ...embedding,
    ],
    required: [],
  },
  'post /api/collection/': {
    keys: ['name', 'description', 'parent_id', 'namespace', 'authority_level'],
    required: ['name'],
  },
  'post /api/setup/': { keys: ['token', 'user', 'prefs'], required: ['token', 'user', 'prefs'] },
};
const dashcard = {
  keys: [
    'id',
    'size_x',
    'size_y',
    'row',
    'col',
    'card_id',
    'dashboard_tab_id',
    'parameter_mappings',
    'visualization_settings',
    'inline_parameters',
    'series',
  ],
  required: ['id', 'size_x', 'size_y', 'row', 'col'],
};
const tab = { keys: ['id', 'name', 'position'], required: ['id', 'name'] };

export interface Matched {
  readonly operation: string;
  readonly ids: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  /** Keys, nulls and query parameters that nothing declares: v63 strips or refuses them, earlier ones pass them over. */
  readonly undeclared: readonly string[];
}

interface Findings {
  readonly faults: string[];
  readonly undeclared: string[];
}

/** The operation that a request is, and everything about it that the contract does not declare; undefined: no such path. */
export function checkRequest(method: string, url: URL, body: unknown): Matched | undefined {
  if (url.pathname === '/api/health' && method === 'GET')
    return { operation: 'get /api/health', ids: {}, faults: [], undeclared: [] };
  for (const [template, operations] of Object.entries(document.paths)) {
    const names: string[] = [];
    const pattern = template.replace(/\/$/, '').replace(/\{([^}]+)\}/g, (_, name: string) => {
      names.push(name);
      return '([^/]+)';
    });
    const match = new RegExp(`^${pattern}/?$`).exec(url.pathname);
    const operation = operations[method.toLowerCase()];
    if (match === null || operation === undefined) continue;
    const ids = Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? '']));
    if (names.includes('id') && !/^\d+$/.test(ids.id ?? '')) continue; // `/api/collection/tree` is no id
    const name = `${method.toLowerCase()} ${template}`;
    const found: Findings = { faults: [], undeclared: [] };
    checkQuery(operation, url, found);
    checkBody(template, method, operation, body, name, found);
    return { operation: name, ids, ...found };
  }
  return undefined;
}

function checkQuery(operation: Operation, url: URL, { faults, undeclared }: Findings): void {
  const declared = new Map(
    (operation.parameters ?? []).filter((one) => one.in === 'query').map((one) => [one.name, one]),
  );
  undeclared.push(
    ...[...url.searchParams.keys()]
      .filter((name) => !declared.has(name))
      .map((name) => `query ${name} is not declared`),
  );
  for (const { name, required, schema } of declared.values()) {
    const value = url.searchParams.get(name);
    const hasDefault = 'default' in schema;
    if (value === null) {
      if (required && !hasDefault) faults.push(`query ${name} is missing`);
      continue;
    }
    const type = (schema as { type?: string }).type;
    const typed: unknown =
      type === 'boolean'
        ? value === 'true'
        : type === 'integer'
          ? Number(value)
          : type === 'array'
            ? url.searchParams.getAll(name)
            : value;
    if (!('$ref' in schema) && !ajv.validate(schema, typed)) faults.push(`query ${name}: ${ajv.errorsText()}`);
  }
}

const compiled = new Map<string, ValidateFunction>();

function checkBody(
  template: string,
  method: string,
  operation: Operation,
  body: unknown,
  name: string,
  found: Findings,
): void {
  if (operation.requestBody === undefined) {
    if (body !== undefined) found.faults.push('this call takes no body');
    return;
  }
  const pointer = `api#/paths/${template.replace(/~/g, '~0').replace(/\//g, '~1')}/${method.toLowerCase()}/requestBody/content/application~1json/schema`;
  const validate = compiled.get(pointer) ?? ajv.compile({ $ref: pointer.replace(/\{/g, '%7B').replace(/\}/g, '%7D') });
  compiled.set(pointer, validate);
  if (!validate(body))
    for (const { instancePath, message = '' } of validate.errors ?? [])
      (isNull(body, instancePath) ? found.undeclared : found.faults).push(`${instancePath} ${message}`);
  const keys = closed[name];
  if (keys !== undefined) checkKeys('', body, keys, found);
  if (name !== 'put /api/dashboard/{id}') return;
  for (const [list, known] of [
    ['dashcards', dashcard],
    ['tabs', tab],
  ] as const)
    for (const item of asArray((body as Record<string, unknown>)[list])) checkKeys(`/${list}`, item, known, found);
  for (const item of asArray((body as Record<string, unknown>).dashcards))
    for (const mapping of asArray((item as Record<string, unknown>).parameter_mappings))
      checkKeys(
        '/dashcards/parameter_mappings',
        mapping,
        { keys: ['parameter_id', 'card_id', 'target'], required: ['parameter_id', 'target'] },
        found,
      );
}

/**
 * The document declares no optional value as nullable, though older clients send null for "none" and are served: that is
 * passed over where other undeclared things are.
 */
function isNull(body: unknown, instancePath: string): boolean {
  const name = instancePath.slice(1);
  return typeof body === 'object' && body !== null && (body as Record<string, unknown>)[name] === null;
}

function checkKeys(
  at: string,
  value: unknown,
  { keys, required }: { keys: readonly string[]; required: readonly string[] },
  { faults, undeclared }: Findings,
): void {
  if (typeof value !== 'object' || value === null) {
    faults.push(`${at} is no object`);
    return;
  }
  undeclared.push(
    ...Object.keys(value)
      .filter((key) => !keys.includes(key))
      .map((key) => `${at}/${key} is not declared`),
  );
  faults.push(...required.filter((key) => !(key in value)).map((key) => `${at}/${key} is missing`));
}

/** A body's top level without the keys that the call does not declare. */
export function declaredBody(operation: string, body: Record<string, unknown>): Record<string, unknown> {
  const keys = closed[operation]?.keys;
  return keys === undefined ? body : Object.fromEntries(Object.entries(body).filter(([key]) => keys.includes(key)));
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
