import type { RecordBatchHeader } from '@ewallet/kafka';
import { GrowingBuffer } from '../bytes/growing-buffer';

/** A Kafka record batch whose records are in the batch being built; kept until the commit, for dead letters. */
export interface RawBatch {
  readonly topic: string;
  readonly partition: number;
  readonly header: RecordBatchHeader;
  readonly bytes: Buffer;
}

/** A row that nothing came before, in the chain of rows with the same key. */
export const NO_ROW = 0x7fffffff;

/**
 * Rows in binary COPY form, one after another in one buffer, with what each came from. A row that a later one of the same
 * key replaces is dead, but stays: should the later one turn out unfit, the earlier is the key's last good record.
 */
export class RowBuffer {
  readonly out = new GrowingBuffer();
  count = 0;
  live = 0;
  private starts = new Int32Array(1024);
  private dead = new Uint8Array(1024);
  private previous = new Int32Array(1024);
  private rawBatch = new Int32Array(1024);
  private rawStart = new Int32Array(1024);
  private after = new Int32Array(1024);

  /**
   * Declares the bytes since `start` to be a row; returns its number.
   *
   * @param after how many rows of the other buffer came before it
   */
  add(start: number, rawBatch: number, rawStart: number, after: number): number {
    const row = this.count;
    if (row + 1 >= this.starts.length) this.grow();
    this.starts[row] = start;
    this.starts[row + 1] = this.out.length;
    this.dead[row] = 0;
    this.previous[row] = NO_ROW;
    this.rawBatch[row] = rawBatch;
    this.rawStart[row] = rawStart;
    this.after[row] = after;
    this.count += 1;
    this.live += 1;
    return row;
  }

  /** `previous` is a reference that the owner of the buffers understands; see TableBatch. */
  follow(row: number, previous: number): void {
    this.previous[row] = previous;
  }

  bury(row: number): void {
    this.dead[row] = 1;
    this.live -= 1;
  }

  isLive(row: number): boolean {
    return this.dead[row] === 0;
  }

  previousOf(row: number): number {
    return this.previous[row] ?? NO_ROW;
  }

  sourceOf(row: number): { readonly rawBatch: number; readonly start: number } {
    return { rawBatch: this.rawBatch[row] ?? 0, start: this.rawStart[row] ?? 0 };
  }

  /**
   * The live rows of `[from, to)` as slices of the buffer of at most about `chunkBytes`, or copied together where dead
   * rows lie between: one write a row costs forty times as much (node-pg-copy-streams #127).
   */
  *chunks(from: number, to: number, chunkBytes: number): Generator<Buffer> {
    let runStart = -1;
    const flushed = Buffer.allocUnsafe(this.live === this.count ? 0 : chunkBytes);
    let pending = 0;
    for (let row = from; row <= to; row += 1) {
      const extends_ = row < to && this.dead[row] === 0;
      if (extends_ && runStart < 0) runStart = this.starts[row] ?? 0;
      const at = this.starts[row] ?? 0;
      const runIsOver = runStart >= 0 && (!extends_ || at - runStart >= chunkBytes);
      if (!runIsOver) continue;
      const run = this.out.bytes.subarray(runStart, at);
      if (run.length > chunkBytes / 4 || flushed.length === 0) {
        if (pending > 0) yield Buffer.from(flushed.subarray(0, pending));
        pending = 0;
        yield run;
      } else {
        if (pending + run.length > flushed.length) {
          yield Buffer.from(flushed.subarray(0, pending));
          pending = 0;
        }
        pending += run.copy(flushed, pending);
      }
      runStart = extends_ ? at : -1;
    }
    if (pending > 0) yield Buffer.from(flushed.subarray(0, pending));
  }

  /** One row's bytes, dead or alive. */
  row(row: number): Buffer {
    return this.out.bytes.subarray(this.starts[row], this.starts[row + 1]);
  }

  /** The bytes of `[from, to)`, dead or alive, in slices of `chunkBytes`. */
  *slices(from: number, to: number, chunkBytes: number): Generator<Buffer> {
    const end = this.starts[to] ?? 0;
    for (let start = this.starts[from] ?? 0; start < end; start += chunkBytes)
      yield this.out.bytes.subarray(start, Math.min(end, start + chunkBytes));
  }

  /** How many rows of the other buffer came before this row. */
  arrivedAfter(row: number): number {
    return this.after[row] ?? 0;
  }

  /** Numbers of live rows, at most about `most` of them, from all over the buffer. */
  sample(most: number): number[] {
    const step = Math.max(1, Math.floor(this.count / most));
    const rows: number[] = [];
    for (let row = 0; row < this.count; row += step) if (this.isLive(row)) rows.push(row);
    return rows;
  }

  clear(): void {
    this.out.length = 0;
    this.count = 0;
    this.live = 0;
  }

  private grow(): void {
    const capacity = this.starts.length * 2;
    const larger = (array: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(capacity);
      grown.set(array);
      return grown;
    };
    this.starts = larger(this.starts);
    this.previous = larger(this.previous);
    this.rawBatch = larger(this.rawBatch);
    this.rawStart = larger(this.rawStart);
    this.after = larger(this.after);
    const dead = new Uint8Array(capacity);
    dead.set(this.dead);
    this.dead = dead;
  }
}
