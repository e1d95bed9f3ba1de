import { Failure } from '@ewallet/failure';
import type { AvroRecord } from './record-schema';

/**
 * Overwrite on a log. When a sync with sync mode overwrite has delivered a stream completely, the destination writes
 * one control record to every partition of the topic, in the same transaction as the last STATE: header `control:
 * generation_complete`, an Avro key and value of the schemas below. It says: "rows of this topic and partition whose
 * `_airbyte_generation_id` is not `generation_id`, at offsets below mine, are gone". A sink deletes them there and then;
 * until that moment readers keep the complete old generation.
 *
 * The key is not null, so that a compacted topic accepts the record and keeps the newest one of each partition; the
 * value is not null, so that compaction never expires it as it would a tombstone.
 */
export const GENERATION_COMPLETE = 'generation_complete';

/** Registered under these subjects, once per registry. */
export const CONTROL_KEY_SUBJECT = 'ewallet.control-key';
export const CONTROL_VALUE_SUBJECT = 'ewallet.control-value';

export const controlKeySchema: AvroRecord = {
  type: 'record',
  name: 'ControlKey',
  namespace: 'ewallet',
  fields: [{ name: 'control', type: 'string' }],
};

export const controlValueSchema: AvroRecord = {
  type: 'record',
  name: 'ControlValue',
  namespace: 'ewallet',
  fields: [
    { name: 'control', type: 'string' },
    { name: 'generation_id', type: 'long' },
    { name: 'completed_at', type: { type: 'long', logicalType: 'timestamp-micros' } },
  ],
};

/** Whether a writer's schema is that of control values. */
export function isControlSchema({
  name,
  namespace,
}: {
  readonly name?: unknown;
  readonly namespace?: unknown;
}): boolean {
  return name === controlValueSchema.name && namespace === controlValueSchema.namespace;
}

export interface Control {
  readonly kind: typeof GENERATION_COMPLETE;
  readonly generationId: bigint;
  readonly completedAtMicros: bigint;
}

/** A decoded control value (through `exactAvroType`) as a {@link Control}. */
export function parseControl(value: unknown): Control {
  const { control, generation_id, completed_at } = value as Record<string, unknown>;
  if (control !== GENERATION_COMPLETE) {
    throw Failure.system(
      `Unknown control record ${JSON.stringify(control)}: it was written by a later version of the destination; upgrade the reader first.`,
    );
  }
  return {
    kind: GENERATION_COMPLETE,
    generationId: BigInt(generation_id as number | bigint),
    completedAtMicros: BigInt(completed_at as number | bigint),
  };
}
