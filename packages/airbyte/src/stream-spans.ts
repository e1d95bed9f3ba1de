import type { Span } from '@ewallet/tracing';
import { AirbyteMessageType, type AirbyteMessage, type StreamDescriptor, type TraceMessage } from './protocol';
import { SerialisedLines } from './serialised-lines';

/**
 * Passes a source's messages on and gives each stream a span, from the status STARTED to COMPLETE or INCOMPLETE, with the
 * records that its states count.
 */
export async function* traceStreams(
  messages: AsyncIterable<AirbyteMessage>,
  span: Span,
): AsyncGenerator<AirbyteMessage> {
  const open = new Map<string, { readonly span: Span; records: number }>();
  let total = 0;
  try {
    for await (const message of messages) {
      yield message;
      if (message instanceof SerialisedLines) continue;
      if (message.type === AirbyteMessageType.STATE) {
        const { of, records } = counted(message);
        total += records;
        const stream = of === undefined ? undefined : open.get(of);
        if (stream !== undefined) stream.records += records;
      }
      const status = streamStatus(message);
      if (status === undefined) continue;
      const name = shown(status.stream_descriptor);
      const stream = open.get(name);
      if (status.status === 'STARTED' && stream === undefined) {
        open.set(name, { span: span.child(`read ${name}`, { attributes: { 'ewallet.stream': name } }), records: 0 });
      } else if (stream !== undefined && (status.status === 'COMPLETE' || status.status === 'INCOMPLETE')) {
        finish(stream, status.status);
        open.delete(name);
      }
    }
  } finally {
    for (const stream of open.values()) finish(stream, 'INCOMPLETE');
    span.set({ 'ewallet.records': total });
  }
}

function finish({ span, records }: { readonly span: Span; readonly records: number }, status: string): void {
  span.set({ 'ewallet.stream_status': status, 'ewallet.records': records });
  span.end();
}

function shown({ name, namespace }: StreamDescriptor): string {
  return namespace === undefined ? name : `${namespace}.${name}`;
}

function streamStatus(message: AirbyteMessage) {
  if (message.type !== AirbyteMessageType.TRACE) return undefined;
  const { trace } = message as TraceMessage;
  return trace.type === 'STREAM_STATUS' ? trace.stream_status : undefined;
}

/** Records since the state before, and of which stream; of a GLOBAL state, of all. */
function counted(message: AirbyteMessage): { readonly of: string | undefined; readonly records: number } {
  const { state } = message as {
    readonly state?: {
      readonly stream?: { readonly stream_descriptor: StreamDescriptor };
      readonly sourceStats?: { readonly recordCount: number };
    };
  };
  const descriptor = state?.stream?.stream_descriptor;
  return {
    of: descriptor === undefined ? undefined : shown(descriptor),
    records: state?.sourceStats?.recordCount ?? 0,
  };
}
