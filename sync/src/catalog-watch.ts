import { pause } from '@ewallet/command-line';
import { asFailure } from '@ewallet/failure';
import type { SelectedCatalog } from './selection';
import type { SyncLog } from './sync-log';

export interface CatalogWatch {
  /** Milliseconds between two looks. */
  readonly every: number;
  /** What is followed. */
  readonly known: SelectedCatalog;
  /** What the source offers now, selected in the same way. */
  readonly look: (stop: AbortSignal) => Promise<SelectedCatalog>;
  readonly log: SyncLog;
}

/**
 * Looks for tables that are new or gone while changes are followed: their changes name no stream, so nothing else tells.
 *
 * @returns whether the source offers something else; false where `stop` came first
 */
export async function catalogChanged({ every, known, look, log }: CatalogWatch, stop: AbortSignal): Promise<boolean> {
  const before = textOf(known);
  for (;;) {
    await pause(every, stop);
    if (stop.aborted) return false;
    try {
      if (textOf(await look(stop)) === before) continue;
      log.info('the source offers other streams or columns');
      return true;
    } catch (error) {
      // The connectors, which need the same server, say what is wrong with it and what becomes of it.
      log.info('the streams could not be looked at; the next look is due', { message: asFailure(error).message });
    }
  }
}

function textOf({ streams, vanished }: SelectedCatalog): string {
  return JSON.stringify([streams.map((stream) => JSON.stringify(stream)).sort(), [...vanished].sort()]);
}
