/** Bytes that grow at the end and are used again after `length = 0`: one allocation for many batches. */
export class GrowingBuffer {
  bytes: Buffer;
  length = 0;

  constructor(initialBytes = 1 << 16) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Makes room for `more` bytes after `length`. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    // By half, not double: at 16 MB a doubling would waste what a second table needs.
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length + (this.bytes.length >> 1)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  int16(value: number): void {
    this.reserve(2);
    const { bytes, length } = this;
    bytes[length] = value >> 8;
    bytes[length + 1] = value;
    this.length = length + 2;
  }

  int32(value: number): void {
    this.reserve(4);
    const { bytes, length } = this;
    bytes[length] = value >> 24;
    bytes[length + 1] = value >> 16;
    bytes[length + 2] = value >> 8;
    bytes[length + 3] = value;
    this.length = length + 4;
  }

  int64(value: number): void {
    this.int32(Math.floor(value / 0x1_0000_0000));
    this.int32(value | 0);
  }

  copy(from: Buffer, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const { bytes, length } = this;
    // Below about 32 bytes the call into C++ costs more than the loop.
    if (count <= 32) for (let index = 0; index < count; index += 1) bytes[length + index] = from[start + index] ?? 0;
    else from.copy(bytes, length, start, end);
    this.length = length + count;
  }

  /** `count` bytes in reverse: Avro's floats are little endian, COPY's big endian. */
  reversed(from: Buffer, start: number, count: number): void {
    this.reserve(count);
    for (let index = count - 1; index >= 0; index -= 1) this.bytes[this.length++] = from[start + index] ?? 0;
  }

  /** A COPY field: its length, then its bytes. */
  field(value: Buffer): void {
    this.int32(value.length);
    this.copy(value, 0, value.length);
  }
}
