import { Failure } from '@ewallet/failure';
import type { ClientBase } from 'pg';
import { SINK_SCHEMA } from '@ewallet/sink-schema';

/** What an operator wants of a connector, whichever process runs it and however often it starts. Kafka Connect's word for it. */
export type TargetState = 'RUNNING' | 'PAUSED' | 'STOPPED';

/** A connector that nobody ever paused or stopped runs. */
export async function readTargetState(client: ClientBase, connector: string): Promise<TargetState> {
  const { rows } = await client.query<{ target_state: string }>(
    `select target_state from ${SINK_SCHEMA}.connectors where connector = $1`,
    [connector],
  );
  const state = rows[0]?.target_state ?? 'RUNNING';
  switch (state) {
    case 'RUNNING':
    case 'PAUSED':
    case 'STOPPED':
      return state;
    default:
      throw Failure.config(`sink.connectors has the target state ${state} for ${connector}: it is none of ours.`);
  }
}

export async function writeTargetState(client: ClientBase, connector: string, state: TargetState): Promise<void> {
  await client.query(
    `insert into ${SINK_SCHEMA}.connectors as known (connector, target_state) values ($1, $2)
     on conflict (connector) do update set target_state = excluded.target_state, updated_at = now()`,
    [connector, state],
  );
}

/** A connector that is deleted and recreated runs. */
export async function forgetTargetState(client: ClientBase, connector: string): Promise<void> {
  await client.query(`delete from ${SINK_SCHEMA}.connectors where connector = $1`, [connector]);
}
