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
import { watchesOf } from '../deliver/watch';
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
  const watches = watchesOf(config.topicPrefix, delivery).map((watch) => ({
    ...watch,
    alerts: new OpenAlerts(watch.channels, watch.rules, (channel, why) => {
      metrics.skipped(channel, why);
    }),
  }));
  await provideTopics(config, [...watches.map(({ topic }) => topic), deliveriesTopic(config)]);
  await provideTopics(config, [delivery.deadLetterTopic], 'log');
  const now = Date.now;
  const producer = kafkaClient(config, delivery.groupId).producer({ idempotent: true, maxInFlightRequests: 1 });
  const registry = new SchemaRegistry(config.registry);
  const framed = new FramedReader(registry);
  const senders = new Map(
    delivery.channels.map(({ name, target }) => [name, senderOf(target, ATTEMPT_TIMEOUT_MS)] as const),
  );
  const metrics = new DeliveryMetrics(
    delivery.channels.map(({ name }) => name),
    now,
    (channel) => watches.reduce((sum, { alerts }) => sum + alerts.pending(channel), 0),
  );
  const ending = new AbortController();
  const until = AbortSignal.any([stop, ending.signal]);
  let served: Listening | undefined;
  let channels: Promise<unknown> = Promise.resolve();
  const consumers: AlertConsumer[] = [];
  try {
    await connected(config, () => producer.connect());
    const log = await DeliveryLog.open(config, registry, producer);
    if (address !== undefined) {
      served = await serveMetrics(metrics, address.host, address.port);
      say(`metrics: ${served.url}/metrics`);
    }
    const running = watches.map((watch) => {
      const { topic, groupId, alerts, rules, reading } = watch;
      const bury = (letter: Omit<DeadLetter, 'topic'>): Promise<void> =>
        sendDeadLetter(producer, delivery.deadLetterTopic, { topic, ...letter });
      const consumer = new AlertConsumer({
        kafka: kafkaClient(config, groupId),
        groupId,
        topic,
        alerts,
        recall: async () => {
          for (const { channel, id, told } of await log.read()) if (watch.isOwn(id)) alerts.tell(channel, id, told);
          alerts.forgetToldBefore(now() - rules.maxAgeMs - REMEMBERED_BEYOND_AGE_MS);
        },
        read: (source) => readRecord(source, framed, reading),
        unreadable: async (source, cause) => {
          await bury({ source, cause, message: undefined });
          metrics.unreadable();
          say(`${topic} partition ${source.partition} offset ${source.offset} is a dead letter: ${cause}`);
        },
        metrics,
        say,
        now,
      });
      consumers.push(consumer);
      const loops = watch.channels.map((channel) => {
        const sender = senders.get(channel.name);
        if (sender === undefined) throw Failure.system(`channel "${channel.name}" has no sender`);
        return runChannel({ channel, sender, alerts, log, bury, metrics, rules: delivery, say, now }, until);
      });
      say(`delivering ${topic} to ${watch.channels.map(({ name }) => `"${name}"`).join(', ')}`);
      return { consumer, loops: Promise.all(loops) };
    });
    channels = Promise.all(running.map(({ loops }) => loops));
    await Promise.race([Promise.all(running.map(({ consumer }) => consumer.run(until))), channels]);
  } finally {
    ending.abort();
    await channels.catch(() => undefined); // A message that is on its way is written down before the end.
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await producer.disconnect().catch(() => undefined);
    for (const sender of senders.values()) sender.close();
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
