import { FRAME_BYTES } from '@ewallet/avro';
import type { RecordCursor } from '@ewallet/kafka';
import type { KeyEncoder, RecordEncoder, TableTarget } from './table-target';
import type { LandingColumn } from '../tables/layout';
import { GrowingBuffer } from '../bytes/growing-buffer';
import { KeyIndex } from './key-index';
import { NO_ROW, RowBuffer } from './row-buffer';

/** Rows of one width: a COPY names its columns, so a layout that grew begins a new segment. */
interface Segment {
  readonly firstRow: number;
  readonly width: number;
}

/** Tombstones whose keys have the same types, and so the same COPY form. */
interface KeySegment {
  readonly firstRow: number;
  readonly key: readonly LandingColumn[];
}

/** Everything before the offset of a row: the same bytes for each record of a partition. */
export interface Lineage {
  readonly prefix: Buffer;
}

export function lineageOf(topic: string, partition: number): Lineage {
  const name = Buffer.from(topic);
  const prefix = Buffer.alloc(4 + name.length + 8 + 4);
  prefix.writeInt32BE(name.length, 0);
  name.copy(prefix, 4);
  prefix.writeInt32BE(4, 4 + name.length);
  prefix.writeInt32BE(partition, 8 + name.length);
  prefix.writeInt32BE(8, 12 + name.length); // the length of the offset, which follows
  return { prefix };
}

/** A row of the batch: an upsert's number, or minus one less a delete's. */
export type RowReference = number;

export function isDelete(reference: RowReference): boolean {
  return reference < 0;
}

export function deleteRow(reference: RowReference): number {
  return -1 - reference;
}

/** A record, and the number of the batch of Kafka's that it came in. */
interface TakenRecord {
  readonly record: RecordCursor;
  readonly rawBatch: number;
}

/**
 * What one warehouse transaction does to one table. Of each key only the last record is live, whether a row or a
 * tombstone: ON CONFLICT refuses a key twice in a statement, and the last offset wins.
 */
export class TableBatch {
  readonly upserts = new RowBuffer();
  readonly deletes = new RowBuffer();
  readonly segments: Segment[] = [];
  readonly keySegments: KeySegment[] = [];
  private readonly keys = new KeyIndex();
  private readonly identity = new GrowingBuffer(256);

  constructor(readonly target: TableTarget) {}

  get bytes(): number {
    return this.upserts.out.length + this.deletes.out.length;
  }

  get isEmpty(): boolean {
    return this.upserts.count === 0 && this.deletes.count === 0;
  }

  /** @throws RangeError when the record's bytes do not fit its schema; the batch is then as it was. */
  upsert(encoder: RecordEncoder, lineage: Lineage, schemaId: number, { record, rawBatch }: TakenRecord): void {
    const { out } = this.upserts;
    const start = out.length;
    const width = encoder.width;
    try {
      out.int16(width);
      out.copy(lineage.prefix, 0, lineage.prefix.length);
      out.int64(record.offset);
      out.int32(4);
      out.int32(schemaId);
      encoder.encode(record, out);
    } catch (error) {
      out.length = start;
      throw error;
    }
    if (this.segments.at(-1)?.width !== width) this.segments.push({ firstRow: this.upserts.count, width });
    const row = this.upserts.add(start, rawBatch, record.start, this.deletes.count);
    if (this.target.isKeyed)
      this.replace(record, encoder, row, (previous) => {
        this.upserts.follow(row, previous);
      });
  }

  /** A tombstone: the key's row goes. */
  delete(encoder: KeyEncoder, record: RecordCursor, rawBatch: number): void {
    const { out } = this.deletes;
    const start = out.length;
    try {
      encoder.encode(record, out);
    } catch (error) {
      out.length = start;
      throw error;
    }
    const { key } = encoder;
    if (this.keySegments.at(-1)?.key !== key) this.keySegments.push({ firstRow: this.deletes.count, key });
    const row = this.deletes.add(start, rawBatch, record.start, this.upserts.count);
    this.replace(record, encoder, -1 - row, (previous) => {
      this.deletes.follow(row, previous);
    });
  }

  /** The row before `reference` in its key's history within this batch. */
  previousOf(reference: RowReference): RowReference | undefined {
    const previous = isDelete(reference)
      ? this.deletes.previousOf(deleteRow(reference))
      : this.upserts.previousOf(reference);
    return previous === NO_ROW ? undefined : previous;
  }

  clear(): void {
    this.upserts.clear();
    this.deletes.clear();
    this.keys.clear();
    this.segments.length = 0;
    this.keySegments.length = 0;
  }

  private replace(
    record: RecordCursor,
    encoder: RecordEncoder | KeyEncoder,
    reference: RowReference,
    follow: (previous: RowReference) => void,
  ): void {
    const previous = this.remember(record, encoder, reference);
    if (previous === undefined) return;
    follow(previous);
    if (isDelete(previous)) this.deletes.bury(deleteRow(previous));
    else this.upserts.bury(previous);
  }

  private remember(
    record: RecordCursor,
    encoder: RecordEncoder | KeyEncoder,
    reference: RowReference,
  ): RowReference | undefined {
    const { identity } = this;
    if (encoder.identity !== undefined) {
      identity.length = 0;
      encoder.identity(record, identity);
      return this.keys.put(identity.bytes, 0, identity.length, reference);
    }
    // The schema id before the key's bytes may differ between records of the same key, so it is left out.
    return this.keys.put(record.bytes, record.keyStart + FRAME_BYTES, record.keyEnd, reference);
  }
}
