import { RecordCursor } from '@ewallet/kafka';
import type { Batch, DeadLetter } from './batch';
import type { RawBatch } from './row-buffer';
import { deleteRow, isDelete, type RowReference, type TableBatch } from './table-batch';

type RawRecord = Omit<DeadLetter, 'stage' | 'errorClass' | 'errorMessage'>;

/** The record that a row was made from, as Kafka had it. */
export function recordOf(batch: Batch, table: TableBatch, reference: RowReference): RawRecord {
  const source = isDelete(reference) ? table.deletes.sourceOf(deleteRow(reference)) : table.upserts.sourceOf(reference);
  const raw = batch.rawBatches[source.rawBatch];
  if (raw === undefined) throw new RangeError(`row ${reference} has no record`);
  const cursor = new RecordCursor();
  cursor.reopen(raw.header, raw.bytes, source.start);
  return rawRecord(raw, cursor);
}

/** A copy of the record that the cursor is at. */
export function rawRecord(raw: Pick<RawBatch, 'topic' | 'partition'>, cursor: RecordCursor): RawRecord {
  const copy = (start: number, end: number) => (start < 0 ? null : Buffer.from(cursor.bytes.subarray(start, end)));
  return {
    topic: raw.topic,
    partition: raw.partition,
    offset: cursor.offset,
    timestamp: cursor.timestamp,
    key: copy(cursor.keyStart, cursor.keyEnd),
    value: copy(cursor.valueStart, cursor.valueEnd),
    headers: cursor.headers().map(({ name, value }) => ({ name, value: value === null ? null : Buffer.from(value) })),
  };
}
