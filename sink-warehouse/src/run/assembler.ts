import { setImmediate as nextTurn } from 'node:timers/promises';
import { isFailure } from '@ewallet/failure';
import { FRAME_BYTES, SYNC_ID_HEADER } from '@ewallet/avro';
import {
  AbortedTransactionFilter,
  decompress,
  type FetchedPartition,
  partitionKey,
  readRecordBatchHeader,
  RecordCursor,
  type TopicPartition,
} from '@ewallet/kafka';
import { TRACE_HEADER } from '@ewallet/tracing';
import type { RecordOrigin } from '../avro/record-origin';
import type { Batch, DeadLetter, RecordTrace, Seen } from '../load/batch';
import { rawRecord } from '../load/raw-record';
import { lineageOf, type Lineage } from '../load/table-batch';
import { shownTable } from '../tables/table-name';
import { TopicTrouble } from '../load/topic-trouble';
import type { TableTarget } from '../load/table-target';
import type { TopicDecision } from '../tables/topic-decision';
import type { HeldPartition } from './held-partition';
import type { TopicTables } from './topic-tables';
import type { WriterSchemas } from './writer-schemas';

export interface AssemblerOptions {
  readonly deleteEnabled: boolean;
  /** Whether records say which trace they belong to. */
  readonly isTraced: boolean;
}

/** Where records of one of Kafka's batches come from and go to: made once per batch, not once per record. */
interface Place {
  readonly batch: Batch;
  readonly topic: string;
  readonly partition: number;
  readonly rawBatch: number;
  /** The record that is looked at. */
  readonly record: RecordCursor;
}

const NO_KEY = -1;
/** Every record of our destination has this field. */
const EXTRACTED_AT = '_airbyte_extracted_at';

/** Turns what was fetched into rows of a batch, record after record, in the order of the offsets. */
export class Assembler {
  private readonly cursor = new RecordCursor();
  private readonly lineages = new Map<string, Lineage>();
  private latest: (TopicPartition & { readonly lineage: Lineage }) | undefined;

  constructor(
    private readonly schemas: WriterSchemas,
    private readonly tables: TopicTables,
    private readonly options: AssemblerOptions,
  ) {}

  /**
   * @param full is asked after each of Kafka's batches and returns the batch to continue with: this one, or a new one
   * @throws TopicTrouble where the topic cannot land as it is configured; the batch may hold some of its rows
   */
  async add(
    fetched: FetchedPartition,
    held: HeldPartition,
    batch: Batch,
    full: (batch: Batch) => Promise<Batch>,
  ): Promise<Batch> {
    const { topic, partition, records } = fetched;
    const filter = new AbortedTransactionFilter(fetched.aborted);
    let target = batch;
    for (let position = 0; ;) {
      const header = readRecordBatchHeader(records, position);
      if (header === undefined) return target;
      position = header.end;
      const admitted = filter.admits(header);
      if (header.lastOffset < held.takenTo) continue;
      const from = held.takenTo;
      let count = 0;
      let seen: Seen = {};
      if (admitted) {
        const bytes = await decompress(header.codec, records.subarray(header.recordsStart, header.end));
        const rawBatch = target.keepRaw({ topic, partition, header, bytes });
        const place = { batch: target, topic, partition, rawBatch, record: this.cursor };
        this.cursor.open(header, bytes);
        try {
          while (!held.isParked && this.cursor.next()) {
            if (this.cursor.offset < from) continue; // the batch began below where the warehouse stands
            count += 1;
            await this.addRecord(place);
            if (count === 1) seen = { origin: this.origin(), trace: this.trace() };
          }
        } catch (error) {
          throw isFailure(error) && error.kind === 'config_error' ? new TopicTrouble(topic, error) : error;
        }
      }
      if (held.isParked) {
        target.drop(topic);
        return target;
      }
      target.records += count;
      held.takenTo = header.lastOffset + 1;
      target.reach(held, { from, next: held.takenTo, records: count, seen });
      target = await full(target);
      await nextTurn(); // heartbeats and the answers of broker and warehouse have their turn
    }
  }

