import { Failure, isFailure } from '@ewallet/failure';
import {
  CONTROL_KEY_SUBJECT,
  CONTROL_VALUE_SUBJECT,
  controlKeySchema,
  controlValueSchema,
  displayName,
  incompatibleColumns,
  type AvroRecord,
  type Compatibility,
  type RecordPart,
  type RegisteredSchema,
  type SchemaRegistry,
} from '@ewallet/avro';
import type { StreamPlan } from './stream-plan';

export interface SchemaIds {
  readonly key: number | undefined;
  readonly value: number;
}

const REMEDY =
  "Either change the column back, or raise the stream's version in `topic_versions` to write to a new topic with the new schema, and read the stream from the start.";

/** What our rule has against a schema beside one version, a sentence per column. */
function differences(before: RegisteredSchema, schema: AvroRecord, part: RecordPart): ReadonlyMap<string, string> {
  try {
    return new Map(
      incompatibleColumns(before.schema, schema, part).map(({ column, reason }) => [`column "${column}"`, reason]),
    );
  } catch (error) {
    if (!isFailure(error)) throw error;
    return new Map([['the schema', error.message]]); // Somebody else's, and no record.
  }
}

/** Against every version, the newest first; of several versions that a column breaks with, the newest is told. */
function reasonsAgainst(
  versions: readonly RegisteredSchema[],
  schema: AvroRecord,
  part: RecordPart,
): readonly string[] {
  const reasons = new Map<string, string>();
  for (const before of [...versions].reverse()) {
    const version = before === versions.at(-1) ? '' : ` (version ${before.version})`;
    for (const [what, reason] of differences(before, schema, part)) {
      if (!reasons.has(what)) reasons.set(what, `${what}${version}: ${reason}`);
    }
  }
  return [...reasons.values()];
}

interface SchemaToVerify {
  readonly plan: StreamPlan;
  readonly subject: string;
  readonly schema: AvroRecord;
  readonly part: RecordPart;
}

/** Refuses what would break readers, before a single schema is registered or record written. */
async function verify(registry: SchemaRegistry, { plan, subject, schema, part }: SchemaToVerify): Promise<void> {
  if (await registry.holds(subject, schema)) return;
  const versions = await registry.versions(subject);
  let reasons = reasonsAgainst(versions, schema, part);
  for (const { version } of [...versions].reverse()) {
    if (reasons.length > 0) break;
    reasons = await registry.incompatibilities(subject, version, schema);
  }
  if (reasons.length === 0) return;
  const { stream } = plan.mapping;
  throw Failure.config(
    `Stream ${displayName(stream)}: its schema has changed in a way that readers of topic ${plan.topic} cannot follow (subject ${subject}): ${reasons.join('; ')}. ${REMEDY} Nothing was written.`,
    {
      stream:
        stream.namespace === undefined ? { name: stream.name } : { name: stream.name, namespace: stream.namespace },
    },
  );
}

/** What a subject gets that has less; one that somebody has set to more, or to FORWARD, is left. */
const RAISED: Readonly<Partial<Record<Compatibility, Compatibility>>> = {
  NONE: 'BACKWARD_TRANSITIVE',
  BACKWARD: 'BACKWARD_TRANSITIVE',
  FULL: 'FULL_TRANSITIVE',
};

/** @returns whether the subject had less. @throws Failure where the registry does not keep what was set */
async function protect(registry: SchemaRegistry, subject: string): Promise<boolean> {
  const raised = RAISED[(await registry.compatibility(subject)) ?? 'NONE'];
  if (raised === undefined) return false;
  await registry.setCompatibility(subject, raised);
  const kept = await registry.compatibility(subject);
  if (kept === raised) return true;
  throw Failure.config(
    `The schema registry did not keep the compatibility of subject ${subject}: it is ${kept ?? 'not set'} after ${raised} was set. Allow the user to set compatibility on subjects.`,
  );
}

/** Versions that were registered while only the newest one was looked at. */
function brokenPairs(versions: readonly RegisteredSchema[], part: RecordPart): readonly string[] {
  return versions.flatMap((after, index) =>
    versions
      .slice(0, index)
      .flatMap((before) =>
        [...differences(before, after.schema as AvroRecord, part)].map(
          ([what, reason]) => `version ${after.version} beside ${before.version}, ${what}: ${reason}`,
        ),
      ),
  );
}

interface SchemaToRegister {
  readonly subject: string;
  readonly schema: AvroRecord;
  readonly part: RecordPart;
  readonly warn: (message: string) => Promise<void>;
}

async function register(registry: SchemaRegistry, { subject, schema, part, warn }: SchemaToRegister): Promise<number> {
  const id = await registry.register(subject, schema);
  if (!(await protect(registry, subject))) return id;
  const versions = await registry.versions(subject);
  const broken = versions.length < 2 ? [] : brokenPairs(versions, part);
  if (broken.length > 0) {
    await warn(
      `Subject ${subject} holds versions that a reader with one schema cannot read right from the other's records: ${broken.join('; ')}. Read each record by its own schema, as sink-warehouse does, or raise the stream's version in \`topic_versions\` and read the stream from the start.`,
    );
  }
  return id;
}

const keySubject = ({ topic }: StreamPlan): string => `${topic}-key`;
const valueSubject = ({ topic }: StreamPlan): string => `${topic}-value`;

/** @throws Failure config_error for the first stream whose schemas would break readers. Changes nothing. */
export async function verifySchemas(registry: SchemaRegistry, plans: readonly StreamPlan[]): Promise<void> {
  for (const plan of plans) {
    const { keySchema, valueSchema } = plan.mapping;
    if (keySchema !== undefined)
      await verify(registry, { plan, subject: keySubject(plan), schema: keySchema, part: 'key' });
    await verify(registry, { plan, subject: valueSubject(plan), schema: valueSchema, part: 'value' });
  }
}

/** Registers what was verified. @param warn hears of subjects whose history is broken, once: when they are brought up */
export async function registerSchemas(
  registry: SchemaRegistry,
  plans: readonly StreamPlan[],
  warn: (message: string) => Promise<void>,
): Promise<ReadonlyMap<StreamPlan, SchemaIds>> {
  const ids = new Map<StreamPlan, SchemaIds>();
  for (const plan of plans) {
    const { keySchema, valueSchema } = plan.mapping;
    const key =
      keySchema === undefined
        ? undefined
        : await register(registry, { subject: keySubject(plan), schema: keySchema, part: 'key', warn });
    ids.set(plan, {
      key,
      value: await register(registry, { subject: valueSubject(plan), schema: valueSchema, part: 'value', warn }),
    });
  }
  return ids;
}

export async function registerControlSchemas(
  registry: SchemaRegistry,
  warn: (message: string) => Promise<void>,
): Promise<{ key: number; value: number }> {
  return {
    key: await register(registry, { subject: CONTROL_KEY_SUBJECT, schema: controlKeySchema, part: 'value', warn }),
    value: await register(registry, {
      subject: CONTROL_VALUE_SUBJECT,
      schema: controlValueSchema,
      part: 'value',
      warn,
    }),
  };
}
