import { ConnectorProcess } from './connector-process';
import { LineRelay } from './line-relay';
import { parseMessage } from './message';
import type { SyncState } from './state-file';
import type { SyncLog } from './sync-log';

/** Whether the source's GLOBAL state asks to be confirmed: its server keeps a log until it is. */
export function wantsConfirmation(state: SyncState): boolean {
  const json = state.states.get('global');
  if (json === undefined) return false;
  const { global } = JSON.parse(json) as { global?: { shared_state?: { confirm?: unknown } } };
  return global?.shared_state?.confirm === true;
}

/**
 * Runs the source's `confirm`. A failure costs no rows and no sync: the next sync confirms the same state as it starts, so
 * it is logged and no more.
 */
export async function confirmState(command: readonly [string, ...string[]], log: SyncLog): Promise<void> {
  const source = await ConnectorProcess.start(command);
  source.input.end();
  let message = 'no reason was given';
  const lines = new LineRelay((line) => {
    const parsed = parseMessage(line);
    if (parsed.kind === 'error' || parsed.kind === 'log') ({ message } = parsed);
    return { forward: false, record: false };
  });
  const errors = new LineRelay((line) => {
    log.info('source', { stderr: line });
    return { forward: false, record: false };
  });
  await Promise.all([
    (async () => {
      for await (const chunk of source.output) lines.push(chunk as Buffer);
    })(),
    (async () => {
      for await (const chunk of source.errors) errors.push(chunk as Buffer);
    })(),
  ]);
  const { code } = await source.ended;
  if (code === 0) log.info('state confirmed', { message });
  else log.warn('state not confirmed; the next sync does it', { message });
}
