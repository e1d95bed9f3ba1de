import type Cluster from 'kafkajs/src/cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { decompress, exactAvroType, FRAME_BYTES, parseControl, type SchemaRegistry } from '@ewallet/avro';
import { AbortedTransactionFilter } from '../kafka/aborted-transactions';
import { groupByLeader } from '../kafka/cluster';
import { fetchFrom } from '../kafka/fetch';
import { readRecordBatchHeader, RecordCursor } from '../kafka/record-batch';
import type { KeyRule } from '../tables/key-rule';
import type { SeenRecord } from './expected-rows';
import { RecordKeys } from './record-key';

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const FETCH = { maxWaitMs: 500, minBytes: 1, maxBytes: 8_388_608, maxBytesPerPartition: 8_388_608 };
const GENERATION = '_airbyte_generation_id';

/**
 * Every committed record of a partition from `from` up to, not including, `to`, in order, but those that `skip` names:
 * dead letters may hold anything.
 */
export async function* readRecords(
  cluster: Cluster,
  registry: SchemaRegistry,
  rule: KeyRule,
  range: Range,
  skip: (offset: number) => boolean,
): AsyncGenerator<SeenRecord> {
  const { topic, partition, to } = range;
  const cursor = new RecordCursor();
  const schemas = new Map<number, ValueReader>();
  const keys = new RecordKeys(registry, rule);
  let offset = range.from;
  while (offset < to) {
    const [leader] = groupByLeader(cluster, [range]).keys();
    if (leader === undefined) {
      await sleep(250);
      await cluster.refreshMetadata();
      continue;
    }
    const broker = await cluster.findBroker({ nodeId: leader });
    const [fetched] = await fetchFrom(broker, { ...FETCH, partitions: [{ topic, partition, offset }] });
    if (fetched?.errorCode !== 0)
      throw new Error(`${topic} partition ${partition}: error code ${fetched?.errorCode ?? -1}`);
    const filter = new AbortedTransactionFilter(fetched.aborted);
    for (let position = 0; ;) {
      const header = readRecordBatchHeader(fetched.records, position);
      if (header === undefined) break;
      position = header.end;
      const admitted = filter.admits(header);
      const start = offset;
      offset = Math.max(offset, header.lastOffset + 1);
      if (!admitted || header.lastOffset < start) continue;
      const compressed = fetched.records.subarray(header.recordsStart, header.end);
      cursor.open(header, await decompress(header.codec, compressed));
      while (cursor.next()) {
        if (cursor.offset < start || cursor.offset >= to || skip(cursor.offset)) continue;
        yield await seenRecord(cursor, partition, registry, schemas, keys);
      }
    }
  }
}

type ValueReader = (value: Buffer) => Pick<SeenRecord, 'kind' | 'generation'>;

async function seenRecord(
  cursor: RecordCursor,
  partition: number,
  registry: SchemaRegistry,
  schemas: Map<number, ValueReader>,
  keys: RecordKeys,
): Promise<SeenRecord> {
  const place = { partition, offset: cursor.offset };
  if (cursor.valueStart < 0) return { ...place, key: await keys.of(cursor), kind: 'tombstone', generation: undefined };
  const id = cursor.bytes.readUInt32BE(cursor.valueStart + 1);
  let reader = schemas.get(id);
  if (reader === undefined) schemas.set(id, (reader = valueReader(await registry.schemaById(id))));
  const read = reader(cursor.bytes.subarray(cursor.valueStart + FRAME_BYTES, cursor.valueEnd));
  return { ...place, key: read.kind === 'row' ? await keys.of(cursor) : undefined, ...read };
}

function valueReader(schema: unknown): ValueReader {
  const { name, namespace, fields } = schema as { name?: unknown; namespace?: unknown; fields?: { name?: unknown }[] };
  const type = exactAvroType(schema);
  if (namespace === 'ewallet' && name === 'ControlValue') {
    return (value) => ({ kind: 'generation-end', generation: parseControl(type.fromBuffer(value)).generationId });
  }
  if (fields?.some((field) => field.name === GENERATION) !== true)
    return () => ({ kind: 'row', generation: undefined });
  return (value) => {
    const generation = (type.fromBuffer(value) as Record<string, unknown>)[GENERATION];
    return { kind: 'row', generation: BigInt(generation as number | bigint) };
  };
}
