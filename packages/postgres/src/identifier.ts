import { Failure } from '@ewallet/failure';

/** A name of any characters PostgreSQL allows, as it stands in SQL: always quoted, so that case and reserved words hold. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0')) {
    throw Failure.config(`PostgreSQL has no identifier ${JSON.stringify(name)}: it is empty or holds a NUL character.`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."table"`; any number of parts. */
export function quoteQualified(...parts: readonly string[]): string {
  return parts.map(quoteIdentifier).join('.');
}

/**
 * A text value as an SQL literal, for the few statements that take no parameters (COPY, SET). The escape-string form is
 * used where there is a backslash, so that the result is the same whatever `standard_conforming_strings` says.
 */
export function quoteLiteral(value: string): string {
  if (value.includes('\0')) throw Failure.config('A NUL character cannot be part of a PostgreSQL text value.');
  const doubled = value.replaceAll("'", "''");
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}
