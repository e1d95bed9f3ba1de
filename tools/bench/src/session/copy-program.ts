import { pipeline } from 'node:stream/promises';
import { connect, parseConnectionUrl } from '@ewallet/postgres';
import { from, to } from 'pg-copy-streams';
import { systemProgram } from './programs';

/**
 * A command that runs one COPY between PostgreSQL and its standard output or input: psql, or this file where psql is not
 * installed.
 */
export function copyCommand(url: string, sql: string): readonly [string, ...string[]] {
  const psql = systemProgram('psql');
  return psql === undefined
    ? [process.execPath, __filename, url, sql]
    : [psql, '--no-psqlrc', '--quiet', '--dbname', url, '--command', sql];
}

/** Said beside the figures, as the limit is not the same program. */
export function copyProgramName(): string {
  return systemProgram('psql') === undefined ? 'a minimal COPY client (psql is not installed)' : 'psql';
}

async function copy(url: string, sql: string): Promise<void> {
  const client = await connect(parseConnectionUrl(url), { applicationName: 'ewallet-bench' });
  try {
    if (/\bto stdout\b/i.test(sql)) await pipeline(client.query(to(sql)), process.stdout, { end: false });
    else await pipeline(process.stdin, client.query(from(sql)));
  } finally {
    await client.end();
  }
}

if (require.main === module) {
  const [url = '', sql = ''] = process.argv.slice(2);
  copy(url, sql).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
