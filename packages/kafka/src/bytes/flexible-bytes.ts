import { PlainReader } from './plain-reader';

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
export class FlexibleReader extends PlainReader {
  override text(): string {
    return this.slice().toString('utf8');
  }

  override tags(): void {
    for (let left = this.varint(); left > 0; left -= 1) {
      this.varint();
      this.skip(this.varint());
    }
  }

  protected override length(): number {
    return this.varint() - 1;
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
