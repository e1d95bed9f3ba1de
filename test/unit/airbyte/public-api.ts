/**
 * The part of Airbyte's public API (v1, openapi 3.1.0) that `ewallet-airbyte` uses: paths, required and allowed keys, types
 * and enumerations, read from api_documentation_{workspaces,source_definitions,destination_definitions,sources,
 * destinations,streams,connections,jobs,applications}.yaml of Airbyte's platform, August 2026. Facts only.
 */
export interface ObjectShape {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Shape>>;
}
export type Shape =
  | { readonly type: 'string'; readonly format?: 'uuid' | 'uri'; readonly oneOf?: readonly string[] }
  | { readonly type: 'object'; readonly shape?: ObjectShape }
  | { readonly type: 'array'; readonly items: Shape };

const text = { type: 'string' } as const;
const uuid = { type: 'string', format: 'uuid' } as const;
const anyObject = { type: 'object' } as const;
const path = { type: 'array', items: text } as const;

export const syncModes = [
  'full_refresh_overwrite',
  'full_refresh_overwrite_deduped',
  'full_refresh_append',
  'full_refresh_update',
  'full_refresh_soft_delete',
  'incremental_append',
  'incremental_deduped_history',
  'incremental_update',
  'incremental_soft_delete',
] as const;

const createDefinition: ObjectShape = {
  required: ['name', 'dockerRepository', 'dockerImageTag'],
  properties: {
    name: text,
    dockerRepository: text,
    dockerImageTag: text,
    documentationUrl: { type: 'string', format: 'uri' },
  },
};
const updateDefinition: ObjectShape = {
  required: ['name', 'dockerImageTag'],
  properties: { name: text, dockerImageTag: text },
};
const createActor: ObjectShape = {
  required: ['name', 'workspaceId', 'configuration'],
  properties: {
    name: text,
    definitionId: uuid,
    workspaceId: uuid,
    configuration: anyObject,
    secretId: text,
    resourceAllocation: anyObject,
  },
};
const putActor: ObjectShape = {
  required: ['name', 'configuration'],
  properties: { name: text, configuration: anyObject, resourceAllocation: anyObject },
};
const connectionProperties: Readonly<Record<string, Shape>> = {
  name: text,
  configurations: {
    type: 'object',
    shape: {
      required: [],
      properties: {
        streams: {
          type: 'array',
          items: {
            type: 'object',
            shape: {
              required: ['name'],
              properties: {
                name: text,
                namespace: text,
                syncMode: { type: 'string', oneOf: syncModes },
                cursorField: path,
                primaryKey: { type: 'array', items: path },
                destinationObjectName: text,
                selectedFields: { type: 'array', items: anyObject },
                mappers: { type: 'array', items: anyObject },
              },
            },
          },
        },
      },
    },
  },
  schedule: {
    type: 'object',
    shape: {
      required: ['scheduleType'],
      properties: { scheduleType: { type: 'string', oneOf: ['manual', 'cron'] }, cronExpression: text },
    },
  },
  dataResidency: text,
  namespaceDefinition: { type: 'string', oneOf: ['source', 'destination', 'custom_format'] },
  namespaceFormat: text,
  prefix: text,
  nonBreakingSchemaUpdatesBehavior: {
    type: 'string',
    oneOf: ['ignore', 'disable_connection', 'propagate_columns', 'propagate_fully'],
  },
  status: { type: 'string', oneOf: ['active', 'inactive', 'deprecated', 'locked'] },
  tags: { type: 'array', items: anyObject },
};

export interface Operation {
  readonly method: string;
  /** With `{name}` where the path has a parameter. */
  readonly path: string;
  readonly query?: readonly string[];
  readonly requiredQuery?: readonly string[];
  readonly body?: ObjectShape;
}

const page = ['workspaceIds', 'includeDeleted', 'limit', 'offset'] as const;

