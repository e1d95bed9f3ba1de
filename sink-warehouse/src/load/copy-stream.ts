import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Binary COPY begins with a signature, no flags and no header extension, and ends with a row of -1 fields. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

/** Sends rows in binary COPY form; `sql` is the COPY statement. Back-pressure is the stream's. */
export async function copyRows(client: ClientBase, sql: string, chunks: Iterable<Buffer>): Promise<void> {
  await pipeline(Readable.from(framed(chunks)), client.query(copyFrom(sql)));
}

function* framed(chunks: Iterable<Buffer>): Generator<Buffer> {
  yield HEADER;
  yield* chunks;
  yield TRAILER;
}
