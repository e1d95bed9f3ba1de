import { Failure } from '@ewallet/failure';
import { ConnectorProcess } from './connector-process';
import { LineRelay } from './line-relay';
import { parseMessage } from './message';
import type { Discovered } from './selection';
import type { SyncLog } from './sync-log';

/** A source may leave thousands of tables out; nobody reads more than the ones that are asked about. */
const WARNINGS_KEPT = 10_000;

/** @throws Failure with the source's own reason */
export async function discover(
  command: readonly [string, ...string[]],
  stop: AbortSignal,
  log: SyncLog,
): Promise<Discovered> {
  const source = await ConnectorProcess.start(command);
  source.input.end();
  const onStop = (): void => {
    source.stop();
  };
  stop.addEventListener('abort', onStop);
  let catalog: unknown;
  const warnings: string[] = [];
  let failure: Failure | undefined;
  const lines = new LineRelay((line) => {
    const message = parseMessage(line);
    if (message.kind === 'catalog') catalog = message.catalog;
    else if (message.kind === 'log' && message.level === 'WARN' && warnings.length < WARNINGS_KEPT)
      warnings.push(message.message);
    else if (message.kind === 'error') failure ??= new Failure(message.failureKind, { message: message.message });
    return { forward: false, record: false };
  });
  const errors = new LineRelay((line) => {
    log.info('source', { stderr: line });
    return { forward: false, record: false };
  });
  try {
    await Promise.all([
      (async () => {
        for await (const chunk of source.output) lines.push(chunk as Buffer);
      })(),
      (async () => {
        for await (const chunk of source.errors) errors.push(chunk as Buffer);
      })(),
    ]);
  } finally {
    source.stop();
    stop.removeEventListener('abort', onStop);
  }
  const { code } = await source.ended;
  if (failure !== undefined) throw failure;
  if (code !== 0)
    throw Failure.transient(`The source ended with exit code ${String(code)} at discover and did not say why.`);
  if (catalog === undefined) throw Failure.system('The source ended discover without a catalogue.');
  return { catalog, warnings };
}
