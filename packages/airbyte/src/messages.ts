import type { Failure } from '@ewallet/failure';
import {
  AirbyteMessageType,
  type AirbyteLogLevel,
  type FieldChange,
  type GlobalStateMessage,
  type JsonObject,
  type LogMessage,
  type RecordMessage,
  type StateStats,
  type StreamDescriptor,
  type StreamStateMessage,
  type StreamStatus,
  type TraceMessage,
} from './protocol';

/** Times are milliseconds since the epoch and always the caller's, so that a message is a function of its arguments. */
export function recordMessage(
  stream: StreamDescriptor,
  data: JsonObject,
  emittedAt: number,
  changes: readonly FieldChange[] = [],
): RecordMessage {
  return {
    type: AirbyteMessageType.RECORD,
    record: {
      stream: stream.name,
      ...(stream.namespace === undefined ? {} : { namespace: stream.namespace }),
      emitted_at: emittedAt,
      data,
      ...(changes.length === 0 ? {} : { meta: { changes } }),
    },
  };
}

/** @param recordCount records of this stream since its state before, which is what the platform's checksum compares */
export function streamStateMessage(
  stream: StreamDescriptor,
  state: JsonObject,
  recordCount: number,
): StreamStateMessage {
  const sourceStats: StateStats = { recordCount };
  return {
    type: AirbyteMessageType.STATE,
    state: { type: 'STREAM', stream: { stream_descriptor: plain(stream), stream_state: state }, sourceStats },
  };
}

/** @param recordCount records of all streams since the state before */
export function globalStateMessage(
  shared: JsonObject,
  streams: readonly { readonly descriptor: StreamDescriptor; readonly state: JsonObject }[],
  recordCount: number,
): GlobalStateMessage {
  return {
    type: AirbyteMessageType.STATE,
    state: {
      type: 'GLOBAL',
      global: {
        shared_state: shared,
        stream_states: streams.map(({ descriptor, state }) => ({
          stream_descriptor: plain(descriptor),
          stream_state: state,
        })),
      },
      sourceStats: { recordCount },
    },
  };
}

export function streamStatusMessage(stream: StreamDescriptor, status: StreamStatus, emittedAt: number): TraceMessage {
  return {
    type: AirbyteMessageType.TRACE,
    trace: {
      type: 'STREAM_STATUS',
      emitted_at: emittedAt,
      stream_status: { stream_descriptor: plain(stream), status },
    },
  };
}

/** How much a stream is going to be, for progress bars: rows and bytes as the planner believes. */
export function estimateMessage(
  stream: StreamDescriptor,
  estimate: { readonly rows: number; readonly bytes: number },
  emittedAt: number,
): TraceMessage {
  return {
    type: AirbyteMessageType.TRACE,
    trace: {
      type: 'ESTIMATE',
      emitted_at: emittedAt,
      estimate: { ...plain(stream), type: 'STREAM', row_estimate: estimate.rows, byte_estimate: estimate.bytes },
    },
  };
}

/** A measurement for whoever runs the connector; platforms that do not know its name pass it over. */
export function analyticsMessage(name: string, value: string, emittedAt: number): TraceMessage {
  return {
    type: AirbyteMessageType.TRACE,
    trace: { type: 'ANALYTICS', emitted_at: emittedAt, analytics: { type: name, value } },
  };
}

export function errorMessage(failure: Failure, emittedAt: number): TraceMessage {
  return {
    type: AirbyteMessageType.TRACE,
    trace: {
      type: 'ERROR',
      emitted_at: emittedAt,
      error: {
        message: failure.message,
        internal_message: failure.detail ?? failure.message,
        ...(failure.stack === undefined ? {} : { stack_trace: failure.stack }),
        failure_type: failure.kind,
        ...(failure.stream === undefined ? {} : { stream_descriptor: plain(failure.stream) }),
      },
    },
  };
}

export function logMessage(level: AirbyteLogLevel, message: string): LogMessage {
  return { type: AirbyteMessageType.LOG, log: { level, message } };
}

function plain(stream: StreamDescriptor): StreamDescriptor {
  return stream.namespace === undefined ? { name: stream.name } : { name: stream.name, namespace: stream.namespace };
}
