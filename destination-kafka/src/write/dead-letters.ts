import { displayName, NAMESPACE_HEADER, STREAM_HEADER, SYNC_ID_HEADER, type StreamName } from '@ewallet/avro';
import { BATCH_HEADER_BYTES, BatchBuilder, type Span } from '@ewallet/kafka';
import { encodeHeaders } from '../encode/record-headers';
import type { TopicWriter } from '../kafka/topic-writer';

/** Why a record lies here, for people. */
const REASON_HEADER = 'reason';
/** Bytes of the Airbyte line; differs from the value's length where the line itself was too large to keep. */
const LINE_BYTES_HEADER = 'line_bytes';

function span(bytes: Buffer): Span {
  return { bytes, start: 0, end: bytes.length };
}

/**
 * Records that could not be written as they are: the Airbyte line as it came, in the same transaction as the records
 * around it. The key is the stream's name, so that a compacted topic accepts it and one stream's letters stay in order.
 */
export class DeadLetters {
  private total = 0;

  constructor(
    private readonly topic: TopicWriter,
    private readonly maxRecordBytes: number,
  ) {}

  get count(): number {
    return this.total;
  }

  get openBytes(): number {
    return this.topic.openBytes;
  }

  add(stream: StreamName, syncId: number | undefined, line: Buffer, reason: string): void {
    const key = Buffer.from(displayName(stream));
    const headers = encodeHeaders([
      [STREAM_HEADER, stream.name],
      ...(stream.namespace === undefined ? [] : [[NAMESPACE_HEADER, stream.namespace] as const]),
      ...(syncId === undefined ? [] : [[SYNC_ID_HEADER, String(syncId)] as const]),
      [REASON_HEADER, reason],
      [LINE_BYTES_HEADER, String(line.length)],
    ]);
    const room = this.maxRecordBytes - BATCH_HEADER_BYTES - BatchBuilder.recordBytes(key.length, 0, headers.length);
    const value = line.length <= room ? line : line.subarray(0, Math.max(room, 0));
    this.topic.append(span(key), 0, span(value), span(headers));
    this.total += 1;
  }

  flush(): void {
    this.topic.flush();
  }
}
