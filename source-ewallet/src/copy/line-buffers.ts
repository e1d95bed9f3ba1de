/** More than the lines that are on their way to the consumer at a time. */
const KEPT = 4;

/**
 * Memory for encoded lines, used again once they were written. New memory for each 128 KiB of lines took a tenth of a
 * read's time: the kernel hands it out page by page, and the garbage collector gives it back.
 */
export class LineBuffers {
  private readonly free: Buffer[] = [];

  /** @param size of a buffer, in bytes */
  constructor(readonly size: number) {}

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** @param lines that nothing reads any more; what came from elsewhere is left to the garbage collector */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== this.size || this.free.length >= KEPT) return;
    // Given back twice, two chunks of lines would be written into one memory.
    if (this.free.every((kept) => kept.buffer !== buffer)) this.free.push(Buffer.from(buffer));
  }
}

/** Lines are taken out of a chunk once it has this many bytes, and a row of common size fits behind. */
export const CHUNK_BYTES = 128 * 1024;
const LAST_ROW = 64 * 1024;

/** One process has one consumer, so that all its encoders share their memory. */
export const lineBuffers = new LineBuffers(CHUNK_BYTES + LAST_ROW);
