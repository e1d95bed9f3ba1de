import {
  CONTROL_HEADER,
  displayName,
  NAMESPACE_HEADER,
  RECORD_ID_HEADER,
  STREAM_HEADER,
  SYNC_ID_HEADER,
  type StreamName,
} from '@ewallet/avro';
import { type Span, writeVarint } from '@ewallet/kafka';
import { TRACE_HEADER } from '@ewallet/tracing';
import { RECORD_ID_BYTES, writeRecordId } from './record-id';

type Header = readonly [key: string, value: string | Buffer];

/** Kafka's headers of one record: their count, then key and value, each behind its length. */
export function encodeHeaders(headers: readonly Header[]): Buffer {
  const scratch = Buffer.alloc(
    5 + headers.reduce((sum, [key, value]) => sum + 10 + Buffer.byteLength(key) + Buffer.byteLength(value), 0),
  );
  let at = writeVarint(scratch, 0, headers.length);
  for (const header of headers) {
    for (const part of header) {
      const bytes = Buffer.from(part as string);
      at = writeVarint(scratch, at, bytes.length);
      at += bytes.copy(scratch, at);
    }
  }
  return scratch.subarray(0, at);
}

function common(stream: StreamName, syncId: number | undefined): readonly Header[] {
  const { name, namespace } = stream;
  return [
    [STREAM_HEADER, name],
    ...(namespace === undefined || namespace === '' ? [] : [[NAMESPACE_HEADER, namespace] as const]),
    ...(syncId === undefined ? [] : [[SYNC_ID_HEADER, String(syncId)] as const]),
  ];
}

export function encodeControlHeaders(stream: StreamName, syncId: number | undefined, control: string): Buffer {
  return encodeHeaders([...common(stream, syncId), [CONTROL_HEADER, control]]);
}

/** FNV-1a of the stream's name. */
function seedOf(stream: StreamName): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(displayName(stream))) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** The headers of a stream's data records: constant but for the record id at their end, which is written in place. */
export class RecordHeaders {
  readonly span: Span;
  private readonly seed: number;
  private readonly idAt: number;

  /** @param trace W3C's `traceparent` of a sync that is traced */
  constructor(stream: StreamName, syncId: number | undefined, trace: string | undefined) {
    const traced = trace === undefined ? [] : [[TRACE_HEADER, trace] as const];
    const bytes = encodeHeaders([
      ...common(stream, syncId),
      ...traced,
      [RECORD_ID_HEADER, Buffer.alloc(RECORD_ID_BYTES)],
    ]);
    this.span = { bytes, start: 0, end: bytes.length };
    this.seed = seedOf(stream);
    this.idAt = bytes.length - RECORD_ID_BYTES;
  }

  /**
   * @param data the Avro bytes of the data fields, without Airbyte's metadata, which differs when a row is sent again
   * @param ordinal zero for a stream with a key. Without one, equal rows are different records: their place since the
   *   last state tells them apart, and is the same again when the source sends them again from that state
   */
  forRecord(data: Span, ordinal: number): Span {
    writeRecordId(data, this.seed ^ Math.imul(ordinal, 0x9e3779b1), this.span.bytes, this.idAt);
    return this.span;
  }
}
