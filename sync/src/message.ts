import { Failure, type FailureKind, type Json } from '@ewallet/failure';
import { jsonMember } from './json-member';

/** `public.users`, or `users` where there is no namespace; `global` for state of everything. */
export type StreamName = string;

/** What the platform needs to know of a line that a connector wrote. Records stay bytes. */
export type Message =
  | { readonly kind: 'record' }
  | { readonly kind: 'state'; readonly state: StateMessage }
  | { readonly kind: 'status'; readonly stream: StreamName; readonly status: string }
  | {
      readonly kind: 'error';
      readonly failureKind: FailureKind;
      readonly message: string;
      readonly stream: StreamName | undefined;
    }
  /** A measurement by its name. */
  | { readonly kind: 'analytics'; readonly name: string; readonly value: string }
  | { readonly kind: 'log'; readonly level: string; readonly message: string }
  | { readonly kind: 'catalog'; readonly catalog: unknown }
  | { readonly kind: 'other' }
  /** Not a protocol message: a library's print. It is logged and goes no further. */
  | { readonly kind: 'text'; readonly text: string };

export interface StateMessage {
  /** What the state is of: a stream, or everything. */
  readonly of: StreamName;
  /** The message as it goes into the state file and back to the source: exact text, without statistics. */
  readonly json: string;
  /** Records between this state and the one before; undefined where the connector does not count. */
  readonly sourceRecords: number | undefined;
  readonly destinationRecords: number | undefined;
  readonly rejectedRecords: number;
}

/** Parses a line that is not known to be a record. @throws Failure for a state that cannot be kept. */
export function parseMessage(line: string): Message {
  const message = parseObject(line);
  if (message === undefined) return { kind: 'text', text: line };
  switch (message.type) {
    case 'RECORD':
      return { kind: 'record' };
    case 'STATE':
      return { kind: 'state', state: parseState(line, asObject(message.state)) };
    case 'TRACE':
      return parseTrace(asObject(message.trace));
    case 'LOG': {
      const log = asObject(message.log);
      return { kind: 'log', level: asText(log.level) ?? 'INFO', message: asText(log.message) ?? '' };
    }
    case 'CATALOG':
      return { kind: 'catalog', catalog: message.catalog };
    case 'CONNECTION_STATUS':
    case 'SPEC':
    case 'CONTROL':
      return { kind: 'other' };
    default:
      return { kind: 'text', text: line };
  }
}

function parseState(line: string, state: Json): StateMessage {
  const text = jsonMember(line, 'state') ?? '{}';
  const source = asObject(state.sourceStats);
  const destination = asObject(state.destinationStats);
  const counts = {
    sourceRecords: asCount(source.recordCount),
    destinationRecords: asCount(destination.recordCount),
    rejectedRecords: asCount(destination.rejectedRecordCount) ?? 0,
  };
  switch (state.type) {
    case 'STREAM': {
      const of = streamName(asObject(asObject(state.stream).stream_descriptor));
      return { of, json: `{"type":"STREAM","stream":${jsonMember(text, 'stream') ?? '{}'}}`, ...counts };
    }
    case 'GLOBAL':
      return { of: 'global', json: `{"type":"GLOBAL","global":${jsonMember(text, 'global') ?? '{}'}}`, ...counts };
    default:
      throw Failure.config(
        `The source sends state of type ${asText(state.type) ?? 'LEGACY'}; only STREAM and GLOBAL state can be kept. Use a newer version of the source.`,
      );
  }
}

function parseTrace(trace: Json): Message {
  if (trace.type === 'ERROR') {
    const error = asObject(trace.error);
    const descriptor = asObject(error.stream_descriptor);
    return {
      kind: 'error',
      failureKind:
        error.failure_type === 'config_error' || error.failure_type === 'transient_error'
          ? error.failure_type
          : 'system_error',
      message: asText(error.message) ?? 'no message',
      stream: typeof descriptor.name === 'string' ? streamName(descriptor) : undefined,
    };
  }
  if (trace.type === 'STREAM_STATUS') {
    const status = asObject(trace.stream_status);
    return { kind: 'status', stream: streamName(asObject(status.stream_descriptor)), status: String(status.status) };
  }
  if (trace.type === 'ANALYTICS') {
    const { type: name, value } = asObject(trace.analytics);
    return { kind: 'analytics', name: asText(name) ?? '', value: asText(value) ?? '' };
  }
  return { kind: 'other' };
}

export function streamName(descriptor: Json): StreamName {
  const { namespace, name } = descriptor;
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}.${String(name)}` : String(name);
}

function parseObject(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
