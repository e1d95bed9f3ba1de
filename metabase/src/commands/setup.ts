import { setTimeout as sleep } from 'node:timers/promises';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { count, Failure } from '@ewallet/failure';
import type { ConnectionConfig } from '@ewallet/postgres';
import { asNumber, asRows, asText, optionalText } from '../api/answer';
import type { Http } from '../api/http';
import { Metabase, sessionProperties, type Credentials } from '../api/metabase';
import { supportedVersion } from '../api/version';
import { isObject, type JsonObject } from '../content/json';
import { columnText, type ColumnName } from '../content/question';
import { readSoundContent } from '../content/read';
import { referenceFaults } from '../content/references';
import { fieldChanges, factsOfManifest, type FieldFacts } from '../sync/field-facts';
import { Columns } from '../sync/registry';

export interface SetupRequest {
  readonly http: Http;
  readonly siteName: string;
  /** Of the first administrator; also how to sign in where Metabase is set up already. */
  readonly admin: { readonly email: string; readonly password: string } | undefined;
  readonly existing: Credentials | undefined;
  readonly databaseName: string;
  readonly warehouse: ConnectionConfig | undefined;
  readonly apiKeyFile: string | undefined;
  readonly content: string;
  readonly manifest: string | undefined;
  readonly syncTimeout: number;
  readonly pollEvery: number;
  readonly say: (line: string) => void;
}

/**
 * Takes a Metabase from nothing to where apply works: administrator, API key (written to a file, never shown), the
 * warehouse, its columns synced, keys and types of columns from dbt. Each step is skipped where it is done already.
 */
export async function setup(request: SetupRequest): Promise<void> {
  await ready(request);
  const properties = await sessionProperties(request.http);
  const version = supportedVersion(isObject(properties.version) ? properties.version.tag : undefined);
  request.say(`Metabase ${version.tag}`);
  await firstAdministrator(request, properties);
  const metabase = await Metabase.open(request.http, credentials(request));
  if (request.apiKeyFile !== undefined) await apiKey(metabase, request.apiKeyFile, request.say);
  const database = await warehouseConnection(metabase, request);
  const columns = await synced(metabase, database, request);
  await describeFields(metabase, database, columns, request);
}

async function ready({ http, syncTimeout, pollEvery, say }: SetupRequest): Promise<void> {
  const call = { method: 'GET' as const, path: '/api/health', doing: 'Waiting for Metabase' };
  for (let waited = 0; ; waited += pollEvery) {
    const answer = await http.call(call).catch((error: unknown) => error);
    if (isObject(answer) && answer.status === 'ok') return;
    if (waited >= syncTimeout)
      throw Failure.transient(`Metabase was not ready within ${syncTimeout / 1000} s.`, { cause: answer });
    if (waited === 0) say('Waiting for Metabase to start …');
    await sleep(pollEvery);
  }
}

async function firstAdministrator(request: SetupRequest, properties: JsonObject): Promise<void> {
  const token = optionalText(properties['setup-token']);
  if (properties['has-user-setup'] === true || token === undefined) return;
  if (request.admin === undefined)
    throw Failure.config('This Metabase has no administrator yet: give one with METABASE_USER and METABASE_PASSWORD.');
  await request.http.call({
    method: 'POST',
    path: '/api/setup/',
    body: {
      token,
      user: {
        email: request.admin.email,
        password: request.admin.password,
        first_name: 'Metabase',
        last_name: 'Administrator',
      },
      prefs: { site_name: request.siteName },
    },
    doing: 'Making the first administrator',
    secret: true,
  });
  request.say(`made administrator ${request.admin.email}`);
}

function credentials({ existing, admin }: SetupRequest): Credentials {
  if (existing !== undefined) return existing;
  if (admin !== undefined) return { kind: 'user', user: admin.email, password: admin.password };
  throw Failure.config('No way to sign in: set METABASE_API_KEY, or METABASE_USER and METABASE_PASSWORD.');
}

/** Metabase's group of administrators. */
const ADMINISTRATORS = 2;

