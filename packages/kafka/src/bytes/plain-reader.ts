/** Reads Kafka's older wire format in place: lengths of fixed size, -1 for null, and no tagged fields. */
export class PlainReader {
  protected at = 0;

  constructor(protected readonly from: Buffer) {}

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
    const length = Math.max(0, this.length());
    return this.from.subarray(this.at, (this.at += length));
  }

  text(): string {
    const length = this.int16();
    return this.from.toString('utf8', this.at, (this.at += length));
  }

  /** Null is an empty array. */
  array<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.length()) }, read);
  }

  /** The tagged fields at the end of a structure, which this format does not have. */
  tags(): void {
    // Nothing to read.
  }

  /** Of an array or of bytes; -1 for null. */
  protected length(): number {
    return this.int32();
  }
}
