import { Failure } from '@ewallet/failure';
import { isObject, type Json, type JsonObject } from '../content/json';

/** An object of the API's answer; `what` says which, for the failure when it is something else. */
export function asObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw unexpected(what, 'an object');
  return value as JsonObject; // answers are parsed JSON
}

function asList(value: unknown, what: string): readonly Json[] {
  if (!Array.isArray(value)) throw unexpected(what, 'a list');
  return value as readonly Json[];
}

/** The rows of a list that some releases wrap as `{data: […]}`. */
export function asRows(value: unknown, what: string): readonly JsonObject[] {
  const list = isObject(value) && Array.isArray(value.data) ? value.data : value;
  return asList(list, what).map((row) => asObject(row, what));
}

export function asNumber(value: unknown, what: string): number {
  if (typeof value !== 'number') throw unexpected(what, 'a number');
  return value;
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw unexpected(what, 'a text');
  return value;
}

/** Text that may be absent; the API says null or '' for "none". */
export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function unexpected(what: string, wanted: string): Failure {
  return Failure.system(`Metabase's answer is not what its API says: ${what} is not ${wanted}.`);
}
