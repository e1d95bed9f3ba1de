import { isObject, type Json } from '@ewallet/failure';

/** The object at this key of an answer; empty where there is none. */
export function object(value: unknown, key: string): Json {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : {};
}

/** The objects of the list at this key of an answer; empty where there is none. */
export function list(value: unknown, key: string): readonly Json[] {
  return objects(isObject(value) ? value[key] : undefined);
}

export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textIn(value: unknown, key: string): string | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** @returns undefined for what is no moment: Flink says -1 of what has not been */
export function momentIn(value: unknown, key: string): number | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'number' && found > 0 ? found : undefined;
}
