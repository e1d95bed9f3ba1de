import type { Cluster } from '../connection/cluster-types';

export interface GroupMember {
  readonly clientId: string;
  /** The address that the broker sees, as `/10.0.0.7`. */
  readonly host: string;
}

export interface GroupDescription {
  /** Kafka's name of it: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead. */
  readonly state: string;
  readonly members: readonly GroupMember[];
}

/** What the coordinator knows of a consumer group; one that nobody ever joined is Dead and has no members. */
export async function describeGroup(cluster: Cluster, groupId: string): Promise<GroupDescription> {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
  const [group] = groups;
  return {
    state: group?.state ?? 'Dead',
    members: (group?.members ?? []).map(({ clientId, clientHost: host }) => ({ clientId, host })),
  };
}
