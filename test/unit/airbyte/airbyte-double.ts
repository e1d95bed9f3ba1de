import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findOperation, violations } from './public-api';

/**
 * A double of Airbyte's public API, not an Airbyte: it holds what is created in memory and refuses every request that the API
 * document does not declare. From the server's code it copies what a client can trip over: secrets answered as
 * asterisks, the time zone appended to a cron expression, twenty items per page unless asked, no page on definitions,
 * streams answered in another order and with added defaults, 401 once a token has expired.
 */
export class AirbyteDouble {
  readonly requests: { readonly method: string; readonly path: string; readonly body: unknown }[] = [];
  readonly refused: string[] = [];
  readonly workspaceId = randomUUID();
  workspaces = [{ workspaceId: this.workspaceId, name: 'Default', dataResidency: 'auto', notifications: {} }];
  readonly definitions: Record<'sources' | 'destinations', Item[]> = { sources: [], destinations: [] };
  readonly actors: Record<'sources' | 'destinations', Item[]> = { sources: [], destinations: [] };
  readonly connections: Item[] = [];
  streams: Item[] = [
    stream('users', { defaultCursorField: ['updated_at'] }),
    stream('transactions', { defaultCursorField: ['updated_at'] }),
    stream('daily_totals', { syncModes: ['full_refresh_overwrite', 'full_refresh_append'] }),
  ];
  /** Statuses that the next requests of a path get before it is served. */
  readonly failures: { readonly path: string; readonly status: number }[] = [];
  tokenUses = Number.POSITIVE_INFINITY;
  private token: string | undefined;
  private uses = 0;
  private readonly server: Server = createServer((request, response) => {
    this.serve(request, response).catch((error: unknown) => {
      this.refused.push(String(error));
      response.writeHead(500).end(JSON.stringify({ detail: String(error) }));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/public/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Methods of the requests that change something. */
  writes(): readonly string[] {
    return this.requests
      .filter(({ method, path }) => method !== 'GET' && path !== '/applications/token')
      .map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')}`);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const content = Buffer.concat(chunks).toString('utf8');
    const body: unknown = content === '' ? undefined : JSON.parse(content);
    const url = new URL(request.url ?? '', 'http://airbyte');
    const path = url.pathname.replace('/api/public/v1', '');
    const method = request.method ?? '';
    this.requests.push({ method, path, body });
    const { status, answer } = this.answer(method, path, url.searchParams, body, request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  private answer(
    method: string,
    path: string,
    query: URLSearchParams,
    body: unknown,
    authorization: string | undefined,
  ): { status: number; answer: unknown } {
    const failing = this.failures.findIndex((failure) => failure.path === path);
    const [failure] = failing < 0 ? [] : this.failures.splice(failing, 1);
    if (failure !== undefined) return { status: failure.status, answer: { title: 'unexpected-problem' } };
    const found = findOperation(method, path);
    const problems =
      found === undefined
        ? [`${method} ${path} is not declared`]
        : [
            ...[...query.keys()]
              .filter((key) => !(found.operation.query ?? []).includes(key))
              .map((key) => `query ${key} is not declared`),
            ...(found.operation.requiredQuery ?? [])
              .filter((key) => !query.has(key))
              .map((key) => `query ${key} is missing`),
            ...(found.operation.body === undefined
              ? []
              : violations(body, { type: 'object', shape: found.operation.body })),
          ];
    if (found === undefined || problems.length > 0) {
      this.refused.push(...problems);
      return { status: 400, answer: { detail: problems.join('; ') } };
    }
    const { operation, parameters } = found;
    if (operation.path === '/applications/token') {
      this.token = randomUUID();
      this.uses = 0;
      return { status: 200, answer: { access_token: this.token, token_type: 'Bearer', expires_in: 180 } };
    }
    this.uses += 1;
    if (authorization !== `Bearer ${this.token ?? ''}` || this.uses > this.tokenUses) {
      return { status: 401, answer: { title: 'unauthorized' } };
    }
    return this.carryOut(operation.method, operation.path, parameters, query, (body ?? {}) as Item);
  }

  private carryOut(
    method: string,
    path: string,
    parameters: readonly string[],
    query: URLSearchParams,
    body: Item,
  ): { status: number; answer: unknown } {
    const ok = (answer: unknown): { status: number; answer: unknown } => ({ status: 200, answer });
    const role = path.includes('destinations') ? 'destinations' : 'sources';
    const idKey = role === 'sources' ? 'sourceId' : 'destinationId';
    switch (`${method} ${path.replace(/\{\w+\}/g, '{id}').replace(/sources|destinations/, 'actors')}`) {
      case 'GET /workspaces':
        return ok(page(this.workspaces, query));
      case 'GET /workspaces/{id}/definitions/actors':
        return ok({ data: this.definitions[role] });
      case 'POST /workspaces/{id}/definitions/actors': {
        const definition = { id: randomUUID(), ...body };
        this.definitions[role].push(definition);
        return ok(definition);
      }
      case 'PUT /workspaces/{id}/definitions/actors/{id}': {
        const definition = this.definitions[role].find(({ id }) => id === parameters[1]);
        return definition === undefined ? notFound : ok(Object.assign(definition, body));
      }
      case 'GET /actors':
        return ok(page(this.actors[role].map(masked), query));
      case 'POST /actors': {
        const actor: Item = {
          [idKey]: randomUUID(),
          sourceType: 'custom',
          destinationType: 'custom',
          createdAt: 1,
          ...body,
        };
        this.actors[role].push(actor);
        return ok(masked(actor));
      }
      case 'PUT /actors/{id}': {
        const actor = this.actors[role].find((item) => item[idKey] === parameters[0]);
        return actor === undefined ? notFound : ok(masked(Object.assign(actor, body)));
      }
      case 'GET /streams':
        return ok(this.streams);
      case 'GET /connections':
        return ok(page(this.connections.map(readBack), query));
      case 'POST /connections': {
        const connection = {
          connectionId: randomUUID(),
          workspaceId: this.workspaceId,
          createdAt: 1,
          tags: [],
          ...body,
        };
        this.connections.push(connection);
        return ok(readBack(connection));
      }
      case 'PATCH /connections/{id}': {
        const connection = this.connections.find(({ connectionId }) => connectionId === parameters[0]);
        return connection === undefined ? notFound : ok(readBack(Object.assign(connection, body)));
      }
      case 'POST /jobs':
        return ok({ jobId: 7, status: 'pending', jobType: 'sync', startTime: '', connectionId: body.connectionId });
      default:
        throw new Error(`The double does not carry out ${method} ${path}.`);
    }
  }
}

export type Item = Record<string, unknown>;
const notFound = { status: 404, answer: { title: 'resource-not-found' } };

function stream(name: string, more: Item): Item {
  return {
    streamName: name,
    streamnamespace: 'public',
    syncModes: ['full_refresh_overwrite', 'full_refresh_append', 'incremental_append', 'incremental_deduped_history'],
    defaultCursorField: [],
    sourceDefinedCursorField: false,
    sourceDefinedPrimaryKey: [['id']],
    propertyFields: [['id'], ['updated_at']],
    ...more,
  };
}

function page(items: readonly unknown[], query: URLSearchParams): Item {
  const limit = Number(query.get('limit') ?? 20);
  const offset = Number(query.get('offset') ?? 0);
  return { data: items.slice(offset, offset + limit) };
}

function masked(actor: Item): Item {
  const configuration = Object.fromEntries(
    Object.entries(actor.configuration as Item).map(([key, value]) => [key, key === 'password' ? '**********' : value]),
  );
  return { ...actor, configuration };
}

function readBack(connection: Item): Item {
  const schedule = connection.schedule as { scheduleType: string; cronExpression?: string };
  const { streams } = connection.configurations as { streams: Item[] };
  return {
    ...connection,
    schedule: {
      ...schedule,
      ...(schedule.cronExpression === undefined ? {} : { cronExpression: `${schedule.cronExpression} UTC` }),
    },
    configurations: {
      streams: streams
        .toReversed()
        .map((item) => ({ primaryKey: [['id']], mappers: [], includeFiles: false, ...item })),
    },
  };
}
