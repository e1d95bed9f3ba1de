import type { Broker } from '../connection/cluster-types';
import type { FetchPosition, FetchRequest } from './fetch-by-name';
import { readFetchResponse, type FetchedPartition } from './fetch-response';
import { FlexibleReader, FlexibleWriter } from '../bytes/flexible-bytes';
import { FETCH } from './fetch-by-name';
import { READ_COMMITTED } from '../connection/isolation';
import { send } from '../connection/send';

/** The first version that names topics by their ids: Kafka 3.1. */
export const FETCH_BY_ID_VERSION = 13;

type Known = FetchPosition & { readonly topicId: string };

/**
 * One read-committed Fetch that names topics by id. A broker that has the topic's name under another id answers
 * UNKNOWN_TOPIC_ID: records of a recreated topic cannot be taken for those of the one before, however fast it
 * grew.
 */
export async function fetchById(
  broker: Broker,
  request: FetchRequest,
  partitions: readonly Known[],
): Promise<FetchedPartition[]> {
  const names = new Map(partitions.map(({ topicId, topic }) => [topicId, topic]));
  return send(broker, {
    apiKey: FETCH,
    apiVersion: FETCH_BY_ID_VERSION,
    apiName: 'Fetch',
    body: encodeFetchByIdRequest(request, partitions),
    decode: (bytes) => {
      const read = new FlexibleReader(bytes);
      return readFetchResponse(read, () => names.get(read.uuid()) ?? '');
    },
  });
}

function encodeFetchByIdRequest(request: FetchRequest, partitions: readonly Known[]): Buffer {
  const out = new FlexibleWriter();
  out.tags(); // the request header's
  out.int32(-1); // no replica
  out.int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
  out.int8(READ_COMMITTED);
  out.int32(0).int32(-1); // no fetch session
  const topicIds = [...new Set(partitions.map(({ topicId }) => topicId))];
  out.array(topicIds, (topicId) => {
    const own = partitions.filter((entry) => entry.topicId === topicId);
    out.uuid(topicId).array(own, ({ partition, offset }) => {
      out.int32(partition).int32(-1); // of any leader epoch
      out.int64(offset).int32(-1).int64(-1); // no epoch of the last fetch, no log start: a follower's
      out.int32(request.maxBytesPerPartition).tags();
    });
    out.tags();
  });
  out.array([], () => undefined); // nothing is forgotten
  return out.text('').tags().bytes(); // no rack
}
