import { finished } from 'node:stream/promises';
import { quoteIdentifier } from '@ewallet/postgres';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import { COLUMNS, type TableName } from './rows';

/** Bytes kept for a table before they are sent: enough that a COPY's fixed cost vanishes, little enough to stay flat. */
const CHUNK = 1 << 20;
/** Room for the line that fills a chunk. */
const LONGEST_LINE = 64 << 10;

interface Chunk {
  bytes: Buffer;
  used: number;
}

/**
 * Loads several tables over one connection in one transaction, with a COPY a chunk. While the server takes one chunk, the
 * caller makes the next: `add` waits only where a chunk is full and the one before it is not yet taken. Lines go straight
 * into bytes; adding them up as text cost a quarter of the run in garbage collection.
 */
export class CopyWriter {
  private readonly chunks = new Map<TableName, Chunk>();
  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly client: Client) {}

  /** Undefined while there is room; otherwise wait for it before the next line. */
  add(table: TableName, line: string): Promise<void> | undefined {
    let chunk = this.chunks.get(table);
    if (chunk === undefined) {
      chunk = newChunk();
      this.chunks.set(table, chunk);
    }
    chunk.used += chunk.bytes.write(line, chunk.used, 'utf8');
    return chunk.used < CHUNK ? undefined : this.send(table, chunk);
  }

  /** Sends what is left of every table and waits until the server has all. */
  async flush(): Promise<void> {
    for (const [table, chunk] of this.chunks) await this.send(table, chunk);
    await this.sending;
  }

  private async send(table: TableName, chunk: Chunk): Promise<void> {
    const bytes = chunk.bytes.subarray(0, chunk.used);
    Object.assign(chunk, newChunk());
    await this.sending;
    if (bytes.length > 0) this.sending = this.copy(table, bytes);
    // A failure is reported to whoever waits next; until then it must not count as unhandled.
    this.sending.catch(() => undefined);
  }

  private async copy(table: TableName, bytes: Buffer): Promise<void> {
    const columns = COLUMNS[table].map(quoteIdentifier).join(', ');
    const stream = this.client.query(from(`copy ${quoteIdentifier(table)} (${columns}) from stdin`));
    stream.end(bytes);
    await finished(stream);
  }
}

function newChunk(): Chunk {
  return { bytes: Buffer.allocUnsafeSlow(CHUNK + LONGEST_LINE), used: 0 };
}
