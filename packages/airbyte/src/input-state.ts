import { Failure } from '@ewallet/failure';
import type { JsonObject, StreamDescriptor } from './protocol';

/** The state of the streams that have one, as the platform gave it back. A closed shape, never the CDK's free dictionary. */
export interface InputState {
  readonly streams: readonly InputStreamState[];
  /** What a GLOBAL state says of all streams together; undefined where the state is of streams alone. */
  readonly shared?: JsonObject;
}

export interface InputStreamState {
  readonly descriptor: StreamDescriptor;
  readonly state: JsonObject;
}

/**
 * State as the platform and PyAirbyte hand it over: a list of state messages, or one, or nothing (also as a LEGACY state
 * without data). One GLOBAL state, which holds those of the streams, or STREAM states. A LEGACY state with data cannot be
 * ours and is refused, as ignoring it would silently read everything again.
 */
export function parseInputState(value: unknown): InputState {
  if (value === undefined || value === null) return { streams: [] };
  if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0) return { streams: [] };
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  const parsed = messages.map(parseOne);
  const shared = parsed.flatMap((state) => (state.shared === undefined ? [] : [state.shared]));
  if (shared.length > 0 && parsed.length > 1) {
    throw Failure.config('The state has a GLOBAL state beside others: give the one that the last sync acknowledged.');
  }
  const streams = parsed.flatMap((state) => state.streams);
  return shared[0] === undefined ? { streams } : { streams, shared: shared[0] };
}

function parseOne(value: unknown): InputState {
  const message = asObject(value);
  const type = message.type === 'STATE' ? asObject(message.state).type : message.type;
  const state = message.type === 'STATE' ? asObject(message.state) : message;
  if (type === 'LEGACY' && Object.keys(asObject(state.data ?? {})).length === 0) return { streams: [] };
  if (type === 'GLOBAL') return parseGlobal(asObject(state.global));
  if (type !== 'STREAM') {
    throw Failure.config(
      `The state is of type ${typeof type === 'string' ? type : 'LEGACY'}, which this connector never wrote: ` +
        'reset the connection, or give it STREAM state.',
    );
  }
  return { streams: parseStream(asObject(state.stream)) };
}

function parseGlobal(state: JsonObject): InputState {
  const streams = state.stream_states ?? [];
  if (!Array.isArray(streams)) throw malformed();
  return {
    shared: asObject(state.shared_state ?? {}),
    streams: streams.flatMap((stream) => parseStream(asObject(stream))),
  };
}

function parseStream(stream: JsonObject): readonly InputStreamState[] {
  const descriptor = asObject(stream.stream_descriptor);
  const { name } = descriptor;
  if (typeof name !== 'string') throw malformed();
  const namespace = descriptor.namespace ?? undefined;
  if (namespace !== undefined && typeof namespace !== 'string') throw malformed();
  if (stream.stream_state === undefined || stream.stream_state === null) return [];
  return [
    {
      descriptor: namespace === undefined ? { name } : { name, namespace },
      state: asObject(stream.stream_state),
    },
  ];
}

function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as JsonObject;
}

function malformed(): Failure {
  return Failure.config('The state is not a list of Airbyte states.');
}
