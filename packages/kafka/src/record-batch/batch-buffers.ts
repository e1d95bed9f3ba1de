/**
 * Memory of batches, used again once the brokers have them. New memory for each batch costs a sync more than a tenth of its
 * time: the kernel hands it out page by page, and the garbage collector gives it back.
 */
export class BatchBuffers {
  private readonly free: Buffer[] = [];
  private freeBytes = 0;

  /** @param maxFreeBytes that are kept for batches to come */
  constructor(private readonly maxFreeBytes: number) {}

  /** @param bytes that it has at least */
  take(bytes: number): Buffer {
    const index = this.free.findIndex(({ length }) => length >= bytes);
    const [kept] = index < 0 ? [] : this.free.splice(index, 1);
    if (kept === undefined) return Buffer.allocUnsafeSlow(bytes);
    this.freeBytes -= kept.length;
    return kept;
  }

  /** @param buffer whole, as it was taken, which nothing reads any more */
  giveBack(buffer: Buffer): void {
    if (this.freeBytes + buffer.length > this.maxFreeBytes) return;
    this.free.push(buffer);
    this.freeBytes += buffer.length;
  }
}
