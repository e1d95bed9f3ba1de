import { Failure } from '@ewallet/failure';

/** Confluent's wire format: a zero byte, the schema's id as four bytes big endian, then the Avro bytes. */
export const FRAME_BYTES = 5;
const MAGIC = 0;

/** The five bytes that go before every record of a schema. */
export function frameHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(FRAME_BYTES);
  header.writeUInt8(MAGIC, 0);
  header.writeUInt32BE(schemaId, 1);
  return header;
}

export function frame(schemaId: number, avro: Buffer): Buffer {
  return Buffer.concat([frameHeader(schemaId), avro]);
}

/**
 * The schema id of a framed key or value; the Avro bytes start at {@link FRAME_BYTES}.
 *
 * @throws Failure system_error when the bytes are not in Confluent's wire format
 */
export function framedSchemaId(bytes: Buffer): number {
  if (bytes.length < FRAME_BYTES || bytes[0] !== MAGIC) {
    throw Failure.system(
      `Not in Confluent's wire format: ${bytes.length} bytes that start with ${bytes.subarray(0, 1).toString('hex') || 'nothing'}; expected a zero byte and a four-byte schema id.`,
    );
  }
  return bytes.readUInt32BE(1);
}
