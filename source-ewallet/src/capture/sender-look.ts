import { failureFromPostgres, sqlStateOf } from '@ewallet/postgres';
import type { SourceConfig } from '../config/source-config';
import { openLook } from '../server/session';
import type { SenderLook } from './stall-watch';

/** Milliseconds that a look may take once it is connected; a frozen server answers nothing. */
const ANSWER = 10_000;

/** Asks the server, over a connection of its own, how it stands with the process that sends the slot's changes. */
export async function lookAtSender(config: SourceConfig, slot: string): Promise<SenderLook> {
  try {
    const session = await openLook(config);
    const timer = setTimeout(() => session.client.connection.stream.destroy(), ANSWER);
    try {
      const { rows } = await session.client.query<{ status: string | null; waits: string | null; pid: number | null }>(
        `select s.wal_status as status, s.active_pid as pid, a.wait_event as waits
         from pg_replication_slots s left join pg_stat_activity a on a.pid = s.active_pid where s.slot_name = $1`,
        [slot],
      );
      return senderLook(rows[0]);
    } finally {
      clearTimeout(timer);
      await session.close();
    }
  } catch (error) {
    return failedLook(error);
  }
}

/**
 * A sender that has changes waits as WalSenderWriteData until we read. One that was told to end waits as ClientWrite to
 * write its last words: it writes nothing else that way.
 */
export function senderLook(
  row: { readonly status: string | null; readonly waits: string | null; readonly pid: number | null } | undefined,
): SenderLook {
  const isEnded = row === undefined || row.pid === null;
  if (!isEnded && row.waits !== 'ClientWrite') return { kind: 'sending' };
  return { kind: 'ending', isLogRemoved: row?.status === 'unreserved' || row?.status === 'lost' };
}

/** 57P01 to 57P03: it shuts down or starts. A refused connection: nobody listens. What has no code is no answer. */
export function failedLook(error: unknown): SenderLook {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const state = sqlStateOf(cause);
  const isRefused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  if (isRefused || state?.startsWith('57P') === true) {
    return {
      kind: 'closing',
      why: failureFromPostgres(error, { what: 'The server ended the replication connection' }),
    };
  }
  return state === undefined ? { kind: 'silent' } : { kind: 'unknown' };
}
