import { Failure } from '@ewallet/failure';
import { isObject, type JsonObject } from '../content/json';
import { asNumber, asObject, asRows, asText } from './answer';
import type { Http } from './http';
import { supportedVersion, type Version } from './version';

/** How a person or a machine shows who it is. */
export type Credentials =
  | { readonly kind: 'apiKey'; readonly key: string }
  | { readonly kind: 'user'; readonly user: string; readonly password: string };

/** Metabase's API as far as this tool uses it; bodies and answers are the API's own. */
export class Metabase {
  private constructor(
    private readonly http: Http,
    readonly version: Version,
  ) {}

  /** Probes the version and signs in. */
  static async open(http: Http, credentials: Credentials): Promise<Metabase> {
    const version = supportedVersion(await versionTag(http));
    return new Metabase(await signedIn(http, credentials), version);
  }

  get(path: string, doing: string): Promise<unknown> {
    return this.http.call({ method: 'GET', path, doing });
  }

  async collections(archived: boolean): Promise<readonly JsonObject[]> {
    return asRows(await this.get(`/api/collection/?archived=${archived}`, 'Reading the collections'), 'collections');
  }

  async cards(which: 'all' | 'archived'): Promise<readonly JsonObject[]> {
    return asRows(await this.get(`/api/card/?f=${which}`, 'Reading the questions'), 'cards');
  }

  async card(id: number, doing: string): Promise<JsonObject> {
    return asObject(await this.get(`/api/card/${id}`, doing), `card ${id}`);
  }

  /** undefined where there is no such dashboard (any more). */
  async dashboard(id: number, doing: string): Promise<JsonObject | undefined> {
    const answer = await this.http.call({ method: 'GET', path: `/api/dashboard/${id}`, doing, maybeAbsent: true });
    return answer === undefined ? undefined : asObject(answer, `dashboard ${id}`);
  }

  async itemsOf(collection: number, model: 'card' | 'dashboard'): Promise<readonly JsonObject[]> {
    const path = `/api/collection/${collection}/items?models=${model}`;
    return asRows(await this.get(path, `Reading collection ${collection}`), `collection ${collection}`);
  }

  async databases(): Promise<readonly JsonObject[]> {
    return asRows(await this.get('/api/database/', 'Reading the databases'), 'databases');
  }

  async databaseMetadata(id: number): Promise<JsonObject> {
    const path = `/api/database/${id}/metadata?include_hidden=true`;
    return asObject(await this.get(path, "Reading the database's columns"), `database ${id}`);
  }

  async create(
    kind: 'card' | 'dashboard' | 'collection' | 'database' | 'api-key',
    body: JsonObject,
    doing: string,
  ): Promise<JsonObject> {
    const secret = kind === 'database';
    return asObject(await this.http.call({ method: 'POST', path: `/api/${kind}/`, body, doing, secret }), doing);
  }

  async change(
    kind: 'card' | 'dashboard' | 'collection' | 'field',
    id: number,
    body: JsonObject,
    doing: string,
  ): Promise<JsonObject> {
    return asObject(await this.http.call({ method: 'PUT', path: `/api/${kind}/${id}`, body, doing }), doing);
  }

  async syncSchema(id: number): Promise<void> {
    const path = `/api/database/${id}/sync_schema`;
    await this.http.call({ method: 'POST', path, doing: 'Asking for a sync of the schema' });
  }
}

export async function sessionProperties(http: Http): Promise<JsonObject> {
  const call = { method: 'GET' as const, path: '/api/session/properties', doing: 'Asking for the version' };
  return asObject(await http.call(call), 'session properties');
}

async function versionTag(http: Http): Promise<unknown> {
  const { version } = await sessionProperties(http);
  return isObject(version) ? version.tag : undefined;
}

async function signedIn(http: Http, credentials: Credentials): Promise<Http> {
  switch (credentials.kind) {
    case 'apiKey':
      return http.with({ 'x-api-key': credentials.key });
    case 'user': {
      const session = asObject(
        await http.call({
          method: 'POST',
          path: '/api/session/',
          body: { username: credentials.user, password: credentials.password },
          doing: `Signing in as ${credentials.user}`,
          secret: true,
        }),
        'session',
      );
      return http.with({ 'X-Metabase-Session': asText(session.id, 'the session') });
    }
  }
}

/** The id of the database with this name. */
export async function databaseId(metabase: Metabase, name: string): Promise<number> {
  const databases = await metabase.databases();
  const found = databases.filter((database) => database.name === name);
  const [only] = found;
  if (found.length === 1 && only !== undefined) return asNumber(only.id, 'a database id');
  const names = databases.map((database) => JSON.stringify(database.name)).join(', ');
  throw Failure.config(
    found.length === 0
      ? `Metabase has no database named "${name}"; it has ${names === '' ? 'none' : names}. Name one with --database-name, or run setup.`
      : `Metabase has ${found.length} databases named "${name}"; rename one.`,
  );
}