  /** The topic is parked: what was learnt of its table may be what is wrong. */
  forget(topic: string): void {
    this.tables.forget(topic);
  }

  /** Follows what the warehouse decided: which table a topic fills, and whether its records have keys. */
  learn(decisions: readonly TopicDecision[]): void {
    this.tables.learn(decisions);
  }

  /** Awaits only where a schema is new, which is once per schema: one promise per record would cost more than its row. */
  private addRecord(place: Place): Promise<void> | undefined {
    const { batch, topic, partition, record: cursor } = place;
    const table = this.tables.get(topic);
    const fits = table !== undefined && !(table.refusesKeys && cursor.keyStart >= 0);
    if (fits && cursor.valueStart >= 0 && cursor.bytes[cursor.valueStart] === 0) {
      const valueId = schemaId(cursor.bytes, cursor.valueStart, cursor.valueEnd);
      const keyId = table.readsKey ? schemaId(cursor.bytes, cursor.keyStart, cursor.keyEnd) : NO_KEY;
      const encoder = valueId === undefined || keyId === undefined ? undefined : table.encoder(keyId, valueId);
      if (encoder !== undefined && valueId !== undefined) {
        try {
          batch.table(table).upsert(encoder, this.lineage(topic, partition), valueId, place);
        } catch (error) {
          this.putAside(place, 'VALUE_CONVERTER', error);
        }
        return undefined;
      }
    }
    return this.addWithLookup(place);
  }

  /** Everything rare: tombstones, control records, schemas not seen yet, and records that are no Avro. */
  private async addWithLookup(place: Place): Promise<void> {
    const { batch, topic, partition, record: cursor } = place;
    const { bytes } = cursor;
    const keyId = this.tables.readsKeys ? schemaId(bytes, cursor.keyStart, cursor.keyEnd) : undefined;
    if (this.tables.readsKeys && cursor.keyStart >= 0 && keyId === undefined) {
      this.putAside(place, 'KEY_CONVERTER', new RangeError('the key is not in Confluent’s wire format'));
      return;
    }
    if (cursor.valueStart < 0) {
      if (this.options.deleteEnabled && keyId !== undefined) await this.addTombstone(place, keyId);
      return;
    }
    const valueId = schemaId(bytes, cursor.valueStart, cursor.valueEnd);
    if (valueId === undefined) {
      this.putAside(place, 'VALUE_CONVERTER', new RangeError('the value is not in Confluent’s wire format'));
      return;
    }
    const value = await this.lookUp(place, 'VALUE_CONVERTER', valueId);
    if (value === undefined) return;
    if (value.kind === 'control') {
      const { generationId } = value.read(bytes, cursor.valueStart + FRAME_BYTES, cursor.valueEnd);
      const { name } = this.tables.name(topic, cursor, { schemaStream: undefined, isOurs: true });
      batch.generationEnds.push({ name, topic, partition, offset: cursor.offset, generationId });
      return;
    }
    if (value.kind === 'single') {
      this.putAside(place, 'VALUE_CONVERTER', new RangeError('the value is no Avro record'));
      return;
    }
    const isOurs = value.schema.columns.some(({ name }) => name === EXTRACTED_AT);
    const table =
      this.tables.get(topic) ?? (await this.tables.open(topic, cursor, { schemaStream: value.stream, isOurs }));
    if (table.refusesKeys && keyId !== undefined) {
      this.putAside(place, 'KEY_CONVERTER', unexpectedKey(table));
      return;
    }
    if (table.readsKey && keyId === undefined) {
      this.putAside(place, 'KEY_CONVERTER', new RangeError('the record has no key'));
      return;
    }
    const key = keyId === undefined ? undefined : await this.lookUp(place, 'KEY_CONVERTER', keyId);
    if (keyId !== undefined && key === undefined) return;
    const keySchema = key === undefined || key.kind === 'control' || !table.readsKey ? undefined : key.schema;
    const encoder = table.prepare(table.readsKey ? (keyId ?? NO_KEY) : NO_KEY, keySchema, valueId, value.schema);
    try {
      batch.table(table).upsert(encoder, this.lineage(topic, partition), valueId, place);
    } catch (error) {
      this.putAside(place, 'VALUE_CONVERTER', error);
    }
  }

