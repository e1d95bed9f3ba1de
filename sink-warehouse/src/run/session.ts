import type { Client } from 'pg';
import {
  type Cluster,
  type Group,
  type Membership,
  partitionKey,
  readLogBounds,
  readTopicIds,
  type FetchedPartition,
  type LogBounds,
  type TopicPartition,
} from '@ewallet/kafka';
import { isFailure } from '@ewallet/failure';
import type { SinkConfig } from '../config/sink-config';
import type { DeadLetterBreaker } from '../deadletters/breaker';
import { Batch } from '../load/batch';
import { TopicTrouble } from '../load/topic-trouble';
import { type Landed, WarehouseWriter } from '../load/warehouse-writer';
import { claimPartitions, type Claim } from '../state/fences';
import { moveOffset } from '../state/move-offset';
import type { Assembler } from './assembler';
import { FetchQueue } from './fetch-queue';
import { fetchAll } from './fetcher';
import { AnswerClock, answerInTime } from './answer-in-time';
import type { HeldPartition } from './held-partition';
import type { SinkEvents } from './events';
import type { ParkedTopics } from './parked-topics';
import { resumeAt } from './starting-offsets';

/** What a session works with; all of it outlives the session. */
export interface SessionParts {
  readonly config: SinkConfig;
  readonly cluster: Cluster;
  readonly group: Group;
  readonly client: Client;
  readonly assembler: Assembler;
  readonly events: SinkEvents;
  readonly breaker: DeadLetterBreaker;
  readonly parked: ParkedTopics;
  /** Names this process in sink.offsets. */
  readonly owner: string;
  readonly now: () => number;
}

/**
 * One stretch of work under one claim: from raising the fences to losing them, a rebalance, a fault or the end. What it
 * has in memory is worth nothing after it; the warehouse knows where to continue.
 */
