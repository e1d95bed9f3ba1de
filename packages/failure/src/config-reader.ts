import { ConfigKeys } from './config-keys';
import { isObject } from './json-file';

type Texts = readonly [string, ...string[]];

/** What a number may be, both ends included. */
interface Range {
  readonly min: number;
  readonly max?: number;
}

/**
 * Reads one object of the configuration key by key, remembers which keys exist, and refuses the rest. Airbyte's forms
 * send numbers as text now and then, and null or an empty text for an empty field: all are taken.
 */
export class ConfigReader extends ConfigKeys {
  text(key: string, fallback?: string): string {
    const value = this.optionalText(key) ?? fallback;
    if (value === undefined) throw this.wrong(key, 'is missing.');
    return value;
  }

  optionalText(key: string): string | undefined {
    const value = this.filled(key);
    if (value !== undefined && typeof value !== 'string') throw this.wrong(key, 'must be text.');
    return value;
  }

  /** Text that may be absent but not empty: an empty one is a variable that nobody set, and no default was meant by it. */
  filledText(key: string): string | undefined {
    if (this.value(key) === '') throw this.wrong(key, 'must be text.');
    return this.optionalText(key);
  }

  /** A whole number within a range. */
  number(key: string, fallback: number, range: Range): number {
    return this.optionalNumber(key, range) ?? fallback;
  }

  /** A whole number. */
  optionalNumber(key: string, { min = -Infinity, max = Infinity }: Partial<Range> = {}): number | undefined {
    const fits = (number: number): boolean => Number.isSafeInteger(number) && number >= min && number <= max;
    return this.numeric(key, fits, `must be a whole number${rangeText(min, max)}.`);
  }

  /** A number above 0, with or without a fraction. */
  optionalPositive(key: string): number | undefined {
    return this.numeric(key, (number) => Number.isFinite(number) && number > 0, 'must be a number above 0.');
  }

  /** A number from 0 up, with or without a fraction. */
  atLeastZero(key: string, fallback: number): number {
    return (
      this.numeric(key, (number) => Number.isFinite(number) && number >= 0, 'must be a number from 0 up.') ?? fallback
    );
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.wrong(key, 'must be true or false.');
    return value;
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[], fallback: Choice): Choice {
    return this.optionalOneOf(key, choices) ?? fallback;
  }

  requiredOneOf<Choice extends string>(key: string, choices: readonly Choice[]): Choice {
    const choice = this.optionalOneOf(key, choices);
    if (choice === undefined) throw this.wrong(key, `must be one of ${choices.join(', ')}.`);
    return choice;
  }

  optionalOneOf<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.optionalText(key);
    const choice = choices.find((candidate) => candidate === value);
    if (value !== undefined && choice === undefined) throw this.wrong(key, `must be one of ${choices.join(', ')}.`);
    return choice;
  }

  object(key: string): ConfigReader {
    const reader = this.optionalObject(key);
    if (reader === undefined) throw this.wrong(key, 'is missing.');
    return reader;
  }

  optionalObject(key: string): ConfigReader | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : new ConfigReader(value, this.at(key));
  }

  /** An object; a text stands for one that has this key alone. */
  objectOrText(key: string, short: string): ConfigReader | undefined {
    const value = this.value(key);
    return typeof value === 'string' ? new ConfigReader({ [short]: value }, this.at(key)) : this.optionalObject(key);
  }

  /** An object whose keys are the user's own, with objects as values; empty where it is absent. */
  objects(key: string): ReadonlyMap<string, ConfigReader> {
    return new Map(this.entries(key).map(([name, item]) => [name, new ConfigReader(item, `${this.at(key)}.${name}`)]));
  }

  /** An object whose keys are the user's own, with values as text. */
  textMap(key: string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.entries(key).map(([name, item]) => [name, String(item)]));
  }

  /** A list of texts; empty where it is absent. */
  texts(key: string): readonly string[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw this.wrong(key, 'must be a list of texts.');
    }
    return value as readonly string[];
  }

  /** A list of at least one text, each once. */
  distinctTexts(key: string, oneIs: string): readonly string[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    const texts = list.filter((item): item is string => typeof item === 'string' && item !== '');
    if (texts.length > 0 && texts.length === list.length) return [...new Set(texts)];
    throw this.wrong(key, `must be a list of at least one ${oneIs}.`);
  }

  /** A list of at least one. */
  list(key: string): readonly unknown[] | undefined {
    const value = this.value(key);
    if (value === undefined || (Array.isArray(value) && value.length > 0))
      return value as readonly unknown[] | undefined;
    throw this.wrong(key, 'must be a list with something in it.');
  }

  /** One text, or a list of at least one. */
  textOrTexts(key: string): Texts | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : this.oneOrMore(key, value);
  }

  /** A list of columns, each by its name or by its path. */
  paths(key: string): readonly Texts[] | undefined {
    return this.list(key)?.map((item) => this.oneOrMore(key, item));
  }

  numberMap(key: string): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(this.textMap(key)).map(([name, text]) => {
        const number = Number(text);
        if (Number.isSafeInteger(number) && number >= 1) return [name, number];
        throw this.wrong(key, `must have whole numbers from 1; that of ${JSON.stringify(name)} is not.`);
      }),
    );
  }

  /** What the key has; undefined where nothing is in it. */
  private filled(key: string): unknown {
    const value = this.value(key);
    return value === '' ? undefined : value;
  }

  private oneOrMore(key: string, value: unknown): Texts {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const [first, ...rest] = list.filter((item): item is string => typeof item === 'string' && item !== '');
    if (first !== undefined && rest.length + 1 === list.length) return [first, ...rest];
    throw this.wrong(key, 'must be text, or a list of texts.');
  }

  private numeric(key: string, fits: (number: number) => boolean, rule: string): number | undefined {
    const value = this.filled(key);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !fits(number)) throw this.wrong(key, rule);
    return number;
  }

  private entries(key: string): readonly (readonly [string, unknown])[] {
    const value = this.value(key) ?? {};
    if (!isObject(value)) throw this.wrong(key, 'must be a JSON object.');
    return Object.entries(value);
  }
}

function rangeText(min: number, max: number): string {
  if (max < Infinity) return ` from ${min} to ${max}`;
  return min > -Infinity ? ` of at least ${min}` : '';
}