export const operations: readonly Operation[] = [
  {
    method: 'POST',
    path: '/applications/token',
    body: {
      required: ['client_id', 'client_secret', 'grant_type'],
      properties: {
        client_id: text,
        client_secret: text,
        grant_type: { type: 'string', oneOf: ['client_credentials'] },
        'grant-type': { type: 'string', oneOf: ['client_credentials'] },
      },
    },
  },
  { method: 'GET', path: '/workspaces', query: page },
  { method: 'GET', path: '/workspaces/{workspaceId}/definitions/sources' },
  { method: 'POST', path: '/workspaces/{workspaceId}/definitions/sources', body: createDefinition },
  { method: 'PUT', path: '/workspaces/{workspaceId}/definitions/sources/{definitionId}', body: updateDefinition },
  { method: 'GET', path: '/workspaces/{workspaceId}/definitions/destinations' },
  { method: 'POST', path: '/workspaces/{workspaceId}/definitions/destinations', body: createDefinition },
  { method: 'PUT', path: '/workspaces/{workspaceId}/definitions/destinations/{definitionId}', body: updateDefinition },
  { method: 'GET', path: '/sources', query: page },
  { method: 'POST', path: '/sources', body: createActor },
  { method: 'PUT', path: '/sources/{sourceId}', body: putActor },
  { method: 'GET', path: '/destinations', query: page },
  { method: 'POST', path: '/destinations', body: createActor },
  { method: 'PUT', path: '/destinations/{destinationId}', body: putActor },
  {
    method: 'GET',
    path: '/streams',
    query: ['sourceId', 'destinationId', 'ignoreCache'],
    requiredQuery: ['sourceId'],
  },
  { method: 'GET', path: '/connections', query: [...page, 'tagIds'] },
  {
    method: 'POST',
    path: '/connections',
    body: {
      required: ['sourceId', 'destinationId'],
      properties: { ...connectionProperties, sourceId: uuid, destinationId: uuid },
    },
  },
  { method: 'PATCH', path: '/connections/{connectionId}', body: { required: [], properties: connectionProperties } },
  {
    method: 'POST',
    path: '/jobs',
    body: {
      required: ['jobType', 'connectionId'],
      properties: { connectionId: uuid, jobType: { type: 'string', oneOf: ['sync', 'reset', 'refresh', 'clear'] } },
    },
  },
];

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What is wrong with a value, each with its path; none when it has the shape. */
export function violations(value: unknown, shape: Shape, at = 'body'): readonly string[] {
  switch (shape.type) {
    case 'string': {
      if (typeof value !== 'string') return [`${at} is not a string`];
      if (shape.oneOf !== undefined && !shape.oneOf.includes(value))
        return [`${at} is not one of ${shape.oneOf.join()}`];
      if (shape.format === 'uuid' && !uuidForm.test(value)) return [`${at} is not a uuid`];
      if (shape.format === 'uri' && !URL.canParse(value)) return [`${at} is not a uri`];
      return [];
    }
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item: unknown, index) => violations(item, shape.items, `${at}[${index}]`))
        : [`${at} is not an array`];
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is not an object`];
      const { shape: expected } = shape;
      if (expected === undefined) return [];
      const fields = value as Record<string, unknown>;
      return [
        ...expected.required.filter((key) => fields[key] === undefined).map((key) => `${at}.${key} is missing`),
        ...Object.entries(fields).flatMap(([key, item]) => {
          const known = expected.properties[key];
          return known === undefined ? [`${at}.${key} is not declared`] : violations(item, known, `${at}.${key}`);
        }),
      ];
    }
    default:
      return shape satisfies never;
  }
}

/** The declared operation of a request, with its path parameters; undefined when the API has none such. */
export function findOperation(
  method: string,
  path: string,
): { readonly operation: Operation; readonly parameters: readonly string[] } | undefined {
  for (const operation of operations) {
    const pattern = new RegExp(`^${operation.path.replace(/\{\w+\}/g, '([^/]+)')}$`);
    const match = pattern.exec(path);
    if (operation.method === method && match !== null) return { operation, parameters: match.slice(1) };
  }
  return undefined;
}