export class Session {
  private readonly queue: FetchQueue;
  private readonly held = new Map<string, HeldPartition>();
  private readonly fences = new Map<string, string>();
  private readonly writer: WarehouseWriter;
  private readonly clock: AnswerClock;
  private filling = new Batch();
  private spare = new Batch();
  private committing: Promise<void> = Promise.resolve();
  private ending = false;
  private isIdle = true;
  /** How far the other topics land before a bad record ends the sink, by partition. */
  private stopAt: ReadonlyMap<string, number> | undefined;
  isClaimed = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: SessionParts,
    private readonly membership: Membership,
  ) {
    const { config, client } = parts;
    this.queue = new FetchQueue(config.fetch.maxBytes);
    this.clock = new AnswerClock(client, config.warehouseTimeoutMs);
    this.writer = new WarehouseWriter(client, {
      connector: config.name,
      tables: config.tables,
      tolerateBadRecords: config.errors.tolerate,
      admitDeadLetters: (count) => {
        parts.breaker.admit(count, parts.now());
      },
      answered: () => {
        this.clock.answered();
      },
      clockIsBehind: (landing) => {
        parts.events.clockIsBehind(landing);
      },
    });
  }

  /** What this session reads, for status and metrics. */
  get partitions(): readonly Readonly<HeldPartition>[] {
    return [...this.held.values()];
  }

  /** Whether some of what the group assigned could not be claimed, as no broker led it then. */
  get lacksPartitions(): boolean {
    return this.isClaimed && this.held.size < this.membership.partitions.length;
  }

  /** Asks the session to commit what it has and return. */
  end(): void {
    this.ending = true;
    this.queue.close();
  }

  /** Asks the session to give up at once. */
  fail(error: unknown): void {
    this.queue.fail(error);
  }

  /** Resolves when `run` is over, however it ended. */
  get ended(): Promise<void> {
    return this.running.catch(() => undefined);
  }

  /** @throws whatever ended the work; nothing that was not committed is of any worth then */
  async run(): Promise<void> {
    this.running = this.claimAndWork();
    await this.running;
  }

  private async claimAndWork(): Promise<void> {
    const { config, cluster, events, parked, now } = this.parts;
    parked.begin([...new Set(this.membership.partitions.map(({ topic }) => topic))], now());
    await answerInTime(this.parts.client, config.warehouseTimeoutMs, this.claim());
    this.isClaimed = true;
    events.assigned(this.partitions);
    this.goOnWithoutParked();
    const fetching = fetchAll(cluster, {
      held: this.held,
      queue: this.queue,
      options: config.fetch,
      park: (trouble) => {
        this.park(trouble);
      },
    });
    try {
      await this.work();
      await this.committing;
      if (!this.filling.isEmpty) await this.flush(this.filling);
      await this.committing;
    } finally {
      this.queue.close();
      await Promise.allSettled([fetching, this.committing]);
    }
  }

  private async claim(): Promise<void> {
    const { config, cluster, client, group, owner, parked } = this.parts;
    // The ids first: should a topic be recreated after this, the fetch, which names the id, is refused.
    const topicIds = await readTopicIds(cluster, [...new Set(this.membership.partitions.map(({ topic }) => topic))]);
    const bounds = await readLogBounds(cluster, this.membership.partitions);
    const wanted = bounds.map(({ topic, partition, earliest, stable }) => ({
      topic,
      partition,
      topicId: topicIds.get(topic),
      start: config.startAt === 'earliest' ? earliest : stable,
    }));
    const request = { connector: config.name, generation: this.membership.generation, owner };
    const claims = await claimPartitions(client, { ...request, partitions: wanted, force: false });
    const claimed = new Set(claims.map(partitionKey));
    const refused = wanted.filter((partition) => !claimed.has(partitionKey(partition)));
    if (refused.length > 0) {
      // A later generation claimed them: either this process overslept, or the group was recreated and counts from 1 again.
      // Only the group knows; a member of an old generation fails here.
      await group.heartbeat();
      claims.push(...(await claimPartitions(client, { ...request, partitions: refused, force: true })));
    }
    const boundsByKey = new Map(bounds.map((entry) => [partitionKey(entry), entry]));
    for (const claim of claims) await this.hold(claim, topicIds.get(claim.topic), boundsByKey.get(partitionKey(claim)));
    for (const held of this.held.values()) held.isParked = parked.has(held.topic);
  }

  private async hold(
    claim: Claim,
    topicId: string | undefined,
    bounds: (TopicPartition & { earliest: number; stable: number }) | undefined,
  ): Promise<void> {
    const { config, client, events } = this.parts;
    if (bounds === undefined) return;
    const allowed = this.startOf({ ...claim, currentTopicId: topicId }, bounds);
    const start = allowed ?? claim.nextOffset;
    if (allowed !== undefined && (start !== claim.nextOffset || (topicId !== undefined && topicId !== claim.topicId))) {
      events.reset(claim, claim.nextOffset, start);
      await moveOffset(client, config.name, claim, { offset: start, topicId });
    }
    this.fences.set(partitionKey(claim), claim.fence);
    this.held.set(partitionKey(claim), {
      topic: claim.topic,
      partition: claim.partition,
      fence: claim.fence,
      topicId,
      landedBefore: claim.landedAt,
      fetchOffset: start,
      takenTo: start,
      committedTo: start,
      isParked: false,
      stableOffset: bounds.stable,
    });
  }

  /** Undefined where the topic lacks the warehouse's offset and nobody allowed another one: it is parked. */
  private startOf(
    place: Claim & { readonly currentTopicId: string | undefined },
    bounds: LogBounds,
  ): number | undefined {
    const { config, parked, events, now } = this.parts;
    try {
      return resumeAt(place, bounds, config.resetPolicy);
    } catch (error) {
      if (!isFailure(error) || error.kind !== 'config_error') throw error;
      if (!parked.has(place.topic)) {
        parked.park(new TopicTrouble(place.topic, error), now());
        events.parked({ topic: place.topic, failure: error }, config.topicsRetryMs);
      }
      return undefined;
    }
  }

  /** The topic waits: nothing of it stays in memory, and the warehouse knows where to continue. */
  private park(trouble: TopicTrouble): void {
    const { topic, failure } = trouble;
    const { parked, assembler, events, config, now } = this.parts;
    parked.park(trouble, now());
    for (const held of this.held.values()) if (held.topic === topic) held.isParked = true;
    // Not from the batch that is being committed: its offsets may have been moved already, for rows that still follow.
    this.filling.drop(topic);
    assembler.forget(topic);
    events.parked({ topic, failure }, config.topicsRetryMs);
    this.goOnWithoutParked();
  }

  /** @throws Failure where nothing is left that can land, or nothing that has to land before a bad record ends the sink */
  private goOnWithoutParked(): void {
    const { parked } = this.parts;
    const held = [...this.held.values()];
    const reason = parked.reasonToStop(held.map(({ topic }) => topic));
    if (reason !== undefined) throw reason;
    const { stopping } = parked;
    if (stopping === undefined) return;
    const others = held.filter(({ isParked }) => !isParked);
    this.stopAt ??= new Map(others.map((partition) => [partitionKey(partition), partition.stableOffset]));
    if (others.every((partition) => partition.committedTo >= (this.stopAt?.get(partitionKey(partition)) ?? 0)))
      throw stopping;
  }

  private async work(): Promise<void> {
    const { config, assembler, now } = this.parts;
    while (!this.ending) {
      const wait = this.filling.isEmpty ? 60_000 : this.filling.openedAt + config.flush.intervalMs - now();
      const fetched = await this.queue.take(wait);
      const held = fetched === undefined ? undefined : this.held.get(partitionKey(fetched));
      if (fetched !== undefined && held?.isParked === false) {
        if (this.filling.isEmpty) this.filling.openedAt = now();
        await this.assemble(assembler, fetched, held);
      }
      const due = !this.filling.isEmpty && now() - this.filling.openedAt >= config.flush.intervalMs;
      if (due && this.isIdle) await this.flush(this.filling);
      else if (due) await this.settled();
    }
  }

  private async assemble(assembler: Assembler, fetched: FetchedPartition, held: HeldPartition): Promise<void> {
    try {
      await assembler.add(fetched, held, this.filling, (batch) => this.flushIfFull(batch));
    } catch (error) {
      if (!(error instanceof TopicTrouble)) throw error;
      this.park(error);
    }
  }

  /** Until the commit under way is done, or something new to assemble came. */
  private async settled(): Promise<void> {
    if (this.queue.bytes > 0) return;
    await this.committing;
  }

  private async flushIfFull(batch: Batch): Promise<Batch> {
    return batch.bytes >= this.parts.config.flush.maxBytes ? this.flush(batch) : batch;
  }

  /** Starts the commit of a batch and returns the one to fill meanwhile; waits for the commit before. */
  private async flush(batch: Batch): Promise<Batch> {
    await this.committing;
    const next = this.spare;
    this.spare = batch;
    this.filling = next;
    next.openedAt = this.parts.now();
    this.committing = this.commit(batch);
    this.committing.catch((error: unknown) => {
      this.queue.fail(error);
    });
    return next;
  }

  private async commit(batch: Batch): Promise<void> {
    const { events, parked, now } = this.parts;
    this.isIdle = false;
    const started = now();
    try {
      const landed = await this.landWithoutParked(batch);
      for (const progress of batch.progress.values()) {
        const held = this.held.get(partitionKey(progress));
        if (held !== undefined) held.committedTo = progress.next;
        if (parked.landed(progress.topic)) events.unparked(progress.topic);
      }
      if (landed === undefined) {
        batch.clear();
        return;
      }
      events.committed({
        records: batch.records,
        bytes: batch.bytes,
        tables: batch.usedTables.length,
        milliseconds: now() - started,
        deadLetters: landed.deadLetters,
        attempts: landed.attempts,
        progress: [...batch.progress.values()],
      });
      batch.clear();
      if (parked.stopping !== undefined) this.goOnWithoutParked();
    } finally {
      this.isIdle = true;
      this.queue.nudge();
    }
  }

  /** The batch less the topics that turn out not to land; undefined where nothing is left of it. */
  private async landWithoutParked(batch: Batch): Promise<Landed | undefined> {
    for (;;) {
      try {
        return await this.clock.limit(this.writer.land(batch, this.fences));
      } catch (error) {
        if (!(error instanceof TopicTrouble)) throw error;
        batch.drop(error.topic);
        this.park(error);
        if (batch.isEmpty) return undefined;
      }
    }
  }
}
