import { Failure } from '@ewallet/failure';
import { InvalidArgumentError, type Command } from 'commander';
import { Http } from '../api/http';
import { Metabase, type Credentials } from '../api/metabase';

export interface MetabaseOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly metabaseUser?: string;
  readonly metabasePassword?: string;
  readonly databaseName: string;
  readonly retries: number;
  readonly timeout: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Adds the options that say where Metabase is and who asks. */
export function withMetabase(command: Command): Command {
  return command
    .option(
      '--url <url>',
      "Metabase's address (env METABASE_URL); a private authority's certificate: env NODE_EXTRA_CA_CERTS",
    )
    .option('--api-key <key>', 'an API key (better in env METABASE_API_KEY, which ps does not show)')
    .option('--metabase-user <email>', 'or a person (env METABASE_USER)')
    .option('--metabase-password <password>', 'and the password (better in env METABASE_PASSWORD)')
    .option('--database-name <name>', "the warehouse's name in Metabase", 'E-wallet warehouse')
    .option('--retries <number>', 'how often a call that found Metabase busy or away is repeated', wholeNumber, 5)
    .option('--timeout <seconds>', 'how long one call may take', wholeNumber, 60);
}

export function httpOf(options: MetabaseOptions, environment: Environment): Http {
  const url = options.url ?? environment.METABASE_URL;
  if (url === undefined || url === '') throw Failure.config('No Metabase given: use --url or set METABASE_URL.');
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw Failure.config(`"${url}" is no http(s) address of a Metabase.`);
  const { username, password, host } = new URL(url);
  // The address is in messages, and fetch takes none with a user in it.
  if (username !== '' || password !== '')
    throw Failure.config(
      `The address of ${host} must hold no user or password: set METABASE_USER and METABASE_PASSWORD.`,
    );
  return new Http({ url, headers: {}, retries: options.retries, backoff: 300, timeout: options.timeout * 1000 });
}

export function credentialsOf(options: MetabaseOptions, environment: Environment): Credentials {
  const key = options.apiKey ?? environment.METABASE_API_KEY;
  if (key !== undefined && key !== '') return { kind: 'apiKey', key };
  const user = options.metabaseUser ?? environment.METABASE_USER;
  const password = options.metabasePassword ?? environment.METABASE_PASSWORD;
  if (user !== undefined && password !== undefined) return { kind: 'user', user, password };
  throw Failure.config('No way to sign in: set METABASE_API_KEY, or METABASE_USER and METABASE_PASSWORD.');
}

export async function openMetabase(
  options: MetabaseOptions,
  environment: Environment,
  say: (line: string) => void,
): Promise<Metabase> {
  const metabase = await Metabase.open(httpOf(options, environment), credentialsOf(options, environment));
  say(`Metabase ${metabase.version.tag}`);
  return metabase;
}

export function wholeNumber(text: string): number {
  const parsed = Number(text);
  if (!Number.isInteger(parsed) || parsed < 0) throw new InvalidArgumentError('a whole number is needed');
  return parsed;
}
