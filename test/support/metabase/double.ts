import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkRequest, declaredBody } from './contract';
import { readBack, readFormOf, type NativeQuery } from './read-form';

type Row = Record<string, unknown> & { id: number };

export interface DoubleOptions {
  readonly version: string;
  /** The warehouse's columns as the sync will find them: `schema.table.column`. */
  readonly columns: readonly string[];
  /** Metadata requests after a sync was asked for that still show nothing. */
  readonly syncTakes?: number;
  /** A dashboard's first filter is dropped when it comes together with the cards. */
  readonly prunes?: boolean;
  /** Already set up: a user, an API key and the warehouse are there. */
  readonly fresh?: boolean;
  /** Undeclared keys are passed over and noted, as releases before v63 do; without it they are refused. */
  readonly passesOver?: boolean;
}

/**
 * Metabase as far as its API contract and the notes on its behaviour say, for tests: it refuses every request that the
 * contract does not declare, and remembers each as a fault that a test can look for.
 */
export class MetabaseDouble {
  readonly user = { email: 'admin@example.test', password: 'correct horse 7 battery' };
  readonly apiKey = 'mb_test_key';
  readonly requests: string[] = [];
  readonly faults: string[] = [];
  /** What nothing declares and was passed over, each once. */
  readonly passedOver = new Set<string>();
  readonly cards = new Map<number, Row>();
  readonly dashboards = new Map<number, Row>();
  readonly collections = new Map<number, Row>();
  readonly databases = new Map<number, Row>();
  readonly fieldWrites: string[] = [];
  readonly tableWrites: string[] = [];
  /** Requests that are still answered; after them every connection breaks. */
  answersLeft = Number.POSITIVE_INFINITY;
  /** Statuses to give to the next requests instead of an answer. */
  readonly upsets: number[] = [];
  private readonly server: Server;
  private readonly sessions = new Set<string>();
  private readonly keys = new Map<string, string>();
  private readonly tables = new Map<number, Row>();
  private readonly fields = new Map<number, Row>();
  private setupToken: string | undefined;
  private next = 0;
  private syncsLeft: number | undefined;

  private constructor(private readonly options: DoubleOptions) {
    this.server = createServer((request, response) => void this.serve(request, response));
    if (options.fresh === true) this.setupToken = randomUUID();
    else {
      this.keys.set(this.apiKey, 'test');
      this.addDatabase({ name: 'E-wallet warehouse', engine: 'postgres', details: {} });
      this.syncsLeft = 0;
    }
  }

