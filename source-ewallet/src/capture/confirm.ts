import type { InputState } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { openCaptureSession, openReplication } from '../server/session';
import type { SourceConfig } from '../config/source-config';
import type { CaptureConfig } from '../config/capture-config';
import { parseCaptureState } from './capture-state';
import { awaitSlot } from './change-stream';
import { formatLsn } from '@ewallet/postgres';
import { startCapture } from './capture-start';
import { queryCaptureServer } from './server-place';
import { steadyNow } from './steady-clock';

/**
 * Tells the server that everything before a state's position is safe, so that it forgets that part of its log now and not
 * with the next sync. To be called when the state is where the next sync takes it from.
 *
 * @throws Failure where the slot cannot continue from that state
 */
export async function confirmState(config: SourceConfig, capture: CaptureConfig, state: InputState): Promise<string> {
  const { position } = parseCaptureState(state);
  if (position === undefined) {
    throw Failure.config('The state has no position of change data capture: there is nothing to confirm.');
  }
  const session = await openCaptureSession(config);
  try {
    const replication = await openReplication(config);
    try {
      const server = await queryCaptureServer(session.client);
      await awaitSlot({ client: session.client, capture, now: steadyNow });
      const { slot } = await startCapture(session, replication.client, {
        server,
        config: { ...capture, slotCreation: 'never', onInvalidPosition: 'fail' },
        saved: position,
      });
      const at = formatLsn(position.lsn);
      if (slot.confirmed === position.lsn) return `Replication slot ${slot.name} stands at ${at} already.`;
      // It decodes what lies between, so that the oldest log that the slot keeps moves too.
      await session.client.query('select pg_replication_slot_advance($1, $2::pg_lsn)', [slot.name, at]);
      return `Replication slot ${slot.name} is confirmed up to ${at}.`;
    } finally {
      await replication.close();
    }
  } finally {
    await session.close();
  }
}
