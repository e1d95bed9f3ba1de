import { Failure } from '@ewallet/failure';
import type { QueryResult } from 'pg';
import { quoteLiteral } from './identifier';

/** Client settings by name, each value as SHOW prints it; a list for the settings that hold names (search_path). */
export type SessionSettings = Readonly<Record<string, string | readonly string[]>>;

/**
 * Every setting by which a role, a database or a pooler's other clients could give the same statement another text, other
 * rows or another meaning. `lc_monetary` is not here: it decides how many digits a stored money has, so it is the role's
 * and database's to say (`beginTransaction` sets it to that).
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-client.html
 */
export const exactSettings: SessionSettings = {
  // First, as it changes how the server keeps a list of names.
  quote_all_identifiers: 'off',
  // Nobody's function, operator or type stands before PostgreSQL's own; regclass and its like print schemas.
  search_path: ['pg_catalog', 'pg_temp'],
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  // A policy that would hide rows makes the statement fail instead of hiding them.
  row_security: 'off',
};

/** Milliseconds as SHOW prints a time-out: in the largest unit that divides it. */
export function durationSetting(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const;
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0) ?? ['ms', 1];
  return `${milliseconds / size}${unit}`;
}

/** Statements that set for the rest of the session, or of the transaction, and then show what holds. */
export function setAndShow(settings: SessionSettings, scope: 'session' | 'local'): readonly string[] {
  const names = Object.keys(settings);
  const sets = Object.entries(settings).map(([name, value]) => {
    const values = typeof value === 'string' ? [value] : value;
    return `set ${scope} ${name} to ${values.map((one) => quoteLiteral(one).trim()).join(', ')}`;
  });
  return [...sets, ...names.map((name) => `show ${name}`)];
}

/**
 * Compares what SHOW answered with what was set.
 *
 * @param results of `setAndShow`'s statements, the last ones of `results`
 * @throws Failure that names the setting, and what usually stands between
 */
export function verifyShown(settings: SessionSettings, results: readonly QueryResult[]): void {
  const shown = results.slice(-Object.keys(settings).length);
  for (const [index, [name, value]] of Object.entries(settings).entries()) {
    const wanted = typeof value === 'string' ? value : value.join(', ');
    const row: unknown = shown[index]?.rows[0];
    const [found] = typeof row === 'object' && row !== null ? (Object.values(row) as unknown[]) : [];
    if (found === wanted) continue;
    throw Failure.config(
      `The server was asked for ${name} = ${wanted} and answers ${typeof found === 'string' ? found : 'nothing'}: ` +
        'a connection pooler stands between that does not keep the statements of a transaction together. ' +
        'Connect to PostgreSQL itself, or set the pooler to pool_mode = session or transaction.',
    );
  }
}
