import type { Cluster } from '../connection/cluster-types';
import { FlexibleReader, FlexibleWriter } from '../bytes/flexible-bytes';
import { send, speaks } from '../connection/send';

const METADATA = 3;
/** The first version with topic ids: Kafka 2.8. kafkajs stops at 6. */
const VERSION = 10;
const NO_ID = '00000000-0000-0000-0000-000000000000';

/**
 * The ids of the topics that exist, by name. A topic that is deleted and recreated has the same name and another id,
 * which is the only thing that tells it from the one before once it has as many records. Empty where the broker is too
 * old to have ids.
 */
export async function readTopicIds(cluster: Cluster, topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (topics.length === 0) return new Map();
  const broker = await cluster.findControllerBroker();
  if (!speaks(broker, METADATA, VERSION)) return new Map();
  return send(broker, {
    apiKey: METADATA,
    apiVersion: VERSION,
    apiName: 'Metadata',
    body: encodeMetadataRequest(topics),
    decode: decodeTopicIds,
  });
}

function encodeMetadataRequest(topics: readonly string[]): Buffer {
  const out = new FlexibleWriter();
  out.tags(); // the request header's
  out.array(topics, (topic) => out.uuid(NO_ID).text(topic).tags());
  out.int8(0); // create no topics
  out.int8(0).int8(0); // authorized operations of cluster and topics are not asked for
  return out.tags().bytes();
}

/** The body of a Metadata response, version 10, after the correlation id. */
function decodeTopicIds(bytes: Buffer): Map<string, string> {
  const read = new FlexibleReader(bytes);
  read.tags(); // the response header's
  read.int32(); // throttle time
  read.array(() => {
    read.int32(); // node id
    read.text(); // host
    read.int32(); // port
    read.text(); // rack
    read.tags();
  });
  read.text(); // cluster id
  read.int32(); // controller
  const ids = new Map<string, string>();
  read.array(() => {
    const errorCode = read.int16();
    const topic = read.text();
    const id = read.uuid();
    read.skip(1); // is internal
    read.array(() => {
      read.int16(); // error code
      read.skip(3 * 4); // partition, leader, leader epoch
      for (let list = 0; list < 3; list += 1) read.array(() => read.int32()); // replicas, in sync, offline
      read.tags();
    });
    read.int32(); // authorized operations
    read.tags();
    if (errorCode === 0 && id !== NO_ID) ids.set(topic, id);
  });
  return ids;
}