  static async start(options: DoubleOptions): Promise<MetabaseDouble> {
    const double = new MetabaseDouble(options);
    await new Promise<void>((resolve) => double.server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get writes(): string[] {
    return this.requests.filter(
      (request) => /^(POST|PUT|DELETE) /.test(request) && !request.startsWith('POST /api/session'),
    );
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A person's edit in Metabase's own pages. */
  card(name: string): Row {
    return only([...this.cards.values()], name);
  }

  dashboard(name: string): Row {
    return only([...this.dashboards.values()], name);
  }

  /** What each column is said to be, by name: description, and the column that it points to. */
  columnFacts(): Record<string, { readonly description: unknown; readonly references: string | null }> {
    const nameOf = (field: Row): string => {
      const table = found(this.tables, Number(field.table_id));
      return `${String(table.schema)}.${String(table.name)}.${String(field.name)}`;
    };
    return Object.fromEntries(
      [...this.fields.values()].map((field) => {
        const target = this.fields.get(Number(field.fk_target_field_id));
        return [
          nameOf(field),
          { description: field.description, references: target === undefined ? null : nameOf(target) },
        ];
      }),
    );
  }

  /** Every number that people may have linked to. */
  ids(): object {
    return {
      cards: [...this.cards.values()].map((card) => [card.name, card.id, card.entity_id]),
      dashboards: [...this.dashboards.values()].map((dashboard) => [
        dashboard.name,
        dashboard.id,
        (dashboard.tabs as Row[]).map((tab) => tab.id),
        (dashboard.dashcards as Row[]).map((card) => card.id),
        (dashboard.parameters as Row[]).map((one) => one.id),
      ]),
      collections: [...this.collections.values()].map((collection) => [collection.name, collection.id]),
    };
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://double');
    const method = request.method ?? 'GET';
    if (this.answersLeft <= 0) return void request.socket.destroy();
    this.answersLeft -= 1;
    const upset = this.upsets.shift();
    if (upset !== undefined) return void response.writeHead(upset).end('busy');
    this.requests.push(`${method} ${url.pathname}${url.search}`);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const matched = checkRequest(method, url, body);
    if (matched === undefined) {
      this.refuse(response, 404, `${method} ${url.pathname} is not in the contract`, true);
      return;
    }
    const passesOver = this.options.passesOver === true;
    if (passesOver) for (const one of matched.undeclared) this.passedOver.add(`${matched.operation}: ${one}`);
    const faults = passesOver ? matched.faults : [...matched.undeclared, ...matched.faults];
    if (faults.length > 0) {
      this.refuse(response, 400, `${method} ${url.pathname}: ${faults.join('; ')}`, true);
      return;
    }
    if (!this.allowed(matched.operation, request)) return void response.writeHead(401).end('Unauthenticated');
    try {
      const content = declaredBody(matched.operation, (body ?? {}) as Record<string, unknown>);
      const answer = this.answer(matched.operation, matched.ids, url, content);
      response.writeHead(answer === undefined ? 204 : 200, { 'content-type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    } catch (error) {
      if (error instanceof Refused) this.refuse(response, error.status, error.message, error.status === 400);
      else {
        this.faults.push(String(error));
        response.writeHead(500).end('the double failed');
      }
    }
  }

  private refuse(response: ServerResponse, status: number, message: string, fault: boolean): void {
    if (fault) this.faults.push(message);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: { request: message } }));
  }

  private allowed(operation: string, request: IncomingMessage): boolean {
    if (
      ['get /api/health', 'get /api/session/properties', 'post /api/session/', 'post /api/setup/'].includes(operation)
    )
      return true;
    const session = request.headers['x-metabase-session'];
    const key = request.headers['x-api-key'];
    return (
      (typeof session === 'string' && this.sessions.has(session)) || (typeof key === 'string' && this.keys.has(key))
    );
  }

  private answer(
    operation: string,
    ids: Readonly<Record<string, string>>,
    url: URL,
    body: Record<string, unknown>,
  ): unknown {
    const id = Number(ids.id);
    switch (operation) {
      case 'get /api/health':
        return { status: 'ok' };
      case 'get /api/session/properties':
        return {
          version: { tag: this.options.version },
          'has-user-setup': this.setupToken === undefined,
          ...(this.setupToken === undefined ? {} : { 'setup-token': this.setupToken }),
        };
      case 'post /api/setup/': {
        if (body.token !== this.setupToken) throw new Refused(403, 'wrong token');
        this.setupToken = undefined;
        Object.assign(this.user, {
          email: (body.user as Row).email,
          password: (body.user as Row).password,
        });
        return { id: this.session() };
      }
      case 'post /api/session/':
        if (this.setupToken !== undefined || body.username !== this.user.email || body.password !== this.user.password)
          throw new Refused(401, 'did not match stored password');
        return { id: this.session() };
      case 'get /api/user/current':
        return { id: 1, email: this.user.email, is_superuser: true };
      case 'get /api/api-key/':
        return [...this.keys.values()].map((name, index) => ({ id: index + 1, name }));
      case 'post /api/api-key/': {
        const key = `mb_${randomUUID()}`;
        this.keys.set(key, String(body.name));
        return { id: this.keys.size, name: body.name, unmasked_key: key };
      }
      case 'get /api/database/':
        return { data: [...this.databases.values()], total: this.databases.size };
      case 'get /api/database/{id}':
        return found(this.databases, id);
      case 'post /api/database/':
        return this.addDatabase(body);
      case 'post /api/database/{id}/sync_schema':
        found(this.databases, id);
        this.syncsLeft = this.options.syncTakes ?? 0;
        return { status: 'ok' };
      case 'get /api/database/{id}/metadata':
        return this.metadata(id);
      case 'get /api/field/{id}':
        return found(this.fields, id);
      case 'put /api/table/{id}': {
        const table = found(this.tables, id);
        this.tableWrites.push(`${String(table.name)} ${Object.keys(body).sort().join(',')}`);
        return Object.assign(table, body);
      }
      case 'put /api/field/{id}': {
        const field = found(this.fields, id);
        this.fieldWrites.push(`${String(field.name)} ${Object.keys(body).sort().join(',')}`);
        return Object.assign(field, body);
      }
      case 'get /api/collection/':
        return [
          { id: 'root', name: 'Our analytics' },
          ...[...this.collections.values()]
            .filter((one) => (one.archived === true) === (url.searchParams.get('archived') === 'true'))
            .map(withoutParent),
        ];
      case 'get /api/collection/tree':
        return this.tree(null);
      case 'get /api/collection/root/items':
        return { data: this.items(null, url), total: 0 };
      case 'get /api/collection/{id}':
        return found(this.collections, id);
      case 'get /api/collection/{id}/items':
        found(this.collections, id);
        return { data: this.items(id, url), total: 0 };
      case 'post /api/collection/':
        return this.add(this.collections, {
          description: null,
          parent_id: null,
          archived: false,
          ...body,
          location: this.location(body.parent_id),
        });
      case 'put /api/collection/{id}':
        return Object.assign(found(this.collections, id), body);
      case 'get /api/card/': {
        const archived = url.searchParams.get('f') === 'archived';
        return [...this.cards.values()]
          .filter((card) => (card.archived === true) === archived)
          .map((card) => this.cardBack(card));
      }
      case 'get /api/card/{id}':
        return this.cardBack(found(this.cards, id));
      case 'post /api/card/':
        return this.addCard(body);
      case 'put /api/card/{id}': {
        const card = found(this.cards, id);
        if ('dataset_query' in body) this.checkQuery(body.dataset_query);
        return this.cardBack(Object.assign(card, body));
      }
      case 'get /api/dashboard/': {
        const archived = url.searchParams.get('f') === 'archived';
        return [...this.dashboards.values()].filter((one) => (one.archived === true) === archived);
      }
      case 'get /api/dashboard/{id}':
        return this.dashboardBack(found(this.dashboards, id));
      case 'post /api/dashboard/':
        return this.add(this.dashboards, {
          description: null,
          parameters: [],
          archived: false,
          width: 'fixed',
          auto_apply_filters: true,
          collection_id: null,
          collection_position: null,
          tabs: [],
          dashcards: [],
          ...body,
        });
      case 'put /api/dashboard/{id}':
        return this.changeDashboard(found(this.dashboards, id), body);
      case 'delete /api/dashboard/{id}':
        found(this.dashboards, id);
        this.dashboards.delete(id);
        return undefined;
      case 'get /api/search/': {
        const rows = [
          ...[...this.cards.values()].map((card) => ({ ...this.cardBack(card), model: 'card' })),
          ...[...this.dashboards.values()].map((one) => ({ ...one, model: 'dashboard' })),
          ...[...this.collections.values()].map((one) => ({ ...one, model: 'collection' })),
          ...[...this.databases.values()].map((one) => ({ ...one, model: 'database' })),
        ] as Row[];
        const models = url.searchParams.getAll('models');
        const text = (url.searchParams.get('q') ?? '').toLowerCase();
        const data = rows.filter(
          (row) =>
            (models.length === 0 || models.includes(String(row.model))) &&
            String(row.name).toLowerCase().includes(text),
        );
        return { data, total: data.length };
      }
      case 'post /api/dataset/':
        this.checkQuery(body);
        return { data: { rows: [['1']], cols: [{ name: 'one' }] }, status: 'completed' };
      case 'post /api/card/{card-id}/query':
        found(this.cards, Number(ids['card-id']));
        return { data: { rows: [['1']], cols: [{ name: 'one' }] }, status: 'completed' };
      default:
        throw new Refused(404, `${operation} is declared, but the double does not answer it`);
    }
  }

  private session(): string {
    const id = randomUUID();
    this.sessions.add(id);
    return id;
  }

  private add(into: Map<number, Row>, row: Record<string, unknown>): Row {
    this.next += 1;
    const made = { ...row, id: this.next } as Row;
    into.set(made.id, made);
    return made;
  }

  private addDatabase(body: Record<string, unknown>): Row {
    const database = this.add(this.databases, body);
    const tables = new Map<string, Row>();
    for (const column of this.options.columns) {
      const [schema, table, name] = column.split('.');
      const known = tables.get(`${schema}.${table}`);
      const owner =
        known ??
        this.add(this.tables, {
          schema,
          name: table,
          display_name: table,
          description: null,
          points_of_interest: null,
          caveats: null,
          visibility_type: null,
          db_id: database.id,
          active: true,
        });
      tables.set(`${schema}.${table}`, owner);
      this.add(this.fields, {
        name,
        display_name: name,
        base_type: 'type/Text',
        description: null,
        semantic_type: null,
        fk_target_field_id: null,
        table_id: owner.id,
        active: true,
      });
    }
    return database;
  }

  private metadata(id: number): object {
    const database = found(this.databases, id);
    const waiting = this.syncsLeft === undefined || this.syncsLeft > 0;
    if (this.syncsLeft !== undefined && this.syncsLeft > 0) this.syncsLeft -= 1;
    const tables = waiting ? [] : [...this.tables.values()].filter((table) => table.db_id === id);
    const fields = [...this.fields.values()];
    return {
      id: database.id,
      name: database.name,
      engine: 'postgres',
      features: [],
      tables: tables.map((table) => ({ ...table, fields: fields.filter((field) => field.table_id === table.id) })),
    };
  }

  private addCard(body: Record<string, unknown>): Row {
    this.checkQuery(body.dataset_query);
    const entity = body.entity_id ?? randomUUID().replace(/-/g, '').slice(0, 21);
    if (typeof entity !== 'string' || !/^[A-Za-z0-9_-]{21}$/.test(entity))
      throw new Refused(400, 'entity_id must be a NanoID of 21 characters');
    if ([...this.cards.values()].some((card) => card.entity_id === entity))
      throw new Refused(400, `entity_id ${entity} is taken`);
    if (body.collection_id !== undefined && body.collection_id !== null)
      found(this.collections, Number(body.collection_id));
    return this.cardBack(
      this.add(this.cards, { description: null, archived: false, parameters: [], ...body, entity_id: entity }),
    );
  }

  private checkQuery(value: unknown): void {
    const query = value as Partial<NativeQuery> & { stages?: unknown };
    if ('stages' in query && 'native' in query) throw new Refused(400, 'two forms of query in one body');
    if (query.type !== 'native' || query.native === undefined || query.native.query.trim() === '')
      throw new Refused(400, 'the query is empty');
    found(this.databases, Number(query.database));
    for (const tag of Object.values(query.native['template-tags'] ?? {})) {
      if (tag.dimension === undefined) continue;
      const field = this.fields.get(Number(tag.dimension[1]));
      if (this.tables.get(Number(field?.table_id))?.db_id !== query.database)
        throw new Refused(400, `tag ${tag.name}: its field is of another database`);
    }
  }

  private cardBack(card: Row): Row {
    return {
      ...card,
      dataset_query: readBack(
        card.dataset_query as NativeQuery,
        readFormOf(Number(/\.(\d+)/.exec(this.options.version)?.[1])),
      ),
    };
  }

  private dashboardBack(dashboard: Row): Row {
    const dashcards = (dashboard.dashcards as Row[]).map((one) => {
      const card = this.cards.get(Number(one.card_id));
      return {
        ...one,
        card: card === undefined ? null : this.cardBack(card),
        created_at: '2026-01-01T00:00:00Z',
        dashboard_id: dashboard.id,
      };
    });
    return { ...dashboard, dashcards, can_write: true };
  }

  private changeDashboard(dashboard: Row, body: Record<string, unknown>): Row {
    const before = dashboard.dashcards as Row[];
    const made = new Map<number, number>();
    const { dashcards, tabs, parameters, ...plain } = body as { dashcards?: Row[]; tabs?: Row[]; parameters?: Row[] };
    const knownTabs = new Set((dashboard.tabs as Row[]).map((tab) => tab.id));
    if (tabs !== undefined)
      dashboard.tabs = tabs.map((tab, position) => {
        if (tab.id > 0 && !knownTabs.has(tab.id)) throw new Refused(400, `tab ${tab.id} does not exist`);
        if (tab.id > 0) return { ...tab, position, dashboard_id: dashboard.id };
        this.next += 1;
        made.set(tab.id, this.next);
        return { ...tab, id: this.next, position, dashboard_id: dashboard.id };
      });
    if (dashcards !== undefined) {
      const several = (dashboard.tabs as Row[]).length > 1;
      dashboard.dashcards = dashcards.map((one) => {
        const tab = one.dashboard_tab_id as number | undefined;
        if (several && typeof tab !== 'number')
          throw new Refused(400, `dashcard ${one.id} has no tab, and there are several`);
        if (Number(one.col) + Number(one.size_x) > 24)
          throw new Refused(400, `dashcard ${one.id} ends outside of the grid`);
        if (one.card_id !== undefined && one.card_id !== null) found(this.cards, Number(one.card_id));
        const known = one.id > 0 && before.some((candidate) => candidate.id === one.id);
        let id = one.id;
        if (!known) {
          this.next += 1;
          id = this.next;
        }
        // A number that is gone, without a card: an empty card, and no word of it.
        return {
          visualization_settings: {},
          parameter_mappings: [],
          series: [],
          card_id: null,
          ...one,
          id,
          dashboard_tab_id: tab === undefined ? null : (made.get(tab) ?? tab),
        };
      });
    }
    if (parameters !== undefined)
      dashboard.parameters = this.options.prunes === true && dashcards !== undefined ? parameters.slice(1) : parameters;
    Object.assign(dashboard, plain);
    return this.dashboardBack(dashboard);
  }

  private items(collection: number | null, url: URL): object[] {
    const models = url.searchParams.getAll('models');
    const archived = url.searchParams.get('archived') === 'true';
    const rows = (map: Map<number, Row>, model: string, key: string): object[] =>
      models.length > 0 && !models.includes(model)
        ? []
        : [...map.values()]
            .filter((row) => (row[key] ?? null) === collection && (row.archived === true) === archived)
            .map((row) => ({
              id: row.id,
              name: row.name,
              description: row.description,
              model,
              entity_id: row.entity_id,
            }));
    return [
      ...rows(this.dashboards, 'dashboard', 'collection_id'),
      ...rows(this.cards, 'card', 'collection_id'),
      ...rows(this.collections, 'collection', 'parent_id'),
    ];
  }

  private tree(parent: number | null): object[] {
    return [...this.collections.values()]
      .filter((one) => (one.parent_id ?? null) === parent && one.archived !== true)
      .map((one) => ({ id: one.id, name: one.name, children: this.tree(one.id) }));
  }

  private location(parent: unknown): string {
    if (typeof parent !== 'number') return '/';
    return `${String(found(this.collections, parent).location)}${parent}/`;
  }
}

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

function found(rows: Map<number, Row>, id: number): Row {
  const row = rows.get(id);
  if (row === undefined) throw new Refused(404, 'Not found.');
  return row;
}

function only(rows: Row[], name: string): Row {
  const matching = rows.filter((row) => row.name === name);
  if (matching.length !== 1 || matching[0] === undefined) throw new Error(`${matching.length} rows named ${name}`);
  return matching[0];
}

/** Lists give a collection's place as `location` only. */
function withoutParent(row: Row): object {
  return Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'parent_id'));
}
