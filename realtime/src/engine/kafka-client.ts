import { openKafka } from '@ewallet/kafka';
import { logLevel, type Kafka } from 'kafkajs';
import type { RealtimeConfig } from '../config/realtime-config';
import { kafkajsSecurity } from '../config/security';

/** kafkajs for the brokers of the configuration. It prints nothing: what is final arrives as an exception. */
export function kafkaClient(config: Pick<RealtimeConfig, 'bootstrapServers' | 'security'>, clientId: string): Kafka {
  return openKafka({
    brokers: config.bootstrapServers.split(','),
    clientId,
    logLevel: logLevel.NOTHING,
    ...kafkajsSecurity(config.security),
  });
}
