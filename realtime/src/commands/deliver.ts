import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import { serveMetrics, type Listening } from '@ewallet/command-line';
import { Failure } from '@ewallet/failure';
import type { RealtimeConfig } from '../config/realtime-config';
import { AlertConsumer } from '../deliver/alert-consumer';
import { runChannel } from '../deliver/channel-loop';
import { sendDeadLetter, type DeadLetter } from '../deliver/dead-letters';
import { deliveriesTopic, DeliveryLog } from '../deliver/delivery-log';
import { DeliveryMetrics } from '../deliver/metrics';
import { OpenAlerts } from '../deliver/open-alerts';
import { readRecord } from '../deliver/read-record';
import { senderOf } from '../deliver/sender';
import { kafkaClient } from '../engine/kafka-client';
import { provideTopics } from '../engine/topics';

const ATTEMPT_TIMEOUT_MS = 15_000;
/** An older alert is not sent, so what was sent of it matters only for a late correction. */
const REMEMBERED_BEYOND_AGE_MS = 7 * 86_400_000;

export interface DeliverOptions {
  /** Undefined: nothing is served. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly say: (line: string) => void;
}

/** Tells people of alerts until it is stopped. */
export async function deliver(
  config: RealtimeConfig,
  { metrics: address, say }: DeliverOptions,
  stop: AbortSignal,
): Promise<void> {
  const { delivery } = config;
  if (delivery === undefined) {
    throw Failure.config(
      '"deliver" is missing: {"channels": {"risk": {"kind": "slack", "url": "https://…"}}} tells people of alerts.',
    );
  }
  const topic = `${config.topicPrefix}.alerts`;
  await provideTopics(config, [topic, deliveriesTopic(config)]);
  await provideTopics(config, [delivery.deadLetterTopic], 'log');
  const now = Date.now;
  const kafka = kafkaClient(config, delivery.groupId);
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const registry = new SchemaRegistry(config.registry);
  const framed = new FramedReader(registry);
  const senders = delivery.channels.map((channel) => ({
    channel,
    sender: senderOf(channel.target, ATTEMPT_TIMEOUT_MS),
  }));
  const metrics = new DeliveryMetrics(
    delivery.channels.map(({ name }) => name),
    now,
    (channel) => alerts.pending(channel),
  );
  const alerts = new OpenAlerts(delivery.channels, delivery, (channel, why) => {
    metrics.skipped(channel, why);
  });
  const bury = (letter: Omit<DeadLetter, 'topic'>): Promise<void> =>
    sendDeadLetter(producer, delivery.deadLetterTopic, { topic, ...letter });
  const ending = new AbortController();
  const until = AbortSignal.any([stop, ending.signal]);
  let served: Listening | undefined;
  let channels: Promise<unknown> = Promise.resolve();
  let consumer: AlertConsumer | undefined;
  try {
    await connected(config, () => producer.connect());
    const log = await DeliveryLog.open(config, registry, producer);
    if (address !== undefined) {
      served = await serveMetrics(metrics, address.host, address.port);
      say(`metrics: ${served.url}/metrics`);
    }
    consumer = new AlertConsumer({
      kafka,
      groupId: delivery.groupId,
      topic,
      alerts,
      recall: async () => {
        for (const { channel, id, told } of await log.read()) alerts.tell(channel, id, told);
        alerts.forgetToldBefore(now() - delivery.maxAgeMs - REMEMBERED_BEYOND_AGE_MS);
      },
      read: (source) => readRecord(source, framed),
      unreadable: async (source, cause) => {
        await bury({ source, cause, message: undefined });
        metrics.unreadable();
        say(`${topic} partition ${source.partition} offset ${source.offset} is a dead letter: ${cause}`);
      },
      metrics,
      say,
      now,
    });
    const loops = senders.map(({ channel, sender }) =>
      runChannel({ channel, sender, alerts, log, bury, metrics, rules: delivery, say, now }, until),
    );
    channels = Promise.all(loops);
    say(`delivering ${topic} to ${delivery.channels.map(({ name }) => `"${name}"`).join(', ')}`);
    await Promise.race([consumer.run(until), channels]);
  } finally {
    ending.abort();
    await channels.catch(() => undefined); // A message that is on its way is written down before the end.
    await consumer?.close();
    await producer.disconnect().catch(() => undefined);
    for (const { sender } of senders) sender.close();
    registry.close();
    served?.close();
  }
}

async function connected(config: RealtimeConfig, connect: () => Promise<void>): Promise<void> {
  try {
    await connect();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Failure.transient(`The brokers at ${config.bootstrapServers} do not answer: ${reason}.`, { cause: error });
  }
}
