import { Failure, jsonFault, readText } from '@ewallet/failure';
import { parseConnectionUrl, type ConnectionConfig } from '@ewallet/postgres';

/** How a command line names the database that has the wallet's tables. */
export interface DatabaseFlags {
  readonly config?: string;
  readonly urlEnv?: string;
}

/**
 * The warehouse, or the e-wallet itself: by an environment variable that holds its URL, or by a JSON file with
 * `connection.url` (the sink's own configuration does; `${env:NAME}` in it is replaced).
 *
 * No ConfigReader is used: of the sink's file one key is read, and the others are the sink's to check.
 *
 * @throws Failure that names the variable, file or key, never a secret
 */
export async function databaseOf(
  flags: DatabaseFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ConnectionConfig> {
  if (flags.urlEnv !== undefined) return parseConnectionUrl(variable(environment, flags.urlEnv));
  if (flags.config === undefined) {
    throw Failure.config('Name the database: --url-env NAME (a variable that holds its URL) or --config FILE.');
  }
  const url = urlIn(await contentOf(flags.config), flags.config);
  return parseConnectionUrl(url.replace(/\$\{env:([^}]+)\}/g, (_, name: string) => variable(environment, name)));
}

function variable(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') {
    throw Failure.config(
      `The environment has no variable ${name}: set it to postgresql://user:password@host/database.`,
    );
  }
  return value;
}

async function contentOf(file: string): Promise<unknown> {
  const text = await readText(file, 'configuration');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw Failure.config(`The configuration ${file} is not JSON (${jsonFault(text)}).`); // the parser's own words could quote a secret
  }
}

function urlIn(content: unknown, file: string): string {
  if (typeof content === 'object' && content !== null) {
    const { warehouse, ...own } = content as { warehouse?: unknown; 'connection.url'?: unknown };
    const url = own['connection.url'];
    if (typeof url === 'string') return url;
    if (warehouse !== undefined) return urlIn(warehouse, file);
  }
  throw Failure.config(`\`connection.url\` is missing in ${file}: postgresql://user:password@host/database.`);
}
