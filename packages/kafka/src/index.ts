export type { Broker, Cluster } from './connection/cluster-types';
export {
  DEFAULT_PATIENCE,
  groupByLeader,
  listTopics,
  openCluster,
  type ClusterPatience,
  type KafkaConnection,
  type KafkajsLogEntry,
} from './connection/cluster';
export { openKafka } from './connection/kafkajs-client';
export { comparePartitions, describeTopics, partitionKey, type TopicPartition } from './connection/topic-partition';
export {
  asksToRejoin,
  isConnectionLost,
  isHopeless,
  isRetriable,
  isUnauthorised,
  kafkaError,
  kafkaErrorName,
} from './errors';
export { AbortedTransactionFilter } from './fetch/aborted-transactions';
export { fetchFrom } from './fetch/fetch';
export type { FetchedPartition } from './fetch/fetch-response';
export { readLogBounds, type LogBounds } from './fetch/log-bounds';
export { readPartition, type CommittedRecord } from './fetch/partition-reader';
export { readTopic } from './fetch/topic-reader';
export { readTopicIds } from './fetch/topic-ids';
export { describeGroup, type GroupDescription, type GroupMember } from './group/describe-group';
export { Group, type Membership } from './group/group';
export type { LogFailures, OvertakenTopic } from './produce/log-failures';
export { partitionOf } from './produce/murmur2';
export { TransactionalLog } from './produce/transactional-log';
export { BatchBuffers } from './record-batch/batch-buffers';
export { BatchBuilder, writeVarint, type SealedBatch, type Span } from './record-batch/batch-builder';
export { offsetAfter, readRecordBatchHeader, RecordCursor, type RecordBatchHeader } from './record-batch/batch-reader';
export { decompress, type CodecName } from './record-batch/codecs';
export { compressor, type Compress } from './record-batch/compress';
export { BATCH_HEADER_BYTES } from './record-batch/layout';
