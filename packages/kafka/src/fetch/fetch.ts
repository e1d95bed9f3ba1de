import type { Broker } from '../connection/cluster-types';
import { fetchById, FETCH_BY_ID_VERSION } from './fetch-by-id';
import { FETCH, fetchByName, type FetchPosition, type FetchRequest } from './fetch-by-name';
import type { FetchedPartition } from './fetch-response';
import { speaks } from '../connection/send';

/** One read-committed Fetch, by topic ids where they are known and the broker speaks of them, else by names. */
export async function fetchFrom(broker: Broker, request: FetchRequest): Promise<FetchedPartition[]> {
  const known = request.partitions.flatMap((entry: FetchPosition) =>
    entry.topicId === undefined ? [] : [{ ...entry, topicId: entry.topicId }],
  );
  return known.length === request.partitions.length && speaks(broker, FETCH, FETCH_BY_ID_VERSION)
    ? fetchById(broker, request, known)
    : fetchByName(broker, request);
}
