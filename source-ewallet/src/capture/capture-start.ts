import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import type { Session } from '../server/session';
import type { ServerIdentity } from '../position/snapshot';
import type { CaptureConfig } from '../config/capture-config';
import { formatLsn, parseLsn, type Lsn } from '@ewallet/postgres';
import { parseTimelineHistory, whyInvalid, type Position } from './position';
import { queryFlushed, type CaptureServer } from './server-place';
import { createSlot, createSlotSql, querySlot, whyLost, type Slot } from './slot';

/** Where a sync's stream of changes begins, and what became of the saved position. */
export interface CaptureStart {
  readonly slot: Slot;
  readonly from: Lsn;
  /** `continued`: nothing is missing since. `copied`, `reread`: the position was lost, and this is the way back. */
  readonly kind: 'first' | 'continued' | 'copied' | 'reread';
  /** What the user should know; undefined where all is well. */
  readonly notice: string | undefined;
}

interface StartInput {
  readonly server: CaptureServer;
  readonly config: CaptureConfig;
  readonly saved: Position | undefined;
}

/**
 * Finds the slot, makes it where it may, and compares it with the saved position.
 *
 * @param replication a replication connection, for the server's timelines
 * @throws Failure with the statement to run, or what happened to the position
 */
export async function startCapture(
  session: Session & { readonly server: ServerIdentity },
  replication: Client,
  { server, config, saved }: StartInput,
): Promise<CaptureStart> {
  const { client } = session;
  const slot = await usableSlot(client, server, config, saved);
  const from = slot.confirmed ?? slot.restart ?? 0n;
  if (saved === undefined) return { slot, from, kind: 'first', notice: undefined };
  const flushed = await queryFlushed(client);
  const why = whyInvalid(saved, slot, {
    system: session.server.system,
    timeline: session.server.timeline,
    flushed,
    isStandby: server.isStandby,
    timelineEnds: await queryTimelineEnds(replication, saved, session.server.timeline),
  });
  if (why === undefined && saved.lsn > flushed) {
    throw Failure.transient(
      `The standby has replayed up to ${formatLsn(flushed)}, and the state is at ${formatLsn(saved.lsn)}: it is read on once the standby is there.`,
    );
  }
  if (why === undefined) return { slot, from: saved.lsn, kind: 'continued', notice: undefined };
  switch (config.onInvalidPosition) {
    case 'fail':
      throw Failure.config(`Changes since ${formatLsn(saved.lsn)} cannot be read: ${why}. ${choices}`, {
        detail: 'invalid CDC position',
      });
    case 'resync':
      return { slot, from, kind: 'copied', notice: `Every captured table is copied again: ${why}.` };
    case 'reread':
      return {
        slot,
        from,
        kind: 'reread',
        notice:
          `Rows changed since the last sync are read again: ${why}. Deletions in between are not among them: ` +
          'find them with `ewallet-audit run --keys`, or refresh the streams.',
      };
  }
}

const choices =
  'Set replication_method.invalid_cdc_cursor_position_behavior to "Re-read changed rows" (reads what changed since the last ' +
  'sync; deletions in between need `ewallet-audit run --keys` or a refresh) or to "Re-sync data" (copies every table again), ' +
  'or reset the connection.';

async function usableSlot(
  client: Client,
  server: CaptureServer,
  config: CaptureConfig,
  saved: Position | undefined,
): Promise<Slot> {
  let slot = await querySlot(client, config.slot);
  const lost = slot === undefined ? undefined : whyLost(slot);
  if (slot !== undefined && lost !== undefined && (saved === undefined || config.onInvalidPosition !== 'fail')) {
    const drop = `SELECT pg_drop_replication_slot('${config.slot}');`;
    if (config.slotCreation === 'never') {
      throw Failure.config(
        `The position is lost: ${lost}. Replace the slot: ${drop} ${createSlotSql(config.slot, server)} (or set replication_method.slot_creation to if_missing).`,
      );
    }
    await client.query(drop);
    slot = undefined;
  }
  if (slot === undefined) {
    if (config.slotCreation === 'never') {
      throw Failure.config(
        `There is no replication slot ${config.slot}: ${createSlotSql(config.slot, server)} (or set replication_method.slot_creation to if_missing).`,
      );
    }
    await createSlot(client, config.slot, server);
    slot = await querySlot(client, config.slot);
  }
  if (slot === undefined)
    throw Failure.transient(`Replication slot ${config.slot} is gone again: something else dropped it.`);
  // Promotion may be a matter of seconds: whoever follows is there when it comes. The copy is temporary at first.
  if (slot.isSynced && server.isStandby) throw Failure.transient(syncedSlot(slot));
  const problem = slotProblem(slot, server);
  if (problem !== undefined) throw Failure.config(problem);
  return slot;
}

export function syncedSlot({ name }: Slot): string {
  return `Replication slot ${name} is this standby’s copy of its primary’s, which can be read only once the standby is promoted: connect to the primary.`;
}

/** Why a slot that is there cannot be read from; undefined where it can. */
export function slotProblem(slot: Slot, server: CaptureServer): string | undefined {
  const recreate = `SELECT pg_drop_replication_slot('${slot.name}'); ${createSlotSql(slot.name, server)}`;
  if (slot.plugin !== 'pgoutput') {
    const what = slot.plugin === undefined ? 'is a physical one' : `has the plugin ${slot.plugin}`;
    return `Replication slot ${slot.name} ${what}, and pgoutput is needed: choose another name, or ${recreate}`;
  }
  if (slot.database !== server.database) {
    return `Replication slot ${slot.name} is of database ${slot.database ?? ''}, not of ${server.database}: choose another name.`;
  }
  if (slot.isTemporary) {
    return `Replication slot ${slot.name} is temporary and ends with the session that made it: choose another name.`;
  }
  return undefined;
}

async function queryTimelineEnds(
  replication: Client,
  saved: Position,
  timeline: number | undefined,
): Promise<ReadonlyMap<number, Lsn>> {
  if (timeline === undefined || saved.timeline === undefined || timeline === saved.timeline) return new Map();
  const { rows } = await replication.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`);
  return parseTimelineHistory(String(rows[0]?.content ?? ''), parseLsn);
}
