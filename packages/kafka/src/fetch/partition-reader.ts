import { setTimeout as sleep } from 'node:timers/promises';
import { groupByLeader } from '../connection/cluster';
import type { Cluster } from '../connection/cluster-types';
import type { TopicPartition } from '../connection/topic-partition';
import { readRecordBatchHeader, RecordCursor } from '../record-batch/batch-reader';
import { decompress } from '../record-batch/codecs';
import { AbortedTransactionFilter } from './aborted-transactions';
import { fetchFrom } from './fetch';

/** The record that the cursor stands on; valid until the next one is asked for. */
export type CommittedRecord = RecordCursor;

const FETCH = { maxWaitMs: 500, minBytes: 1, maxBytes: 8_388_608, maxBytesPerPartition: 8_388_608 };
const LEADER_PAUSE_MS = 250;

/**
 * Every committed record of a partition from offset `from` up to, not including, `to`, in order. All of them come through
 * one cursor, so take what you need before you ask for the next.
 *
 * @param cluster connected, with the topic among its targets
 * @throws Error with Kafka's error code when the broker refuses the fetch
 */
export async function* readPartition(
  cluster: Cluster,
  range: TopicPartition & { readonly from: number; readonly to: number },
): AsyncGenerator<CommittedRecord> {
  const { topic, partition, to } = range;
  const cursor = new RecordCursor();
  let offset = range.from;
  while (offset < to) {
    const [leader] = groupByLeader(cluster, [range]).keys();
    if (leader === undefined) {
      await sleep(LEADER_PAUSE_MS);
      await cluster.refreshMetadata();
      continue;
    }
    const broker = await cluster.findBroker({ nodeId: leader });
    const [fetched] = await fetchFrom(broker, { ...FETCH, partitions: [{ topic, partition, offset }] });
    if (fetched?.errorCode !== 0)
      throw new Error(`${topic} partition ${partition}: error code ${fetched?.errorCode ?? -1}`);
    const filter = new AbortedTransactionFilter(fetched.aborted);
    for (let position = 0; ;) {
      const header = readRecordBatchHeader(fetched.records, position);
      if (header === undefined) break;
      position = header.end;
      const admitted = filter.admits(header);
      const start = offset;
      offset = Math.max(offset, header.lastOffset + 1);
      if (!admitted || header.lastOffset < start) continue;
      const compressed = fetched.records.subarray(header.recordsStart, header.end);
      cursor.open(header, await decompress(header.codec, compressed));
      while (cursor.next()) if (cursor.offset >= start && cursor.offset < to) yield cursor;
    }
  }
}
