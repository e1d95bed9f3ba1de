import { Kafka, type KafkaConfig } from 'kafkajs';
import { restIdleConnections } from './request-queue';

/** kafkajs' own client, for what is not on a hot path: administration, a producer of a few records. Its maker closes what it opens. */
export function openKafka(config: KafkaConfig): Kafka {
  restIdleConnections();
  return new Kafka(config);
}
