import { isObject } from './json-object';
import type { AvroSchema } from './avro-schema';

/** A named type as it was defined, and the namespace that names inside it are resolved in. */
interface Definition {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly fullName: string;
  readonly namespace: string;
}

const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);
const NAMED: ReadonlySet<unknown> = new Set(['record', 'error', 'enum', 'fixed']);
/** What a reader of the writer's own bytes has no use for. A default that does not fit its type is common, and no fault of the bytes. */
const UNUSED: ReadonlySet<string> = new Set(['default', 'aliases', 'doc', 'order']);

/**
 * The named types of an Avro schema, and of the schemas that it refers to: each part of the schema can then be read by
 * itself, although its types were defined in another field or under another subject.
 *
 * @see https://avro.apache.org/docs/1.12.0/specification/#names
 */
export class NamedTypes {
  private readonly definitions = new Map<string, Definition>();

  /** Learns the named types of the parsed JSON of a schema. A name that is known keeps its definition. */
  add(schema: unknown, namespace = ''): void {
    if (Array.isArray(schema)) {
      for (const branch of schema as readonly unknown[]) this.add(branch, namespace);
      return;
    }
    if (!isObject(schema)) return;
    let inside = namespace;
    if (NAMED.has(schema.type) && typeof schema.name === 'string') {
      const fullName = fullNameOf(schema, namespace);
      inside = namespaceOf(fullName);
      if (!this.definitions.has(fullName)) this.definitions.set(fullName, { schema, fullName, namespace: inside });
    } else this.add(schema.type, namespace);
    this.add(schema.items, inside);
    this.add(schema.values, inside);
    if (Array.isArray(schema.fields))
      for (const field of schema.fields as readonly unknown[]) if (isObject(field)) this.add(field.type, inside);
  }

  /**
   * The schema with each named type defined where it first occurs, under its full name, and without defaults and aliases.
   * A name that nothing defines stays as it is.
   *
   * @param namespace what the schema is inside of
   */
  standalone(schema: AvroSchema, namespace = ''): AvroSchema {
    return this.expand(schema, namespace, new Set()) as AvroSchema;
  }

  private expand(schema: unknown, namespace: string, defined: Set<string>): unknown {
    if (typeof schema === 'string') {
      const definition = PRIMITIVES.has(schema) ? undefined : this.find(schema, namespace);
      return definition === undefined ? schema : this.define(definition, defined);
    }
    if (Array.isArray(schema)) return schema.map((branch: unknown) => this.expand(branch, namespace, defined));
    if (!isObject(schema)) return schema;
    if (NAMED.has(schema.type) && typeof schema.name === 'string') {
      const fullName = fullNameOf(schema, namespace);
      return this.define(
        this.definitions.get(fullName) ?? { schema, fullName, namespace: namespaceOf(fullName) },
        defined,
      );
    }
    // {"type": "Money"} and {"type": {"type": "enum", …}} are the named types themselves.
    const inner = this.expand(schema.type, namespace, defined);
    if (isObject(inner) && (NAMED.has(inner.type) || inner.type === 'array' || inner.type === 'map')) return inner;
    return Object.fromEntries(
      Object.entries(schema).flatMap(([property, value]): (readonly [string, unknown])[] => {
        if (UNUSED.has(property)) return [];
        if (property === 'type') return [[property, inner]];
        return [
          [property, property === 'items' || property === 'values' ? this.expand(value, namespace, defined) : value],
        ];
      }),
    );
  }

  private define({ schema, fullName, namespace }: Definition, defined: Set<string>): unknown {
    if (defined.has(fullName)) return fullName;
    defined.add(fullName);
    const kept = Object.entries(schema).filter(([property]) => !UNUSED.has(property));
    const fields = Array.isArray(schema.fields)
      ? {
          fields: (schema.fields as readonly unknown[]).map((field) =>
            isObject(field)
              ? {
                  ...Object.fromEntries(Object.entries(field).filter(([property]) => !UNUSED.has(property))),
                  type: this.expand(field.type, namespace, defined),
                }
              : field,
          ),
        }
      : {};
    return { ...Object.fromEntries(kept), name: lastOf(fullName), namespace, ...fields };
  }

  private find(name: string, namespace: string): Definition | undefined {
    const qualified = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    return this.definitions.get(qualified) ?? this.definitions.get(name);
  }
}

function fullNameOf(schema: Readonly<Record<string, unknown>>, enclosing: string): string {
  const name = String(schema.name);
  if (name.includes('.')) return name;
  const namespace = typeof schema.namespace === 'string' ? schema.namespace : enclosing;
  return namespace === '' ? name : `${namespace}.${name}`;
}

function namespaceOf(fullName: string): string {
  return fullName.includes('.') ? fullName.slice(0, fullName.lastIndexOf('.')) : '';
}

function lastOf(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}
