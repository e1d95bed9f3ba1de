import { Failure } from '@ewallet/failure';
import { displayName, FRAME_BYTES, frameHeader, type StreamName } from '@ewallet/avro';
import { BATCH_HEADER_BYTES, BatchBuilder, type Span } from '@ewallet/kafka';
import type { Config } from '../config/config';
import { RecordEncoder } from '../encode/record-encoder';
import type { RecordHeaders } from '../encode/record-headers';
import { Transcoder } from '../encode/transcoder';
import type { TopicWriter } from '../kafka/topic-writer';
import type { DeadLetters } from './dead-letters';
import type { SchemaIds } from './schemas';
import type { StreamPlan } from './stream-plan';

/** Records since the stream's state before, which is what the platform's checksum compares. */
export interface RecordCounts {
  readonly written: number;
  readonly rejected: number;
}

interface EncodedRecord {
  readonly key: Span | undefined;
  readonly value: Span;
  readonly identity: Span;
  readonly isDeletion: boolean;
}

/** Where a stream's records go, and what happens to those that cannot. */
interface StreamTarget {
  readonly topic: TopicWriter;
  readonly maxRecordBytes: number;
  readonly deadLetters: DeadLetters;
  readonly config: Pick<Config, 'unfitValues' | 'oversizedRecords'>;
}

/** Turns one stream's RECORD lines into records of its topic. */
export class StreamWriter {
  private readonly topic: TopicWriter;
  private readonly maxRecordBytes: number;
  private readonly deadLetters: DeadLetters;
  private readonly config: StreamTarget['config'];
  private readonly transcoder: Transcoder;
  private readonly encoder: RecordEncoder;
  private readonly keyFrame: Buffer;
  private readonly valueFrame: Buffer;
  private written = 0;
  private rejected = 0;
  private ordinal = 0;
  private nulled = 0;

  constructor(
    readonly plan: StreamPlan,
    ids: SchemaIds,
    private readonly headers: RecordHeaders,
    { topic, maxRecordBytes, deadLetters, config }: StreamTarget,
  ) {
    this.topic = topic;
    this.maxRecordBytes = maxRecordBytes;
    this.deadLetters = deadLetters;
    this.config = config;
    const { syncId, generationId, mapping } = plan;
    this.keyFrame = frameHeader(ids.key ?? 0);
    this.valueFrame = frameHeader(ids.value);
    this.transcoder = new Transcoder(mapping, { key: this.keyFrame, value: this.valueFrame }, { syncId, generationId });
    this.encoder = new RecordEncoder(mapping, {
      syncId,
      generationId,
      unfitValues: config.unfitValues === 'null' ? 'null' : 'unfit_record',
    });
  }

  get stream(): StreamName {
    return this.plan.mapping.stream;
  }

  get openBytes(): number {
    return this.topic.openBytes;
  }

  /** Values that became null because they did not fit, in the whole sync. */
  get nulledValues(): number {
    return this.nulled;
  }

  /** The fast path's first half: see {@link Transcoder.encodeData}. */
  encodeData(source: Buffer, start: number, end: number): number {
    return this.transcoder.encodeData(source, start, end);
  }

  /** Its second half: what `encodeData` took, with its metadata, into the topic. */
  writeEncoded(line: Buffer, emittedAt: number): void {
    const transcoder = this.transcoder;
    transcoder.encodeMetadata(emittedAt);
    const keyed = this.plan.mapping.keyColumns.length > 0;
    const view = transcoder.valueView;
    this.append(line, {
      key: keyed ? { bytes: transcoder.key, start: 0, end: transcoder.keyEnd } : undefined,
      value: { bytes: transcoder.value, view, start: 0, end: transcoder.valueEnd },
      identity: { bytes: transcoder.value, view, start: FRAME_BYTES, end: transcoder.dataEnd },
      isDeletion: transcoder.isDeletion,
    });
  }

  /** @param line a RECORD message of this stream, `text` the same decoded */
  write(line: Buffer, text: string): void {
    const encoded = this.encoder.encode(line, text);
    if (encoded.kind === 'unfit') {
      if (this.config.unfitValues === 'fail') throw this.failure(encoded.reason);
      this.reject(line, encoded.reason);
      return;
    }
    this.nulled += encoded.nulled.length;
    const value = Buffer.concat([this.valueFrame, encoded.data, encoded.metadata]);
    const key = encoded.key === undefined ? undefined : Buffer.concat([this.keyFrame, encoded.key]);
    this.append(line, {
      key: key === undefined ? undefined : { bytes: key, start: 0, end: key.length },
      value: { bytes: value, start: 0, end: value.length },
      identity: { bytes: encoded.identity, start: 0, end: encoded.identity.length },
      isDeletion: encoded.isDeletion,
    });
  }

  private append(line: Buffer, { key, value, identity, isDeletion }: EncodedRecord): void {
    this.ordinal += 1;
    const ordinal = key === undefined ? this.ordinal : 0;
    const headers = this.headers.forRecord(identity, ordinal);
    const keyBytes = key === undefined ? 0 : key.end - key.start;
    const size = BATCH_HEADER_BYTES + BatchBuilder.recordBytes(keyBytes, value.end - value.start, headers.end);
    if (size > this.maxRecordBytes) {
      this.rejectOversized(line, size);
      return;
    }
    this.topic.append(key, FRAME_BYTES, value, headers);
    // Behind its value, in the same partition and transaction: a reader of every version has when, a reader by key has nothing.
    if (isDeletion && this.plan.deletesRows && key !== undefined) {
      this.topic.append(key, FRAME_BYTES, undefined, headers);
    }
    this.written += 1;
  }

  /** Hands over what is open and starts counting again: a state of this stream has come. */
  checkpoint(): RecordCounts {
    const counts = { written: this.written, rejected: this.rejected };
    this.written = 0;
    this.rejected = 0;
    this.ordinal = 0;
    return counts;
  }

  flush(): void {
    this.topic.flush();
  }

  private reject(line: Buffer, reason: string): void {
    this.deadLetters.add(this.stream, this.plan.syncId, line, reason);
    this.rejected += 1;
  }

  private rejectOversized(line: Buffer, size: number): void {
    const reason = `It takes ${size} bytes, and topic ${this.topic.topic} takes ${this.maxRecordBytes} (max.message.bytes).`;
    if (this.config.oversizedRecords === 'fail') {
      throw this.failure(
        `${reason} Raise the topic's max.message.bytes, or set \`oversized_records\` to "dead_letter".`,
      );
    }
    this.reject(line, reason);
  }

  private failure(reason: string): Failure {
    const { name, namespace } = this.stream;
    return Failure.config(`Stream ${displayName(this.stream)}: a record cannot be written. ${reason}`, {
      stream: namespace === undefined ? { name } : { name, namespace },
    });
  }
}
