import { Failure, nearestName } from '@ewallet/failure';
import type { RawConfig } from './config-file';
import { KEYS, type Key } from './keys';

const known = new Map(KEYS.map((key) => [key.name, key]));

/**
 * Reads keys of a configuration by their declaration. It is no ConfigReader: Kafka Connect's values are texts, and their
 * types, ranges and defaults come from the one key list that the docs are made of.
 */
export class KeyReader {
  constructor(private readonly raw: RawConfig) {
    for (const [name, value] of raw) {
      const key = known.get(name);
      if (key?.kind === 'unsupported' && value !== '') throw Failure.config(`${name}: ${key.doc}`);
      if (key !== undefined) continue;
      throw Failure.config(
        `Unknown key ${JSON.stringify(name)}. The nearest known key is ${nearestName(name, [...known.keys()])}.`,
      );
    }
  }

  /** Keys in the file that have no effect, or only say what is so anyway. */
  ignored(): string[] {
    return [...this.raw.keys()].filter((name) => ['ignored', 'converter'].includes(known.get(name)?.kind ?? ''));
  }

  optional(name: string): string | undefined {
    const value = this.raw.get(name);
    return value === undefined || value === '' ? undefined : value;
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) throw Failure.config(`${name} is missing.`);
    return value;
  }

  text(name: string): string {
    const key = declared(name);
    const value = this.optional(name) ?? ('default' in key ? String(key.default) : undefined);
    if (value === undefined) throw Failure.config(`${name} is missing.`);
    if (key.kind === 'choice' && !key.choices.includes(value)) {
      throw Failure.config(`${name} must be one of ${key.choices.join(', ')}, not ${JSON.stringify(value)}.`);
    }
    return value;
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.text(name);
    const found = choices.find((choice) => choice === value);
    if (found === undefined)
      throw Failure.config(`${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}.`);
    return found;
  }

  list(name: string): string[] {
    return (this.raw.get(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  flag(name: string): boolean {
    const value = this.text(name);
    if (value !== 'true' && value !== 'false') throw Failure.config(`${name} must be true or false.`);
    return value === 'true';
  }

  integer(name: string): number {
    const key = declared(name);
    const value = Number(this.text(name));
    if (key.kind !== 'integer' || !Number.isInteger(value) || value < key.least || value > key.most) {
      const range = key.kind === 'integer' ? ` from ${key.least} to ${key.most}` : '';
      throw Failure.config(`${name} must be a whole number${range}.`);
    }
    return value;
  }
}

function declared(name: string): Key {
  const key = known.get(name);
  if (key === undefined) throw Failure.system(`The key ${name} is not declared.`);
  return key;
}
