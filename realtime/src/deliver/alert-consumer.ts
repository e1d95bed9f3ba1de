import { pause } from '@ewallet/command-line';
import { Failure } from '@ewallet/failure';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { DeliveryMetrics } from './metrics';
import type { OpenAlerts, SourceRecord } from './open-alerts';
import type { Read } from './read-record';
import { untilDone } from './retry';

/** So many alerts are held at once, settling and quiet hours included; more are left in the topic. */
const MOST_OPEN = 20_000;
const COMMIT_EVERY_MS = 1_000;
/** The least that brokers take by default: so long a member that died keeps its partitions from the others. */
const SESSION_MS = 6_000;

export interface AlertConsumerParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly alerts: OpenAlerts;
  /** Reads what channels were told, before the first record after each change of the group. */
  readonly recall: () => Promise<void>;
  readonly read: (source: SourceRecord) => Promise<Read>;
  readonly unreadable: (source: SourceRecord, cause: string) => Promise<void>;
  readonly metrics: DeliveryMetrics;
  readonly say: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A member of the consumer group. Offsets are committed up to the oldest alert that some channel still waits for,
 * so what a process that died had not told is read again by the next one.
 */
export class AlertConsumer {
  private readonly consumer: Consumer;
  private readonly committed = new Map<number, bigint>();
  private readonly backlog: string;
  private readonly committing: string;
  private generation = 0;
  private recalled = 0;
  private paused = false;

  constructor(private readonly parts: AlertConsumerParts) {
    this.backlog = `the backlog of ${parts.topic}`;
    this.committing = `the commit of offsets of ${parts.topic}`;
    this.consumer = parts.kafka.consumer({
      groupId: parts.groupId,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: 30_000,
      heartbeatInterval: SESSION_MS / 5,
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
    });
  }

  /** Consumes until it is stopped. @throws Failure where the brokers refuse for good */
  async run(stop: AbortSignal): Promise<void> {
    const { topic, say } = this.parts;
    const consumer = this.consumer;
    const crashed = new Promise<never>((_, reject) => {
      consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
        if (!restart) reject(transient(topic, error));
        else say(`the topic ${topic} could not be read, and is tried again: ${error.message}`);
      });
    });
    consumer.on('consumer.group_join', () => {
      this.generation += 1;
      this.committed.clear();
      this.parts.alerts.forget();
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (batch) => this.take(batch, stop),
      });
    } catch (error) {
      throw transient(topic, error);
    }
    await Promise.race([crashed, this.commitUntil(stop)]);
  }

  /** Commits what is done with, and leaves the group, so that another member takes over at once. */
  async close(): Promise<void> {
    await this.commit().catch(() => undefined); // It is read again, and the log of deliveries knows it.
    await this.consumer.disconnect().catch(() => undefined);
  }

  private async take(payload: EachBatchPayload, stop: AbortSignal): Promise<void> {
    const { alerts, now } = this.parts;
    const { batch } = payload;
    const generation = this.generation;
    const isCurrent = (): boolean => payload.isRunning() && !stop.aborted && generation === this.generation;
    if (this.recalled !== generation) {
      await this.parts.recall();
      this.recalled = generation;
    }
    for (const { key, value, offset } of batch.messages) {
      const source = { partition: batch.partition, offset: BigInt(offset), key, value };
      const read = await this.readPatiently(source, () => payload.heartbeat(), stop);
      if (read === undefined || !isCurrent()) return;
      if (read.kind === 'alert') alerts.take(read.record, now());
      else {
        await this.parts.unreadable(source, read.cause);
        if (!isCurrent()) return;
        alerts.read(source.partition, source.offset + 1n);
      }
      payload.resolveOffset(offset);
    }
    // Markers of transactions are no messages, and count as offsets.
    if (isCurrent()) alerts.read(batch.partition, BigInt(batch.lastOffset()) + 1n);
    alerts.changed();
    this.pauseOrResume();
  }

  /** While the registry is away, the group is told that this member lives. */
  private async readPatiently(
    source: SourceRecord,
    heartbeat: () => Promise<void>,
    stop: AbortSignal,
  ): Promise<Read | undefined> {
    const { metrics, say } = this.parts;
    let read: Read | undefined;
    await untilDone(
      async () => {
        await heartbeat();
        read = await this.parts.read(source);
      },
      (error) => {
        if (!(error instanceof Failure)) throw error; // Of the heartbeat: the group changes.
        metrics.ill('the schema registry', error.message);
        say(`an alert cannot be read yet: ${error.message}`);
      },
      stop,
    );
    metrics.well('the schema registry');
    return read;
  }

  private pauseOrResume(): void {
    const { alerts, metrics, topic, say } = this.parts;
    if (!this.paused && alerts.size >= MOST_OPEN) {
      this.paused = true;
      this.consumer.pause([{ topic }]);
      metrics.ill(this.backlog, `${alerts.size} alerts wait, and no more are read`);
      say(`${alerts.size} alerts wait to be sent; no more are read until half of them are`);
    } else if (this.paused && alerts.size <= MOST_OPEN / 2) {
      this.paused = false;
      this.consumer.resume([{ topic }]);
      metrics.well(this.backlog);
    }
  }

  private async commitUntil(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(COMMIT_EVERY_MS, stop);
      this.pauseOrResume();
      await this.commit().catch((error: unknown) => {
        // The group changes, or the broker is away: the next look commits, and what is read again is known to the log.
        this.parts.metrics.ill(this.committing, error instanceof Error ? error.message : String(error));
      });
    }
  }

  private async commit(): Promise<void> {
    const { alerts, topic, metrics } = this.parts;
    const generation = this.generation;
    const due = [...alerts.committable()].filter(([partition, offset]) => this.committed.get(partition) !== offset);
    if (due.length > 0) {
      await this.consumer.commitOffsets(
        due.map(([partition, offset]) => ({ topic, partition, offset: offset.toString() })),
      );
      if (generation === this.generation) for (const [partition, offset] of due) this.committed.set(partition, offset);
    }
    metrics.well(this.committing);
  }
}

function transient(topic: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return Failure.transient(
    `Alerts could not be read from topic ${topic}: ${reason}. Check \`bootstrap_servers\`, \`protocol\` and the user's right to read the topic and to join the group.`,
    { cause: error },
  );
}
