/**
 * Kafka's "flexible" wire format (KIP-482), which kafkajs 2.2.4 knows of a few requests only: lengths are unsigned varints
 * plus one, 0 is null, and each structure ends with its tagged fields, of which this side sends none.
 */
export class FlexibleWriter {
  private readonly parts: Buffer[] = [];

  int8(value: number): this {
    this.parts.push(Buffer.from([value & 0xff]));
    return this;
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.parts.push(bytes);
    return this;
  }

  int64(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    this.parts.push(bytes);
    return this;
  }

  uuid(value: string): this {
    this.parts.push(Buffer.from(value.replaceAll('-', ''), 'hex'));
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    this.varint(bytes.length + 1);
    this.parts.push(bytes);
    return this;
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.varint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** The end of a structure: no tagged fields. */
  tags(): this {
    return this.int8(0);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  private varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.int8((rest & 0x7f) | 0x80);
    this.int8(rest);
  }
}

/** Reads the same format in place. */
export class FlexibleReader {
  private at = 0;

  constructor(private readonly from: Buffer) {}

  skip(bytes: number): void {
    this.at += bytes;
  }

  int16(): number {
    return this.from.readInt16BE((this.at += 2) - 2);
  }

  int32(): number {
    return this.from.readInt32BE((this.at += 4) - 4);
  }

  int64(): number {
    return Number(this.bigint64());
  }

  bigint64(): bigint {
    return this.from.readBigInt64BE((this.at += 8) - 8);
  }

  uuid(): string {
    const hex = this.from.toString('hex', this.at, (this.at += 16));
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  /** A slice of what is read, not a copy; empty for null. */
  slice(): Buffer {
    const length = Math.max(0, this.varint() - 1);
    return this.from.subarray(this.at, (this.at += length));
  }

  text(): string {
    return this.slice().toString('utf8');
  }

  /** Null is an empty array. */
  array<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.varint() - 1) }, read);
  }

  tags(): void {
    for (let left = this.varint(); left > 0; left -= 1) {
      this.varint();
      this.skip(this.varint());
    }
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.from.readUInt8(this.at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
}
