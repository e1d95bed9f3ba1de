import { createHash } from 'node:crypto';
import { canonical, isObject, type Json, type JsonObject } from '../content/json';
import { defaultReporting, type Reporting } from '../content/reporting';
import type { PlacedIds } from '../wire/keys';

export type ObjectKind = 'collection' | 'question' | 'dashboard';

/** What the last apply left on the server for one file. */
export interface AppliedObject extends PlacedIds {
  readonly id: number;
  /** Of what was read back after the write; null while a write is under way, so a crash does not look like an edit. */
  readonly fingerprint: string | null;
}

/** The last apply, by `kind/key`. It is kept on the server it speaks of, so that every machine sees the same. */
export type Applied = ReadonlyMap<string, AppliedObject>;

export function objectKey(kind: ObjectKind, key: string): string {
  return `${kind}/${key}`;
}

export function fingerprint(value: object): string {
  return createHash('sha256')
    .update(canonical(value as Json))
    .digest('hex')
    .slice(0, 16);
}

/** As one text: Metabase keeps a text of visualization settings as it is, and might rename the keys of an object. */
export function appliedToText(applied: Applied, { currency, timeZone }: Reporting): string {
  return canonical({
    version: 1,
    objects: Object.fromEntries(applied) as unknown as JsonObject,
    // Left out where it says nothing, so that a note of an earlier release stays as it is.
    ...(currency === defaultReporting.currency && timeZone === defaultReporting.timeZone
      ? {}
      : { reporting: { currency, timeZone } }),
  });
}

/** @returns what the last apply showed amounts and hours in; dbt's defaults where the note does not say. */
export function reportingFromText(text: unknown): Reporting {
  const parsed = parsedNote(text);
  const noted = isObject(parsed) ? parsed.reporting : undefined;
  return isObject(noted) && typeof noted.currency === 'string' && typeof noted.timeZone === 'string'
    ? { currency: noted.currency, timeZone: noted.timeZone }
    : defaultReporting;
}

function parsedNote(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns an empty map for a text that is no such state: everything is then found again by its identity. */
export function appliedFromText(text: unknown): Map<string, AppliedObject> {
  const applied = new Map<string, AppliedObject>();
  const parsed = parsedNote(text);
  if (!isObject(parsed) || !isObject(parsed.objects)) return applied;
  for (const [key, value] of Object.entries(parsed.objects)) {
    if (!isObject(value) || typeof value.id !== 'number') continue;
    applied.set(key, {
      id: value.id,
      fingerprint: typeof value.fingerprint === 'string' ? value.fingerprint : null,
      tabs: numbers(value.tabs),
      cards: numbers(value.cards),
    });
  }
  return applied;
}

function numbers(value: unknown): Record<string, number> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
