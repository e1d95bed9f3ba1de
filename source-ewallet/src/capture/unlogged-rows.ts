import { streamName } from '../tables/table';
import type { HeapTable } from '../tables/heap-table';
import type { CaptureConfig } from '../config/capture-config';
import type { ServerIdentity } from '../position/snapshot';
import type { Session } from '../server/session';
import type { CapturedStream } from './captured-stream';
import { CatalogueChanged } from './catalogue-change';
import { truncated } from './change-reader';
import type { CopyReading, CopyStep } from './first-copy';
import { PartitionWatch } from './partition-watch';
import { copyAttached, copyFilled } from './recopy';

type Reading = Omit<CopyReading, 'more'> & { readonly session: Session & { readonly server: ServerIdentity } };

/** What happens to a table's rows without a change in the log that the stream would have. */
export class UnloggedRows {
  readonly partitions: PartitionWatch;

  constructor(
    private readonly reading: Reading,
    private readonly onTruncate: CaptureConfig['onTruncate'],
  ) {
    this.partitions = new PartitionWatch(reading.session.client);
  }

  /**
   * Copies what only a copy can bring, and says what nothing can.
   *
   * @param more members of the copied records, asked for where there are any: most syncs have none to copy
   */
  async *copies(stream: CapturedStream, more: () => Promise<Uint8Array>): AsyncGenerator<CopyStep> {
    const { log } = this.reading.context;
    const name = streamName(stream.captured.table);
    const reading = async (): Promise<Reading & CopyReading> => ({ ...this.reading, more: await more() });
    const { filled } = stream;
    if (filled.length > 0) {
      await log.warn(`Stream ${name} is read again: ${filled.join(', ')} came with values for rows that were there.`);
      yield* copyFilled(await reading(), stream, filled);
    }
    const found = await this.partitions.look(stream);
    if (found === undefined) return;
    await this.tellTruncated(stream, found.truncated);
    if (found.gone > 0) {
      await log.warn(
        `Partitions of ${name} were detached or dropped (${found.gone}), which deletes none of their rows in the destination: ` +
          'find them with `ewallet-audit run --keys`, or refresh the stream.',
      );
    }
    if (found.attached.length === 0) return;
    const attached = found.attached.map(({ sql }) => sql).join(', ');
    await log.info(`Partitions that were attached to ${name} with rows are copied: ${attached}.`);
    yield* copyAttached(await reading(), stream, found);
  }

  /**
   * Looks at the partitions while changes are followed.
   *
   * @throws CatalogueChanged for one to copy; Failure for one that was truncated
   */
  async watch(streams: readonly CapturedStream[]): Promise<void> {
    for (const stream of streams) {
      const found = await this.partitions.look(stream);
      if (found === undefined) continue;
      if (this.onTruncate === 'fail') await this.tellTruncated(stream, found.truncated);
      if (found.attached.length > 0) throw CatalogueChanged.partitions(stream);
    }
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
