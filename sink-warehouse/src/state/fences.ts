import { Failure } from '@ewallet/failure';
import { SINK_SCHEMA } from '@ewallet/sink-schema';
import type { ClientBase } from 'pg';
import { comparePartitions, partitionKey, type TopicPartition } from '@ewallet/kafka';

/** A partition that this process may write, from this offset on, for as long as nobody raises the fence. */
export interface Claim extends TopicPartition {
  readonly nextOffset: number;
  readonly fence: string;
  /** The topic that the offset counts in; null where no broker has told yet. */
  readonly topicId: string | null;
  /** When records of it last landed, by whichever process; undefined where none ever did. */
  readonly landedAt: Date | undefined;
}

interface ClaimRequest {
  readonly connector: string;
  /** The group's generation in which the partitions were assigned. */
  readonly generation: number;
  /** Who claims, for people who look: host and process. */
  readonly owner: string;
  /** `start` is where a partition begins that the warehouse does not know yet. */
  readonly partitions: readonly (TopicPartition & { readonly start: number; readonly topicId: string | undefined })[];
  /** Claim from a later generation too. Only right after the group confirmed that this member is current. */
  readonly force: boolean;
}

/** How far a partition gets with a batch. */
export interface Advance extends TopicPartition {
  readonly fence: string;
  readonly from: number;
  readonly next: number;
  /** Records read, bad ones included: dead letters are taken off where they are stored. */
  readonly records: number;
}

/** Somebody else holds the fence: what this process has in memory is no longer its to write. */
export class FencedOut extends Error {
  override readonly name = 'FencedOut';
}

/**
 * Raises the fence of each partition and returns where to read on, in one statement: whoever held a partition before can
 * commit nothing after it, and what it had committed is in the offset returned.
 *
 * A claim from an older generation of the group is refused, so that a sink that slept through a rebalance cannot take
 * partitions back from its successor. The partitions that were refused are missing from the result.
 *
 * `updated_at` stays: nothing has landed by a claim, and a sink that starts again and again must not look as if it worked.
 */
export async function claimPartitions(client: ClientBase, request: ClaimRequest): Promise<Claim[]> {
  const partitions = [...request.partitions].sort(comparePartitions); // one order for all, or two claims deadlock
  const claimed = await client.query<{
    topic: string;
    partition: number;
    next_offset: string;
    fence: string;
    topic_id: string | null;
    landed_at: Date | null;
  }>(
    `insert into ${SINK_SCHEMA}.offsets as held (connector, topic, partition, next_offset, fence, generation, owner, topic_id)
     select $1, wanted.topic, wanted.partition, wanted.start, 1, $2, $3, wanted.topic_id
     from unnest($4::text[], $5::integer[], $6::bigint[], $7::uuid[]) with ordinality
       as wanted (topic, partition, start, topic_id, position)
     order by wanted.position
     on conflict (connector, topic, partition) do update
       set fence = held.fence + 1, generation = excluded.generation, owner = excluded.owner,
         topic_id = coalesce(held.topic_id, excluded.topic_id)
       where $8 or held.generation <= excluded.generation
     returning topic, partition, next_offset, fence, topic_id, case when records > 0 then updated_at end as landed_at`,
    [
      request.connector,
      request.generation,
      request.owner,
      partitions.map(({ topic }) => topic),
      partitions.map(({ partition }) => partition),
      partitions.map(({ start }) => start),
      partitions.map(({ topicId }) => topicId ?? null),
      request.force,
    ],
  );
  return claimed.rows.map((row) => ({
    topic: row.topic,
    partition: row.partition,
    nextOffset: Number(row.next_offset),
    fence: row.fence,
    topicId: row.topic_id,
    landedAt: row.landed_at ?? undefined,
  }));
}

/**
 * Moves the offsets of a batch, first thing in its transaction: the rows' locks make a claim wait until this transaction
 * ends, and a fence that was raised before ends it here.
 *
 * The time of landing never goes back: dbt reads what landed since its last run. Where the warehouse's clock was set back, or a
 * standby whose clock is behind took its place, time counts on from the newest landing until the clock is past it. What two
 * sinks that commit at once differ by is no set-back; dbt looks back further than that.
 *
 * @returns the time of landing where that is not now()
 * @throws FencedOut when any partition is no longer held, or stands elsewhere than this batch began
 */
export async function advanceOffsets(
  client: ClientBase,
  connector: string,
  advances: readonly Advance[],
): Promise<string | undefined> {
  const sorted = [...advances].sort(comparePartitions);
  const moved = await client.query<{ topic: string; partition: number; ahead: string | null }>(
    `with newest as (
       select max(updated_at) as landing from ${SINK_SCHEMA}.offsets
     ),
     held as (
       select o.connector, o.topic, o.partition, batch.next, batch.records
       from ${SINK_SCHEMA}.offsets as o
       join unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
         as batch (topic, partition, fence, origin, next, records)
         on o.topic = batch.topic and o.partition = batch.partition and o.fence = batch.fence and o.next_offset = batch.origin
       where o.connector = $1
       order by o.topic, o.partition
       for update of o
     )
     update ${SINK_SCHEMA}.offsets as o
     set next_offset = held.next, records = o.records + held.records,
       updated_at = case
         when newest.landing > now() + interval '1 minute' then newest.landing + interval '1 microsecond'
         else now()
       end
     from held, newest
     where o.connector = held.connector and o.topic = held.topic and o.partition = held.partition
     returning o.topic, o.partition, case when o.updated_at > now() then o.updated_at::text end as ahead`,
    [
      connector,
      sorted.map(({ topic }) => topic),
      sorted.map(({ partition }) => partition),
      sorted.map(({ fence }) => fence),
      sorted.map(({ from }) => from),
      sorted.map(({ next }) => next),
      sorted.map(({ records }) => records),
    ],
  );
  if (moved.rows.length === sorted.length) return moved.rows[0]?.ahead ?? undefined;
  const held = new Set(moved.rows.map(partitionKey));
  const lost = sorted.filter((partition) => !held.has(partitionKey(partition))).map(partitionKey);
  throw new FencedOut(`another sink holds ${lost.join(', ')}`);
}

/** Where the warehouse stands for a connector. */
export interface OffsetRow extends TopicPartition {
  readonly nextOffset: number;
  readonly fence: string;
  readonly generation: number;
  readonly owner: string;
  readonly records: number;
  readonly deadLetters: number;
  readonly updatedAt: Date;
}

/** Whether a sink has ever prepared this warehouse. */
export async function hasOffsets(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('select pg_catalog.to_regclass($1) is not null as there', [
    `${SINK_SCHEMA}.offsets`,
  ]);
  return rows[0]?.there === true;
}

/** Why a connector has no offset. */
export function nothingLanded(connector: string): string {
  return `No connector ${connector} has landed a record in this warehouse: is it running, by this name?`;
}

export async function readOffsets(client: ClientBase, connector: string): Promise<OffsetRow[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `select topic, partition, next_offset, fence, generation, owner, records, dead_letters, updated_at
     from ${SINK_SCHEMA}.offsets where connector = $1 order by topic, partition`,
    [connector],
  );
  return rows.map((row) => {
    if (!(row.updated_at instanceof Date)) throw Failure.system('sink.offsets.updated_at is no timestamp.');
    return {
      topic: String(row.topic),
      partition: Number(row.partition),
      nextOffset: Number(row.next_offset),
      fence: String(row.fence),
      generation: Number(row.generation),
      owner: String(row.owner),
      records: Number(row.records),
      deadLetters: Number(row.dead_letters),
      updatedAt: row.updated_at,
    };
  });
}
