import { Failure } from '@ewallet/failure';
import {
  CONTROL_KEY_SUBJECT,
  CONTROL_VALUE_SUBJECT,
  controlKeySchema,
  controlValueSchema,
  displayName,
  incompatibleColumns,
  type AvroRecord,
  type SchemaRegistry,
} from '@ewallet/avro';
import type { StreamPlan } from './stream-plan';

export interface SchemaIds {
  readonly key: number | undefined;
  readonly value: number;
}

const REMEDY =
  'Either change the column back, or raise the stream\'s version in "topic_versions" to write to a new topic with the new schema.';

/** Refuses what would break readers, before a single schema is registered or record written. */
async function verify(registry: SchemaRegistry, plan: StreamPlan, subject: string, schema: AvroRecord): Promise<void> {
  const latest = await registry.latest(subject);
  if (latest === undefined) return;
  const own = incompatibleColumns(latest.schema, schema).map(({ column, reason }) => `column "${column}": ${reason}`);
  const reasons = own.length > 0 ? own : await registry.incompatibilities(subject, schema);
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

/** Sets BACKWARD where nothing protects the subject yet: a registry's default may be NONE. */
async function register(registry: SchemaRegistry, subject: string, schema: AvroRecord): Promise<number> {
  const id = await registry.register(subject, schema);
  const compatibility = (await registry.compatibility(subject)) ?? 'NONE';
  if (compatibility === 'NONE') await registry.setCompatibility(subject, 'BACKWARD');
  return id;
}

/** Registers the key and value schemas of every stream: all are verified before the first one is registered. */
export async function registerSchemas(
  registry: SchemaRegistry,
  plans: readonly StreamPlan[],
): Promise<ReadonlyMap<StreamPlan, SchemaIds>> {
  for (const plan of plans) {
    const { keySchema, valueSchema } = plan.mapping;
    if (keySchema !== undefined) await verify(registry, plan, `${plan.topic}-key`, keySchema);
    await verify(registry, plan, `${plan.topic}-value`, valueSchema);
  }
  const ids = new Map<StreamPlan, SchemaIds>();
  for (const plan of plans) {
    const { keySchema, valueSchema } = plan.mapping;
    const key = keySchema === undefined ? undefined : await register(registry, `${plan.topic}-key`, keySchema);
    ids.set(plan, { key, value: await register(registry, `${plan.topic}-value`, valueSchema) });
  }
  return ids;
}

export async function registerControlSchemas(registry: SchemaRegistry): Promise<{ key: number; value: number }> {
  return {
    key: await register(registry, CONTROL_KEY_SUBJECT, controlKeySchema),
    value: await register(registry, CONTROL_VALUE_SUBJECT, controlValueSchema),
  };
}
