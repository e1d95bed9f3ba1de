import type { Broker, Cluster } from '../connection/cluster-types';
import type { TopicPartition } from '../connection/topic-partition';
import { kafkaErrorName } from '../errors';
import { dealPartitions, decodeAssignment, encodeAssignment, encodeSubscription } from './assignment';

export interface Membership {
  readonly generation: number;
  readonly memberId: string;
  readonly partitions: readonly TopicPartition[];
}

interface GroupOptions {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

/** The name is the sink's own: a group whose other members assign by another rule refuses to mix. */
const PROTOCOL = 'ewallet-sink-deal';

/**
 * Membership of a consumer group. kafkajs has one too, but hides the generation, and a claim of the fence has to carry it.
 * Nothing here is trusted for correctness: who may write is decided by the fence in the warehouse.
 */
export class Group {
  private memberId = '';
  private generation = -1;
  private coordinator: Broker | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly options: GroupOptions,
  ) {}

  /** Joins or re-joins, and blocks until the group has a new generation. `allPartitions` is asked of the leader only. */
  async join(topics: readonly string[], allPartitions: () => Promise<readonly TopicPartition[]>): Promise<Membership> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs } = this.options;
    this.coordinator = await this.cluster.findGroupCoordinator({ groupId });
    try {
      const joined = await this.coordinator.joinGroup({
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId: this.memberId,
        groupProtocols: [{ name: PROTOCOL, metadata: encodeSubscription(topics) }],
      });
      this.memberId = joined.memberId;
      this.generation = joined.generationId;
      const members = joined.members.map(({ memberId }) => memberId);
      const groupAssignment =
        joined.leaderId === joined.memberId
          ? [...dealPartitions(await allPartitions(), members)].map(([memberId, partitions]) => ({
              memberId,
              memberAssignment: encodeAssignment(partitions),
            }))
          : [];
      const { memberAssignment } = await this.coordinator.syncGroup({
        groupId,
        generationId: this.generation,
        memberId: this.memberId,
        groupAssignment,
      });
      return {
        generation: this.generation,
        memberId: this.memberId,
        partitions: decodeAssignment(memberAssignment),
      };
    } catch (error) {
      this.forgetStaleMember(error);
      throw error;
    }
  }

  /** Throws REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID where this member has to join again. */
  async heartbeat(): Promise<void> {
    if (this.coordinator === undefined) return;
    try {
      await this.coordinator.heartbeat({
        groupId: this.options.groupId,
        groupGenerationId: this.generation,
        memberId: this.memberId,
      });
    } catch (error) {
      this.forgetStaleMember(error);
      throw error;
    }
  }

  /** Tells Kafka how far the warehouse is, for tools that show lag. The sink itself never reads it back. */
  async publishOffsets(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    if (this.coordinator === undefined || offsets.length === 0) return;
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: offsets
        .filter((entry) => entry.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: offset.toString() })),
    }));
    await this.coordinator.offsetCommit({
      groupId: this.options.groupId,
      groupGenerationId: this.generation,
      memberId: this.memberId,
      topics,
    });
  }

  async leave(): Promise<void> {
    if (this.coordinator === undefined || this.memberId === '') return;
    const { memberId } = this;
    this.memberId = '';
    await this.coordinator.leaveGroup({ groupId: this.options.groupId, memberId });
  }

  private forgetStaleMember(error: unknown): void {
    if (kafkaErrorName(error) === 'UNKNOWN_MEMBER_ID') this.memberId = '';
  }
}
