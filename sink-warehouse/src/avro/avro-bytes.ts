/** A cursor over Avro's binary encoding. */
export class AvroBytes {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  /** The halves of the last varint, zigzag undone. */
  high = 0;
  low = 0;

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  byte(): number {
    if (this.at >= this.end) throw new RangeError('the record ends within a field');
    return this.bytes[this.at++] ?? 0;
  }

  forward(length: number): void {
    this.at += length;
    if (length < 0 || this.at > this.end) throw new RangeError('the record ends within a field');
  }

  /** Zigzag varint of up to 64 bits into `high` and `low`. */
  varint(): void {
    let byte = this.byte();
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 63) throw new RangeError('a varint longer than ten bytes');
      byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    const sign = -(low & 1);
    this.low = (((low >>> 1) | (high << 31)) ^ sign) | 0;
    this.high = ((high >>> 1) ^ sign) | 0;
  }

  branch(): number {
    this.varint();
    return this.low;
  }

  /** The length before a string or bytes. */
  length(): number {
    this.varint();
    if (this.high !== 0 || this.low < 0) throw new RangeError('a length that is negative or beyond 2 GB');
    return this.low;
  }

  text(): string {
    const length = this.length();
    const start = this.at;
    this.forward(length);
    return this.bytes.toString('latin1', start, start + length);
  }
}
