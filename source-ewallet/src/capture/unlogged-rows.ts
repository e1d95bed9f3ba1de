import { streamName } from '@ewallet/postgres';
import { queryHeapTables, type HeapTable } from '../tables/heap-table';
import type { CaptureConfig } from '../config/capture-config';
import type { ServerIdentity } from '../position/snapshot';
import { querySnapshotBounds } from '../server/server-state';
import type { Session } from '../server/session';
import type { CapturedStream } from './captured-stream';
import { CatalogueChanged } from './catalogue-change';
import { truncated } from './change-reader';
import type { CopyReading, CopyStep } from './first-copy';
import { PartitionWatch } from './partition-watch';
import { copyAttached, copyRewritten, copyUnread, rememberFiles } from './recopy';
import { describeUnread } from './unread-columns';

type Reading = Omit<CopyReading, 'more'> & { readonly session: Session & { readonly server: ServerIdentity } };

export interface AlteredStream {
  readonly stream: CapturedStream;
  /** The table, where it was rewritten. */
  readonly rewritten: HeapTable | undefined;
}

/** What happens to a table's rows without a change in the log that the stream would have. */
export class UnloggedRows {
  readonly partitions: PartitionWatch;

  constructor(
    private readonly reading: Reading,
    private readonly onTruncate: CaptureConfig['onTruncate'],
  ) {
    this.partitions = new PartitionWatch(reading.session.client);
  }

  /** A stream to whose rows ALTER TABLE gave values that {@link altered} has to copy; undefined where it did not. */
  async alteredStream(stream: CapturedStream): Promise<AlteredStream | undefined> {
    const rewritten = await this.rewritten(stream);
    return stream.unread.length > 0 || rewritten !== undefined ? { stream, rewritten } : undefined;
  }

  /** Copies rows whose values ALTER TABLE gave or changed, once the stream has brought what they were before. */
  async *altered({ stream, rewritten }: AlteredStream, more: Uint8Array): AsyncGenerator<CopyStep> {
    const { log } = this.reading.context;
    const name = streamName(stream.captured.table);
    const reading = { ...this.reading, more };
    if (stream.unread.length > 0) {
      await log.warn(`Stream ${name} is read again: ${describeUnread(stream.unread)}.`);
      // All of it, whatever it was rewritten for.
      yield* copyUnread(reading, stream);
      return;
    }
    if (rewritten === undefined) return;
    await log.warn(`Table ${name} was rewritten by ALTER TABLE: the rows that this changed are read again.`);
    yield* copyRewritten(reading, stream, rewritten);
  }

  /**
   * Copies the rows of attached partitions, and says what happened to others.
   *
   * @param more members of the copied records, asked for where there are any: most syncs have none to copy
   */
  async *attached(stream: CapturedStream, more: () => Promise<Uint8Array>): AsyncGenerator<CopyStep> {
    const { log } = this.reading.context;
    const name = streamName(stream.captured.table);
    const found = await this.partitions.look(stream);
    if (found === undefined) return;
    // A column that was retyped, or came with a value of its own for each row, gave the partitions new files as well.
    const isRewritten = stream.unread.some(({ why }) => why === 'retyped' || why === 'filled');
    if (!isRewritten) await this.tellTruncated(stream, found.truncated);
    if (found.gone > 0) {
      await log.warn(
        `Partitions of ${name} were detached or dropped (${found.gone}), which deletes none of their rows in the destination: ` +
          'find them with `ewallet-audit run --keys`, or refresh the stream.',
      );
    }
    if (!isRewritten) rememberFiles(stream, found.heaps);
    if (found.attached.length === 0) return;
    const attached = found.attached.map(({ sql }) => sql).join(', ');
    await log.info(`Partitions that were attached to ${name} with rows are copied: ${attached}.`);
    yield* copyAttached({ ...this.reading, more: await more() }, stream, found);
  }

  /**
   * Looks at the tables while changes are followed.
   *
   * @throws CatalogueChanged for one to copy; Failure for a partition that was truncated
   */
  async watch(streams: readonly CapturedStream[]): Promise<void> {
    for (const stream of streams) {
      if ((await this.rewritten(stream)) !== undefined) throw CatalogueChanged.file(stream);
      const found = await this.partitions.look(stream);
      if (found === undefined) continue;
      if (this.onTruncate === 'fail') await this.tellTruncated(stream, found.truncated);
      if (found.attached.length > 0) throw CatalogueChanged.partitions(stream);
      rememberFiles(stream, found.heaps);
    }
  }

  /**
   * A plain table that ALTER TABLE rewrote since its rows were given, with other values or not: of the same type too, by
   * USING. VACUUM FULL and CLUSTER give a table another file as well and alter no column; a TRUNCATE is in the stream.
   */
  private async rewritten(stream: CapturedStream): Promise<HeapTable | undefined> {
    const { client } = this.reading.session;
    const { table } = stream.captured;
    const since = stream.state.rows?.rules.at(-1)?.since;
    if (table.kind !== 'table' || since?.files.has(table.oid) !== true) return undefined;
    const heap = (await queryHeapTables(client, table))?.find(({ oid }) => oid === table.oid);
    if (heap === undefined || since.files.get(table.oid) === heap.file) return undefined;
    const { next } = await querySnapshotBounds(client);
    const { rows } = await client.query<{ altered: boolean }>(
      'select exists (select from pg_attribute where attrelid = $1 and attnum > 0 and age(xmin) <= $2) as altered',
      [table.oid, String(next - since.below)],
    );
    if (rows[0]?.altered === true) return heap;
    rememberFiles(stream, [heap]);
    return undefined;
  }

  private async tellTruncated({ captured, configured }: CapturedStream, heaps: readonly HeapTable[]): Promise<void> {
    for (const { oid, sql } of heaps) {
      const leaf = captured.leaves.find((one) => one.oid === oid);
      const name = leaf === undefined ? sql : streamName(leaf);
      if (this.onTruncate === 'fail') throw truncated(name, streamName(captured.table), configured.descriptor);
      await this.reading.context.log.warn(`A TRUNCATE of ${name} was passed over: its rows stay in the destination.`);
    }
  }
}
