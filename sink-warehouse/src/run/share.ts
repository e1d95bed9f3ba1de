import { pause } from '@ewallet/command-line';
import { asksToRejoin, type Cluster, type Group, type Membership, type TopicPartition } from '@ewallet/kafka';
import type { SinkConfig } from '../config/sink-config';
import { Rejoin } from './fault-reach';
import type { ParkedTopics } from './parked-topics';
import type { Session } from './session';
import { isWaitingForTopic, nextLookMs } from './topic-look';
import { chosenPartitions } from './topic-watch';

/** How often Kafka is told how far the warehouse is: lag tools and autoscalers look every 15 to 60 seconds. */
const PUBLISH_EVERY_MS = 5000;
/** A rebalance waits until every member has heard of it by a heartbeat: at Kafka's usual 3 s it took that long. */
const HEARTBEAT_MS = 500;
/** How often partitions that had no leader when the others were claimed are tried again. */
const RECLAIM_EVERY_MS = 5000;

export interface ShareParts {
  readonly config: SinkConfig;
  readonly cluster: Cluster;
  readonly group: Group;
  readonly parked: ParkedTopics;
  /** The session that works on this share now. */
  readonly session: () => Session | undefined;
  readonly now: () => number;
}

/** What one generation of the group gave this process, watched by heartbeats and looks at the topics until it is over. */
export class Share {
  private readonly over = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  private constructor(
    private readonly parts: ShareParts,
    readonly membership: Membership,
    private readonly partitions: readonly TopicPartition[],
  ) {}

  /** Joins the group; blocks until it has a new generation. */
  static async join(parts: ShareParts): Promise<Share> {
    const { config, cluster, group } = parts;
    const partitions = await chosenPartitions(cluster, config.topics, config.errors.topic);
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    if (topics.length > 0) await cluster.addMultipleTargetTopics(topics);
    const membership = await group.join(topics, () => chosenPartitions(cluster, config.topics, config.errors.topic));
    const unknown = membership.partitions.map(({ topic }) => topic).filter((topic) => !topics.includes(topic));
    if (unknown.length > 0) await cluster.addMultipleTargetTopics([...new Set(unknown)]);
    const share = new Share(parts, membership, partitions);
    share.watching = share.watch();
    return share;
  }

  /** Aborted, with the reason, once the group or the topics changed or Kafka was lost. */
  get signal(): AbortSignal {
    return this.over.signal;
  }

  /** A method, because the compiler takes what it read of a property before an await for what it reads after it. */
  isOver(): boolean {
    return this.over.signal.aborted;
  }

  async close(): Promise<void> {
    this.over.abort();
    await this.watching;
  }

  /** A courtesy to lag tools: nothing depends on it, so a fault of it is no fault of the sink's. */
  async publishOffsets(session: Session | undefined): Promise<void> {
    const offsets = (session?.partitions ?? []).map(({ topic, partition, committedTo }) => ({
      topic,
      partition,
      offset: committedTo,
    }));
    await this.parts.group.publishOffsets(offsets).catch(() => undefined);
  }

  /** Ends the session when heartbeats or the topics say that the share is old. */
  private async watch(): Promise<void> {
    const { config, cluster, group, parked, session, now } = this.parts;
    const { topics, topicsRefreshMs: refreshMs, errors } = config;
    const assignedAt = now();
    const isWaiting = isWaitingForTopic(topics, this.partitions);
    let lookAt = assignedAt + nextLookMs({ isWaiting, assignedForMs: 0, tookMs: 0, refreshMs });
    let publishAt = assignedAt + PUBLISH_EVERY_MS;
    let reclaimAt = assignedAt + RECLAIM_EVERY_MS;
    while (!this.isOver()) {
      const restMs = Math.max(1, Math.min(HEARTBEAT_MS, lookAt - now()));
      await pause(restMs, this.signal);
      if (this.isOver()) return;
      try {
        await group.heartbeat();
        if (now() >= publishAt) {
          publishAt = now() + PUBLISH_EVERY_MS;
          await this.publishOffsets(session());
        }
        if (now() >= reclaimAt) {
          reclaimAt = now() + RECLAIM_EVERY_MS;
          if (session()?.lacksPartitions === true) {
            await cluster.refreshMetadata();
            session()?.end();
          }
        }
        // A new session tries them again, once this one has committed what it has.
        if (parked.isDue(now())) session()?.end();
        if (now() < lookAt) continue;
        const lookedAt = now();
        const found = await chosenPartitions(cluster, topics, errors.topic);
        if (found.length !== this.partitions.length) throw new Rejoin('the topics changed');
        const tookMs = now() - lookedAt;
        lookAt = now() + nextLookMs({ isWaiting, assignedForMs: now() - assignedAt, tookMs, refreshMs });
      } catch (error) {
        this.over.abort(error);
        if (error instanceof Rejoin || asksToRejoin(error)) session()?.end();
        else session()?.fail(error);
      }
    }
  }
}
