import type { Tracing } from '@ewallet/tracing';
import type { RecordTrace } from '../load/batch';
import type { Commit, SinkEvents } from '../run/events';

/**
 * A span per warehouse transaction in the trace of each sync whose records it landed: it begins where the transaction did,
 * and belongs below the destination's span, whose `traceparent` the records carry.
 */
export function traceEvents(tracing: Tracing, connector: string, now: () => number): Pick<SinkEvents, 'committed'> {
  return {
    committed: (commit) => {
      const startedAt = now() - commit.milliseconds;
      for (const { parent, syncId } of tracesOf(commit)) {
        const reached = commit.progress.filter(({ traces }) => traces.has(parent));
        const span = tracing.start('land', parent, {
          kind: 'consumer',
          startedAt,
          attributes: {
            'messaging.system': 'kafka',
            'messaging.operation.type': 'process',
            'messaging.destination.name': [...new Set(reached.map(({ topic }) => topic))].sort().join(','),
            'messaging.batch.message_count': reached.reduce((sum, { records }) => sum + records, 0),
            'ewallet.connector': connector,
            'ewallet.sync_id': syncId === undefined ? undefined : Number(syncId),
            'ewallet.tables': commit.tables,
            'ewallet.dead_letters': commit.deadLetters.length,
            'ewallet.attempts': commit.attempts,
          },
        });
        span.end();
      }
    },
  };
}

function tracesOf({ progress }: Commit): readonly RecordTrace[] {
  return [...new Map(progress.flatMap(({ traces }) => [...traces])).values()];
}
