import { Failure } from './failure';
import { isObject, type Json } from './json-file';
import { nearestName } from './nearest-name';

/** The keys of one object of the configuration: what each has, how a message names it, and which of them nobody knows. */
export class ConfigKeys {
  private readonly values: Json;
  private readonly known = new Set<string>();

  /** @param path of the object in the configuration, for messages; empty for the whole */
  constructor(
    value: unknown,
    private readonly path: string,
  ) {
    const name = path === '' ? 'The configuration' : `\`${path}\``;
    if (!isObject(value)) throw Failure.config(`${name} must be a JSON object.`);
    this.values = value;
  }

  /** Whatever the key has; undefined where it is absent or null. */
  value(key: string): unknown {
    this.known.add(key);
    return this.values[key] ?? undefined;
  }

  /** Keys that are known and not needed. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.known.add(key);
  }

  /**
   * Refuses other keys before any is read, so that a mistyped key is named and not the one that it was meant to be.
   *
   * @throws Failure config_error
   */
  only(...keys: readonly string[]): void {
    this.ignore(...keys);
    this.finish();
  }

  /** @throws Failure config_error for the first key nobody asked for: a mistyped option must not be ignored silently */
  finish(): void {
    const unknown = Object.keys(this.values).find((key) => !this.known.has(key));
    if (unknown === undefined) return;
    const nearest = nearestName(unknown, [...this.known]);
    throw Failure.config(`Unknown key \`${this.at(unknown)}\`: did you mean \`${this.at(nearest)}\`?`);
  }

  protected wrong(key: string, rule: string): Failure {
    return Failure.config(`\`${this.at(key)}\` ${rule}`);
  }

  protected at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}
