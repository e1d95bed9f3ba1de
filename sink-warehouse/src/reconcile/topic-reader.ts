import { exactAvroType, FRAME_BYTES, isControlSchema, parseControl, type SchemaRegistry } from '@ewallet/avro';
import { readPartition, type Cluster, type RecordCursor } from '@ewallet/kafka';
import type { KeyRule } from '../tables/key-rule';
import type { SeenRecord } from './expected-rows';
import { RecordKeys } from './record-key';

type Range = Parameters<typeof readPartition>[1];

const GENERATION = '_airbyte_generation_id';

interface RecordsToRead {
  readonly rule: KeyRule;
  readonly range: Range;
  readonly skip: (offset: number) => boolean;
}

/**
 * Every committed record of a partition from `from` up to, not including, `to`, in order, but those that `skip` names:
 * dead letters may hold anything.
 */
export async function* readRecords(
  cluster: Cluster,
  registry: SchemaRegistry,
  { rule, range, skip }: RecordsToRead,
): AsyncGenerator<SeenRecord> {
  const schemas = new Map<number, ValueReader>();
  const readers = { partition: range.partition, registry, schemas, keys: new RecordKeys(registry, rule) };
  for await (const cursor of readPartition(cluster, range)) {
    if (!skip(cursor.offset)) yield await seenRecord(cursor, readers);
  }
}

type ValueReader = (value: Buffer) => Pick<SeenRecord, 'kind' | 'generation'>;

interface Readers {
  readonly partition: number;
  readonly registry: SchemaRegistry;
  readonly schemas: Map<number, ValueReader>;
  readonly keys: RecordKeys;
}

async function seenRecord(cursor: RecordCursor, { partition, registry, schemas, keys }: Readers): Promise<SeenRecord> {
  const place = { partition, offset: cursor.offset };
  if (cursor.valueStart < 0) return { ...place, key: await keys.of(cursor), kind: 'tombstone', generation: undefined };
  const id = cursor.bytes.readUInt32BE(cursor.valueStart + 1);
  let reader = schemas.get(id);
  if (reader === undefined) schemas.set(id, (reader = valueReader(await registry.schemaById(id))));
  const read = reader(cursor.bytes.subarray(cursor.valueStart + FRAME_BYTES, cursor.valueEnd));
  return { ...place, key: read.kind === 'row' ? await keys.of(cursor) : undefined, ...read };
}

function valueReader(schema: unknown): ValueReader {
  const described = schema as { name?: unknown; namespace?: unknown; fields?: { name?: unknown }[] };
  const type = exactAvroType(schema);
  if (isControlSchema(described)) {
    return (value) => ({ kind: 'generation-end', generation: parseControl(type.fromBuffer(value)).generationId });
  }
  if (described.fields?.some((field) => field.name === GENERATION) !== true)
    return () => ({ kind: 'row', generation: undefined });
  return (value) => {
    const generation = (type.fromBuffer(value) as Record<string, unknown>)[GENERATION];
    return { kind: 'row', generation: BigInt(generation as number | bigint) };
  };
}
