type Json = Readonly<Record<string, unknown>>;

/**
 * What of a connector's specification would break a configuration that the published one accepted: a property gone, a
 * type or a range narrowed, a choice gone, something newly required. Additions are no breaks.
 */
export function breakingChanges(published: unknown, current: unknown, at = ''): readonly string[] {
  const before = asObject(published);
  const after = asObject(current);
  const name = at === '' ? 'the configuration' : at;
  return [
    ...names(after.required)
      .filter((key) => !names(before.required).includes(key))
      .map((key) => `${name} requires ${key}`),
    ...narrowedType(before, after).map((type) => `${name} is no longer of type ${type}`),
    ...(before.additionalProperties !== false && after.additionalProperties === false
      ? [`${name} refuses other properties`]
      : []),
    ...(['const', 'format', 'pattern'] as const)
      .filter((key) => after[key] !== undefined && after[key] !== before[key])
      .map((key) => `${name} has another ${key}`),
    ...narrowedRange(before, after).map((key) => `${name} has a narrower ${key}`),
    ...list(before.enum)
      .filter((value) => after.enum !== undefined && !list(after.enum).includes(value))
      .map((value) => `${name} no longer takes ${JSON.stringify(value)}`),
    ...(before.enum === undefined && after.enum !== undefined ? [`${name} takes only an enumeration`] : []),
    ...Object.entries(asObject(before.properties)).flatMap(([key, property]) => {
      const path = at === '' ? key : `${at}.${key}`;
      const now = asObject(after.properties)[key];
      return now === undefined ? [`${path} is gone`] : breakingChanges(property, now, path);
    }),
    ...(before.items === undefined ? [] : breakingChanges(before.items, after.items, `${at}[]`)),
    ...list(before.oneOf).flatMap((choice) => {
      const label = constants(choice);
      const now = list(after.oneOf).find((other) => constants(other) === label);
      return now === undefined ? [`${name} lost the choice ${label}`] : breakingChanges(choice, now, `${at}(${label})`);
    }),
  ];
}

/** Properties, wherever they are, whose names or titles say that they are to be kept secret, and which are not marked. */
export function unmarkedSecrets(schema: unknown, at = ''): readonly string[] {
  const object = asObject(schema);
  return [
    ...Object.entries(asObject(object.properties)).flatMap(([key, property]) => {
      const path = at === '' ? key : `${at}.${key}`;
      const { type, airbyte_secret, title } = asObject(property);
      const sounds = [key, typeof title === 'string' ? title : ''].some((text) =>
        /password|passphrase|secret|token|certificate|(^|_)key$|private/i.test(text),
      );
      const isUnmarked = sounds && type === 'string' && airbyte_secret !== true;
      return [...(isUnmarked ? [path] : []), ...unmarkedSecrets(property, path)];
    }),
    ...list(object.oneOf).flatMap((choice) => unmarkedSecrets(choice, at)),
  ];
}

/** What tells one choice of a `oneOf` from the others: the constants of its properties. */
function constants(choice: unknown): string {
  return Object.entries(asObject(asObject(choice).properties))
    .flatMap(([key, property]) => {
      const value = asObject(property).const;
      return value === undefined ? [] : [`${key}=${JSON.stringify(value)}`];
    })
    .join(',');
}

function narrowedType(before: Json, after: Json): readonly string[] {
  const now = after.type === undefined ? undefined : names(after.type);
  const accepts = (type: string): boolean =>
    now === undefined || now.includes(type) || (type === 'integer' && now.includes('number'));
  return names(before.type).filter((type) => !accepts(type));
}

function narrowedRange(before: Json, after: Json): readonly string[] {
  const isNarrower = (key: string, isTighter: (now: number, then: number) => boolean): boolean => {
    const now = after[key];
    const then = before[key];
    return typeof now === 'number' && (typeof then !== 'number' || isTighter(now, then));
  };
  return [
    ...['minimum', 'minLength', 'minItems'].filter((key) => isNarrower(key, (now, then) => now > then)),
    ...['maximum', 'maxLength', 'maxItems'].filter((key) => isNarrower(key, (now, then) => now < then)),
  ];
}

function names(value: unknown): readonly string[] {
  return (typeof value === 'string' ? [value] : list(value)).map(String);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
