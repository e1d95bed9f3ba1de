import type { ClientBase } from 'pg';
import { SINK_SCHEMA } from '@ewallet/sink-schema';
import { FencedOut, type Claim } from './fences';

/** Puts a claimed partition at another offset, under its fence: a recreated topic begins again. */
export async function moveOffset(
  client: ClientBase,
  connector: string,
  claim: Claim,
  to: { readonly offset: number; readonly topicId: string | undefined },
): Promise<void> {
  const moved = await client.query(
    `update ${SINK_SCHEMA}.offsets set next_offset = $5, topic_id = coalesce($6, topic_id), updated_at = now()
     where connector = $1 and topic = $2 and partition = $3 and fence = $4`,
    [connector, claim.topic, claim.partition, claim.fence, to.offset, to.topicId ?? null],
  );
  if (moved.rowCount !== 1) throw new FencedOut(`another sink holds ${claim.topic}:${claim.partition}`);
}
