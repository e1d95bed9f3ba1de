import { Failure } from '@ewallet/failure';
import { ConnectorProcess } from './connector-process';
import type { FoundDeletions } from './deletion-plan';
import { LineRelay } from './line-relay';
import type { SyncLog } from './sync-log';

/** Exit codes of ewallet-audit. */
const AUDIT_EXIT = { config: 2 } as const;

/**
 * Has ewallet-audit compare the key sets of source and warehouse.
 *
 * @param command `ewallet-audit deletions --config …`
 * @throws Failure where it cannot: a sync that was to see deletions must not pass without
 */
export async function searchDeletions(
  command: readonly [string, ...string[]],
  stop: AbortSignal,
  log: SyncLog,
): Promise<readonly FoundDeletions[]> {
  const audit = await ConnectorProcess.start(command);
  audit.input.end();
  const onStop = (): void => {
    audit.stop();
  };
  stop.addEventListener('abort', onStop);
  const found: FoundDeletions[] = [];
  let last = 'it gave no reason';
  const lines = new LineRelay((line) => {
    found.push(parseDeletions(line));
    return { forward: false, record: false };
  });
  const errors = new LineRelay((line) => {
    last = line;
    log.info('audit', { stderr: line });
    return { forward: false, record: false };
  });
  try {
    await Promise.all([
      (async () => {
        for await (const chunk of audit.output) lines.push(chunk as Buffer);
      })(),
      (async () => {
        for await (const chunk of audit.errors) errors.push(chunk as Buffer);
      })(),
    ]);
  } finally {
    audit.stop();
    stop.removeEventListener('abort', onStop);
  }
  const { code } = await audit.ended;
  if (code === 0) return found;
  const message = `Deletions could not be searched for: ${last.replace(/^ewallet-audit: /, '')}`;
  throw code === AUDIT_EXIT.config ? Failure.config(message) : Failure.transient(message);
}

function parseDeletions(line: string): FoundDeletions {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  const { stream, key, landed, deleted, keys } = (value ?? {}) as Partial<Record<keyof FoundDeletions, unknown>>;
  if (
    typeof stream === 'string' &&
    typeof landed === 'number' &&
    typeof deleted === 'number' &&
    Array.isArray(key) &&
    Array.isArray(keys)
  ) {
    return { stream, key: key as string[], landed, deleted, keys: keys as string[][] };
  }
  throw Failure.system('ewallet-audit answered what is no list of deletions: is it of the same version?');
}
