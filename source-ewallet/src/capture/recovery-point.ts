import type { Client } from 'pg';
import { queryHeapTables } from '../tables/heap-table';
import { querySnapshotBounds } from '../server/server-state';
import type { ServerIdentity, Snapshot } from '../position/snapshot';
import { rulesAfterEnd } from '../position/resume-rules';
import type { CapturedStream } from './captured-stream';
import type { Lsn } from '@ewallet/postgres';
import type { PartitionWatch } from './partition-watch';
import { queryWritten } from './server-place';

/**
 * A lossless position that is true once the stream of changes is past `place`: everything that its snapshot sees has been
 * given then. It is the way back when the slot is lost: only rows that changed since are read again.
 */
export interface RecoveryPoint {
  readonly place: Lsn;
  /** Takes it over into a stream's state. */
  apply(stream: CapturedStream): void;
}

export async function takeRecoveryPoint(
  client: Client,
  server: ServerIdentity,
  streams: readonly CapturedStream[],
  partitions: PartitionWatch,
): Promise<RecoveryPoint> {
  await client.query('begin isolation level repeatable read read only');
  try {
    const bounds = await querySnapshotBounds(client);
    const files = new Map<CapturedStream, ReadonlyMap<number, number>>();
    for (const stream of streams) {
      const { table } = stream.captured;
      const heaps = table.hasRowVersions ? await queryHeapTables(client, table) : undefined;
      if (heaps !== undefined) files.set(stream, new Map(heaps.map((heap) => [heap.oid, heap.file])));
    }
    const place = await queryWritten(client);
    return {
      place,
      apply(stream) {
        const found = files.get(stream);
        const { phase, rows } = stream.state;
        if (found === undefined || phase !== 'stream' || rows === undefined) return;
        const last = rows.rules.at(-1)?.since;
        // A partition that came since may have rows that nobody gave: until they were searched for it stays unknown.
        const isKnown = (oid: number): boolean =>
          stream.captured.table.kind !== 'partitioned table' ||
          last?.files.has(oid) !== false ||
          partitions.isStreamed(oid);
        // Which of the transactions after `below` were seen is left open: their rows come once more, as nothing is lost by it.
        const snapshot: Snapshot = {
          server,
          lsn: place,
          ...bounds,
          seen: [],
          // Of a table that is known, the file that its rows were given from: one that came since was not looked at yet.
          files: new Map(
            [...found].flatMap(([oid, file]) => (isKnown(oid) ? [[oid, last?.files.get(oid) ?? file]] : [])),
          ),
          witnesses: last?.witnesses ?? [],
          digestColumns: last?.digestColumns,
        };
        stream.state = { ...stream.state, rows: { ...rows, isComplete: true, rules: rulesAfterEnd(snapshot) } };
      },
    };
  } finally {
    await client.query('commit');
  }
}
