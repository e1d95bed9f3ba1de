import { streamName } from '@ewallet/postgres';
import {
  AirbyteMessageType,
  type AirbyteMessage,
  type ConnectorContext,
  type StreamStateMessage,
  type TraceMessage,
} from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { readTable } from '../read/read-table';
import type { Session } from '../server/session';
import type { SourceConfig } from '../config/source-config';
import { parseStreamState, type StreamState } from '../position/stream-state';
import type { Table } from '../tables/table';
import { copiedColumns, type CapturedStream } from './captured-stream';
import { sawTransaction, type SeenTransactions } from './seen-transactions';
import { queryWritten } from './server-place';

export interface CopyReading {
  readonly session: Session;
  readonly config: SourceConfig;
  readonly tables: readonly Table[];
  readonly context: ConnectorContext;
  /** Members that the copied records have beside their columns. */
  readonly more: Uint8Array;
}

/** A message to pass on, or how many records a new state of the stream covers. */
export type CopyStep =
  { readonly kind: 'message'; readonly message: AirbyteMessage } | { readonly kind: 'state'; readonly records: number };

/**
 * Copies a captured stream's table with the lossless reader, whole or from where an earlier sync stopped, and brings the
 * stream's state forward as it goes. The stream drops the transactions that the very first snapshot saw; versions between
 * that one and a later snapshot come once more, so that a row deleted and inserted again meanwhile is not lost.
 */
export async function* copyStream(reading: CopyReading, stream: CapturedStream): AsyncGenerator<CopyStep> {
  const { rows } = stream.state;
  let seen: SeenTransactions | undefined = stream.state.seen;
  const steps = readTable(
    {
      ...reading,
      columns: copiedColumns(stream),
      onSnapshot: async (client) => {
        const { rows: found } = await client.query<{ snapshot: string }>(
          'select pg_current_snapshot()::text as snapshot',
        );
        const snapshot = found[0]?.snapshot;
        if (snapshot === undefined) throw Failure.system('The server gave no snapshot.');
        seen ??= { snapshot, until: await queryWritten(client) };
      },
    },
    { ...stream.configured, syncMode: rows?.mode ?? 'full_refresh', cursorField: [] },
    rows,
  );
  yield* copySteps(steps, (state) => {
    const now = parseStreamState(state.stream.stream_state, streamName(stream.captured.table));
    stream.state = { ...stream.state, rows: now, seen, phase: isWhole(now) ? 'stream' : 'copy' };
    stream.saw = seen === undefined ? undefined : sawTransaction(seen);
  });
}

/**
 * What the reader of a table says, as steps of a copy.
 *
 * @param reached is given each state before its step
 */
export async function* copySteps(
  messages: AsyncIterable<AirbyteMessage>,
  reached: (state: StreamStateMessage['state']) => void,
): AsyncGenerator<CopyStep> {
  for await (const message of messages) {
    if (message.type === AirbyteMessageType.STATE) {
      const { state } = message as StreamStateMessage;
      reached(state);
      yield { kind: 'state', records: state.sourceStats?.recordCount ?? 0 };
    } else if (!isOwnStatus(message)) {
      yield { kind: 'message', message };
    }
  }
}

function isWhole(rows: StreamState): boolean {
  return rows.mode === 'full_refresh' ? rows.isComplete : rows.rules.length <= 1;
}

/** A captured stream is started before its copy and complete after its changes: the reader of the table knows neither. */
function isOwnStatus(message: AirbyteMessage): boolean {
  if (message.type !== AirbyteMessageType.TRACE) return false;
  const { trace } = message as TraceMessage;
  return trace.type === 'STREAM_STATUS' && trace.stream_status.status !== 'RUNNING';
}
