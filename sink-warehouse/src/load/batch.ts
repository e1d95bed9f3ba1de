import { partitionKey, type TopicPartition } from '@ewallet/kafka';
import type { RecordOrigin } from '../avro/record-origin';
import type { TableName } from '../tables/table-name';
import type { TableTarget } from './table-target';
import type { RawBatch } from './row-buffer';
import { TableBatch } from './table-batch';

/** A record that cannot land, as it came, and why. */
export interface DeadLetter extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
  readonly stage: 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'TASK_PUT';
  readonly errorClass: string;
  readonly errorMessage: string;
}

/** Overwrite: rows of older generations below `offset` are gone. */
export interface GenerationEnd extends TopicPartition {
  readonly name: TableName;
  readonly offset: number;
  readonly generationId: bigint;
}

/** How far the batch takes one partition. */
export interface Progress extends TopicPartition {
  readonly from: number;
  next: number;
  records: number;
  /** Of the record that waited longest, as far as one was looked at. */
  oldest?: RecordOrigin | undefined;
  /** The syncs that wrote the records, where they are traced. */
  readonly traces: Map<string, RecordTrace>;
}

/** The trace that a record belongs to, by its headers. */
export interface RecordTrace {
  /** W3C's `traceparent`. */
  readonly parent: string;
  /** Airbyte's sync id. */
  readonly syncId: string | undefined;
}

/** What the first record of one of Kafka's batches says of all of them. */
export interface Seen {
  readonly origin?: RecordOrigin | undefined;
  readonly trace?: RecordTrace | undefined;
}

/** What one of Kafka's batches brought: offsets from `from` to before `next`. */
interface Reached {
  readonly from: number;
  readonly next: number;
  readonly records: number;
  readonly seen: Seen;
}

/** Everything that one warehouse transaction will hold: rows of any number of tables, and the offsets they came from. */
export class Batch {
  readonly tables = new Map<TableTarget, TableBatch>();
  readonly progress = new Map<string, Progress>();
  readonly deadLetters: DeadLetter[] = [];
  readonly generationEnds: GenerationEnd[] = [];
  readonly rawBatches: RawBatch[] = [];
  /** Bytes of Kafka records that are kept until the commit. */
  rawBytes = 0;
  records = 0;
  /** When the first record came, in milliseconds of a monotonic clock. */
  openedAt = 0;
  private used: TableBatch[] = [];

  get isEmpty(): boolean {
    return this.progress.size === 0;
  }

  get bytes(): number {
    let bytes = this.rawBytes;
    for (const table of this.used) bytes += table.bytes;
    return bytes;
  }

  /** The rows for a table; made at its first record. */
  table(target: TableTarget): TableBatch {
    let table = this.tables.get(target);
    if (table === undefined) {
      table = new TableBatch(target);
      this.tables.set(target, table);
    }
    if (table.isEmpty && !this.used.includes(table)) this.used.push(table);
    return table;
  }

  /** Tables that this batch has something for. */
  get usedTables(): readonly TableBatch[] {
    return this.used.filter((table) => !table.isEmpty);
  }

  /** Keeps the bytes that rows are made from, as a row that the warehouse refuses is reported as Kafka had it. */
  keepRaw(raw: RawBatch): number {
    this.rawBatches.push(raw);
    this.rawBytes += raw.bytes.length;
    return this.rawBatches.length - 1;
  }

  /** `from` counts for the first call of a partition only. */
  reach(partition: TopicPartition, { from, next, records, seen: { origin, trace } }: Reached): void {
    const key = partitionKey(partition);
    const known = this.progress.get(key);
    if (known === undefined) {
      this.progress.set(key, {
        topic: partition.topic,
        partition: partition.partition,
        from,
        next,
        records,
        oldest: origin,
        traces: new Map(trace === undefined ? [] : [[trace.parent, trace]]),
      });
      return;
    }
    known.next = next;
    known.records += records;
    if (origin !== undefined && origin.at < (known.oldest?.at ?? Infinity)) known.oldest = origin;
    if (trace !== undefined) known.traces.set(trace.parent, trace);
  }

  /** Leaves out everything of a topic, its progress too: it will be read again. */
  drop(topic: string): void {
    for (const [target, table] of this.tables) {
      if (target.topic !== topic) continue;
      this.tables.delete(target);
      this.used = this.used.filter((used) => used !== table);
    }
    for (const [key, progress] of this.progress) {
      if (progress.topic !== topic) continue;
      this.records -= progress.records;
      this.progress.delete(key);
    }
    removeOf(this.deadLetters, topic);
    removeOf(this.generationEnds, topic);
  }

  /** Empties the batch for the next transaction; the buffers stay. */
  clear(): void {
    for (const table of this.used) table.clear();
    this.used = [];
    this.progress.clear();
    this.deadLetters.length = 0;
    this.generationEnds.length = 0;
    this.rawBatches.length = 0;
    this.rawBytes = 0;
    this.records = 0;
  }
}

function removeOf(list: TopicPartition[], topic: string): void {
  const others = list.filter((entry) => entry.topic !== topic);
  list.splice(0, list.length, ...others);
}
