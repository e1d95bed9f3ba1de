import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '@ewallet/failure';
import { programPath } from './programs';

const run = promisify(execFile);

interface Database {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/** The services a benchmark runs against, as `local-stack up --json` prints them. */
export interface Stack {
  readonly source: Database;
  readonly warehouse: Database;
  readonly kafka: { readonly bootstrapServers: string };
  readonly schemaRegistry: { readonly url: string };
}

export async function startStack(directory: string): Promise<Stack> {
  const { stdout } = await run(programPath('local-stack'), ['up', '--json', '--detach', '--dir', directory]);
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw Failure.system('local-stack printed no connections.');
  return JSON.parse(line) as Stack;
}

export async function stopStack(directory: string): Promise<void> {
  await run(programPath('local-stack'), ['down', '--purge', '--dir', directory]);
}

export function databaseUrl({ host, port, database, username, password }: Database): string {
  return `postgresql://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}
