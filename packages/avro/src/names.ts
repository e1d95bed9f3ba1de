import { createHash } from 'node:crypto';

/** Names that Avro keeps for its own types: a record may not be called so. */
const AVRO_RESERVED = new Set(
  'null boolean int long float double bytes string record error enum array map fixed union request'.split(' '),
);

function withoutAccents(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '');
}

function shortHash(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 8);
}

/** Airbyte's rule: accents off, everything outside `[A-Za-z0-9_]` becomes `_`, a leading digit gets `_` before it. */
export function avroName(name: string): string {
  const safe = withoutAccents(name).replace(/[^A-Za-z0-9_]/gu, '_');
  return safe === '' || /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

export function avroRecordName(name: string): string {
  const safe = avroName(name);
  return AVRO_RESERVED.has(safe) ? `${safe}_` : safe;
}

/** Valid in Avro, and what an object's prototype is called in JavaScript: readers there would lose the field. */
const UNUSABLE_FIELD = '__proto__';

/** `name` with a hash of the original behind it; hashed again in the case, made by hand, that this name is in use. */
function hashedName(name: string, column: string, inUse: ReadonlySet<string>): string {
  let candidate = `${name}_${shortHash(column)}`;
  while (inUse.has(candidate)) candidate = `${name}_${shortHash(candidate)}`;
  return candidate;
}

/**
 * Avro field names for a record's columns, one each, distinct. Where sanitising makes two equal (`a-b`, `a_b`), the
 * names that had to change get a hash of the original behind them, and a name that is valid as it stands keeps it: so
 * the outcome depends on the set of names, not on their order.
 */
export function avroFieldNames(columns: readonly string[], taken: ReadonlySet<string>): readonly string[] {
  const wanted = columns.map(avroName);
  const uses = new Map<string, number>();
  for (const name of wanted) uses.set(name, (uses.get(name) ?? 0) + 1);
  const inUse = new Set([...taken, ...wanted]);
  return columns.map((column, index) => {
    const name = wanted[index] ?? column;
    const usable = !taken.has(name) && name !== UNUSABLE_FIELD;
    if (usable && (name === column || uses.get(name) === 1)) return name;
    const hashed = hashedName(name, column, inUse);
    inUse.add(hashed);
    return hashed;
  });
}

export interface StreamName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** `namespace.name`, for messages to people. */
export function displayName(stream: StreamName): string {
  return stream.namespace === undefined || stream.namespace === '' ? stream.name : `${stream.namespace}.${stream.name}`;
}

const TOPIC_MAX_LENGTH = 249;

/**
 * The stream's topic: `{namespace}` and `{stream}` of the pattern filled in, then sanitised to Kafka's alphabet
 * `[A-Za-z0-9._-]` and cut to its 249 characters (with a hash, so that two long names stay apart). A stream without
 * namespace loses the placeholder and the separator next to it: `{namespace}.{stream}` gives `users`, not `.users`.
 */
export function topicName(pattern: string, stream: StreamName): string {
  const namespace = stream.namespace ?? '';
  const filled =
    namespace === ''
      ? pattern.replace(/\{namespace\}[._-]?/gu, '').replaceAll('{stream}', () => stream.name)
      : pattern.replaceAll('{namespace}', () => namespace).replaceAll('{stream}', () => stream.name);
  const safe = withoutAccents(filled).replace(/[^A-Za-z0-9._-]/gu, '_');
  const usable = safe === '' || safe === '.' || safe === '..' ? `_${shortHash(filled)}` : safe;
  if (usable.length <= TOPIC_MAX_LENGTH) return usable;
  return `${usable.slice(0, TOPIC_MAX_LENGTH - 9)}_${shortHash(filled)}`;
}

export interface TopicCollision {
  readonly topics: readonly string[];
  readonly streams: readonly StreamName[];
}

/**
 * Streams that would share a topic. Kafka's metric names turn `.` into `_`, so the broker refuses `a.b` beside `a_b`:
 * they collide too.
 */
export function topicCollisions(
  planned: readonly { readonly topic: string; readonly stream: StreamName }[],
): readonly TopicCollision[] {
  const groups = new Map<string, { topics: Set<string>; streams: StreamName[] }>();
  for (const { topic, stream } of planned) {
    const key = topic.replaceAll('.', '_');
    const group = groups.get(key) ?? { topics: new Set(), streams: [] };
    group.topics.add(topic);
    group.streams.push(stream);
    groups.set(key, group);
  }
  return [...groups.values()]
    .filter((group) => group.streams.length > 1)
    .map((group) => ({ topics: [...group.topics], streams: group.streams }));
}
