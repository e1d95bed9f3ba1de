import { BATCH_HEADER_BYTES, BatchBuilder, type BatchBuffers, partitionOf, type Span } from '@ewallet/kafka';
import type { Outbox } from './outbox';

/** Bytes of a partition's first buffer; it grows where the stream is busy, and the next one begins as large. */
const FIRST_CAPACITY = 64 * 1024;

/** Where full batches go, and when one is full. */
interface BatchTarget {
  readonly outbox: Outbox;
  readonly batchBytes: number;
  /** Milliseconds. */
  readonly now: () => number;
  readonly buffers: BatchBuffers;
}

/**
 * One topic's open batches, one per partition. A key always goes to the same partition, by Kafka's own hash of its Avro
 * bytes; records without key fill one partition's batch and move on to the next.
 */
export class TopicWriter {
  private readonly outbox: Outbox;
  private readonly batchBytes: number;
  private readonly now: () => number;
  private readonly buffers: BatchBuffers;
  private readonly builders: (BatchBuilder | undefined)[];
  private readonly capacities: number[];
  private keyless = 0;
  private bytesOpen = 0;

  constructor(
    readonly topic: string,
    readonly partitions: number,
    { outbox, batchBytes, now, buffers }: BatchTarget,
  ) {
    this.outbox = outbox;
    this.batchBytes = batchBytes;
    this.now = now;
    this.buffers = buffers;
    this.builders = new Array<BatchBuilder | undefined>(partitions).fill(undefined);
    this.capacities = new Array<number>(partitions).fill(FIRST_CAPACITY);
  }

  /** Bytes in batches that are not handed over yet. */
  get openBytes(): number {
    return this.bytesOpen;
  }

  /** @param hashFrom where the bytes that choose the partition start inside the key: behind the schema id */
  append(key: Span | undefined, hashFrom: number, value: Span | undefined, headers: Span): void {
    const partition =
      key === undefined ? this.keyless : partitionOf(key.bytes, key.start + hashFrom, key.end, this.partitions);
    this.appendTo(partition, key, value, headers);
  }

  appendTo(partition: number, key: Span | undefined, value: Span | undefined, headers: Span): void {
    const bytes = BatchBuilder.recordBytes(
      key === undefined ? 0 : key.end - key.start,
      value === undefined ? 0 : value.end - value.start,
      headers.end - headers.start,
    );
    let builder = this.builders[partition];
    if (builder !== undefined && builder.size + bytes > this.batchBytes) {
      this.handOver(builder);
      builder = undefined;
      if (key === undefined) this.keyless = (this.keyless + 1) % this.partitions;
    }
    builder ??= this.open(partition, bytes);
    this.bytesOpen -= builder.size;
    builder.append(key, value, headers);
    this.bytesOpen += builder.size;
  }

  /** Hands every open batch over. */
  flush(): void {
    for (const builder of this.builders) if (builder !== undefined) this.handOver(builder);
  }

  private open(partition: number, bytes: number): BatchBuilder {
    const capacity = Math.max(this.capacities[partition] ?? FIRST_CAPACITY, BATCH_HEADER_BYTES + bytes);
    const builder = new BatchBuilder(this.topic, partition, capacity, this.buffers);
    this.builders[partition] = builder;
    this.bytesOpen += builder.size;
    return builder;
  }

  private handOver(builder: BatchBuilder): void {
    this.bytesOpen -= builder.size;
    this.builders[builder.partition] = undefined;
    this.capacities[builder.partition] = Math.min(Math.max(builder.size, FIRST_CAPACITY), this.batchBytes);
    this.outbox.add(builder.seal(this.now()));
  }
}