  private async addTombstone(place: Place, keyId: number): Promise<void> {
    const { batch, topic, rawBatch, record } = place;
    const key = await this.lookUp(place, 'KEY_CONVERTER', keyId);
    if (key === undefined || key.kind === 'control') return;
    const table =
      this.tables.get(topic) ?? (await this.tables.open(topic, record, { schemaStream: key.stream, isOurs: false }));
    if (table.refusesKeys) {
      this.putAside(place, 'KEY_CONVERTER', unexpectedKey(table));
      return;
    }
    if (!table.readsKey) return;
    const encoder = table.keyEncoder(keyId) ?? table.prepareKey(keyId, key.schema);
    try {
      batch.table(table).delete(encoder, record, rawBatch);
    } catch (error) {
      this.putAside(place, 'KEY_CONVERTER', error);
    }
  }

  /** A schema that the registry does not know makes the record undecodable; a registry that does not answer is no fault of the record. */
  private async lookUp(place: Place, stage: DeadLetter['stage'], id: number) {
    const known = this.schemas.get(id);
    if (known !== undefined) return known;
    try {
      return await this.schemas.load(id);
    } catch (error) {
      if (!isFailure(error) || error.kind === 'transient_error') throw error;
      this.putAside(place, stage, error);
      return undefined;
    }
  }

  private putAside({ batch, topic, partition, record }: Place, stage: DeadLetter['stage'], error: unknown): void {
    // What our own decoder says (RangeError) and the registry's refusals (Failure) hold no value of the record; anything
    // else is a fault of the sink and must not be taken for a bad record.
    if (!(error instanceof RangeError) && !isFailure(error)) throw error;
    batch.deadLetters.push({
      ...rawRecord({ topic, partition }, record),
      stage,
      errorClass: stage === 'TASK_PUT' ? 'RejectedRecord' : 'DataException',
      errorMessage: error.message,
    });
  }

  /**
   * Where the record comes from; asked of the first in each of Kafka's batches, which waited longest. A record that is set
   * aside says nothing, and that is no fault.
   */
  private origin(): RecordOrigin | undefined {
    const { bytes, valueStart, valueEnd } = this.cursor;
    const id = schemaId(bytes, valueStart, valueEnd);
    const known = id === undefined ? undefined : this.schemas.get(id);
    if (known?.kind !== 'rows') return undefined;
    try {
      return known.origin.read(bytes, valueStart + FRAME_BYTES, valueEnd);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** A batch is of one sync: what its first record says holds for all. */
  private trace(): RecordTrace | undefined {
    if (!this.options.isTraced) return undefined;
    const headers = this.cursor.headers();
    const header = (name: string) => headers.find((entry) => entry.name === name)?.value?.toString('latin1');
    const parent = header(TRACE_HEADER);
    return parent === undefined ? undefined : { parent, syncId: header(SYNC_ID_HEADER) };
  }

  private lineage(topic: string, partition: number): Lineage {
    // Asked for each record: a key made of text for each of them took 5 % of the sink's time.
    if (this.latest?.partition === partition && this.latest.topic === topic) return this.latest.lineage;
    const key = partitionKey({ topic, partition });
    let lineage = this.lineages.get(key);
    if (lineage === undefined) {
      lineage = lineageOf(topic, partition);
      this.lineages.set(key, lineage);
    }
    this.latest = { topic, partition, lineage };
    return lineage;
  }
}

function unexpectedKey({ name, topic, decision }: TableTarget): RangeError {
  return new RangeError(
    `the record has a key, and ${shownTable(name)} is appended to, as the records of ${topic} had none when it was made (sink.tables.keyed of connector ${decision.connector}); write records with keys to a topic of their own`,
  );
}

function schemaId(bytes: Buffer, start: number, end: number): number | undefined {
  if (start < 0 || end - start < FRAME_BYTES || bytes[start] !== 0) return undefined;
  return bytes.readUInt32BE(start + 1);
}