async function apiKey(metabase: Metabase, file: string, say: (line: string) => void): Promise<void> {
  const name = 'ewallet-dashboards';
  const keys = asRows(await metabase.get('/api/api-key/', 'Reading the API keys'), 'API keys');
  const there = await readFile(file, 'utf8').catch(() => undefined);
  if (keys.some((key) => key.name === name) && there !== undefined) return;
  if (keys.some((key) => key.name === name))
    throw Failure.config(
      `The API key "${name}" is there, but not in ${file}, and Metabase shows it only once: delete the key in Metabase, or put it into the file.`,
    );
  // The file first: a key that could not be written down would be lost.
  await writeFile(file, '', { mode: 0o600 });
  await chmod(file, 0o600);
  const made = await metabase.create('api-key', { name, group_id: ADMINISTRATORS }, 'Making the API key');
  await writeFile(file, `${asText(made.unmasked_key, 'the new API key')}\n`, { mode: 0o600 });
  say(`made API key "${name}", written to ${file}`);
}

async function warehouseConnection(metabase: Metabase, request: SetupRequest): Promise<number> {
  const there = (await metabase.databases()).find((database) => database.name === request.databaseName);
  if (there !== undefined) return asNumber(there.id, 'the id of the database');
  if (request.warehouse === undefined)
    throw Failure.config(
      `Metabase has no database named "${request.databaseName}" yet: give the warehouse with --warehouse postgresql://… .`,
    );
  const { host, port, database, username, password, ssl } = request.warehouse;
  const made = await metabase.create(
    'database',
    {
      name: request.databaseName,
      engine: 'postgres',
      details: {
        host,
        port,
        dbname: database,
        user: username,
        ...(password === undefined ? {} : { password }),
        ssl: ssl.mode !== 'disable',
        ...(ssl.mode === 'disable'
          ? {}
          : { 'ssl-mode': ssl.mode === 'verify-ca' || ssl.mode === 'verify-full' ? ssl.mode : 'require' }),
        'schema-filters-type': 'inclusion',
        'schema-filters-patterns': 'marts',
      },
    },
    `Connecting Metabase to ${host}:${port}/${database}`,
  );
  request.say(`made database "${request.databaseName}"`);
  return asNumber(made.id, 'the id of the database');
}

/** Asks for a sync, which answers at once, and waits until every column that a filter needs is there. */
async function synced(metabase: Metabase, database: number, request: SetupRequest): Promise<Columns> {
  const content = await readSoundContent(request.content, referenceFaults);
  const needed = new Map<string, ColumnName>();
  for (const question of content.questions.values())
    for (const tag of Object.values(question.tags ?? {}))
      if (tag.kind === 'field') needed.set(columnText(tag.column), tag.column);
  const missing = (columns: Columns): string[] =>
    [...needed].filter(([, column]) => columns.id(column) === undefined).map(([name]) => name);
  let columns = new Columns(database, await metabase.databaseMetadata(database));
  if (missing(columns).length === 0) return columns;
  await metabase.syncSchema(database);
  request.say('Waiting for Metabase to read the schema …');
  for (let waited = 0; ; waited += request.pollEvery) {
    columns = new Columns(database, await metabase.databaseMetadata(database));
    const absent = missing(columns);
    if (absent.length === 0) return columns;
    if (waited >= request.syncTimeout)
      throw Failure.transient(
        `After ${request.syncTimeout / 1000} s Metabase still does not know ${count(absent.length, 'column')}: ${absent.slice(0, 10).join(', ')}${absent.length > 10 ? ', …' : ''}. Are the marts built, and may the role read them?`,
      );
    await sleep(request.pollEvery);
  }
}

async function describeFields(
  metabase: Metabase,
  database: number,
  columns: Columns,
  request: SetupRequest,
): Promise<void> {
  if (request.manifest === undefined) return;
  const facts: FieldFacts[] = factsOfManifest(JSON.parse(await readFile(request.manifest, 'utf8')));
  const changes = fieldChanges(facts, columns, await metabase.databaseMetadata(database));
  for (const { id, column, body } of changes) await metabase.change('field', id, body, `Column ${columnText(column)}`);
  request.say(changes.length === 0 ? 'Columns are described already.' : `described ${count(changes.length, 'column')}`);
}
