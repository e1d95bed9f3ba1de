import { Failure } from './failure';
import { isObject, type Json } from './json-file';
import { nearestName } from './nearest-name';

/**
 * Reads one object of the configuration key by key, remembers which keys exist, and refuses the rest. Airbyte's forms
 * send numbers as text now and then, and null for an empty field: both are taken.
 */
export class ConfigReader {
  private readonly values: Json;
  private readonly known = new Set<string>();

  constructor(
    value: unknown,
    private readonly path: string,
  ) {
    if (!isObject(value)) throw Failure.config(`${path === '' ? 'The configuration' : `"${path}"`} must be an object.`);
    this.values = value;
  }

  text(key: string, fallback?: string): string {
    const value = this.optionalText(key) ?? fallback;
    if (value === undefined) throw Failure.config(`"${this.at(key)}" is missing.`);
    return value;
  }

  optionalText(key: string): string | undefined {
    const value = this.take(key);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw Failure.config(`"${this.at(key)}" must be text.`);
    return value;
  }

  number(key: string, fallback: number, range: { readonly min: number; readonly max: number }): number {
    const value = this.optionalNumber(key) ?? fallback;
    if (value < range.min || value > range.max) {
      throw Failure.config(`"${this.at(key)}" must be between ${range.min} and ${range.max}.`);
    }
    return value;
  }

  optionalNumber(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined || value === '') return undefined;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
      throw Failure.config(`"${this.at(key)}" must be a whole number.`);
    }
    return number;
  }

  /** A number above 0, with or without a fraction. */
  optionalPositive(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined || value === '') return undefined;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) {
      throw Failure.config(`"${this.at(key)}" must be a number above 0.`);
    }
    return number;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.take(key) ?? fallback;
    if (typeof value !== 'boolean') throw Failure.config(`"${this.at(key)}" must be true or false.`);
    return value;
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.optionalText(key) ?? fallback;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw Failure.config(`"${this.at(key)}" must be one of ${choices.join(', ')}.`);
    return choice;
  }

  object(key: string): ConfigReader {
    const reader = this.optionalObject(key);
    if (reader === undefined) throw Failure.config(`"${this.at(key)}" is missing.`);
    return reader;
  }

  optionalObject(key: string): ConfigReader | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : new ConfigReader(value, this.at(key));
  }

  /** An object whose keys are the user's own, with objects as values; empty where it is absent. */
  objects(key: string): ReadonlyMap<string, ConfigReader> {
    const value = this.take(key) ?? {};
    if (!isObject(value)) throw Failure.config(`"${this.at(key)}" must be an object.`);
    return new Map(
      Object.entries(value).map(([name, item]) => [name, new ConfigReader(item, `${this.at(key)}.${name}`)]),
    );
  }

  /** An object whose keys are the user's own, with values as text. */
  textMap(key: string): Readonly<Record<string, string>> {
    const value = this.take(key) ?? {};
    if (!isObject(value)) throw Failure.config(`"${this.at(key)}" must be an object.`);
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, String(item)]));
  }

  /** A list of texts; empty where it is absent. */
  texts(key: string): readonly string[] {
    const value = this.take(key) ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw Failure.config(`"${this.at(key)}" must be a list of texts.`);
    }
    return value as readonly string[];
  }

  numberMap(key: string): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(this.textMap(key)).map(([name, text]) => {
        const number = Number(text);
        if (!Number.isSafeInteger(number) || number < 1) {
          throw Failure.config(
            `"${this.at(key)}" must have whole numbers from 1; that of ${JSON.stringify(name)} is not.`,
          );
        }
        return [name, number];
      }),
    );
  }

  /** Keys that are known and not needed. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.known.add(key);
  }

  /** @throws Failure config_error for the first key nobody asked for */
  finish(): void {
    const unknown = Object.keys(this.values).find((key) => !this.known.has(key));
    if (unknown === undefined) return;
    const nearest = nearestName(unknown, [...this.known]);
    throw Failure.config(`Unknown key "${this.at(unknown)}". Did you mean "${this.at(nearest)}"?`);
  }

  private take(key: string): unknown {
    this.known.add(key);
    return this.values[key] ?? undefined;
  }

  private at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}
