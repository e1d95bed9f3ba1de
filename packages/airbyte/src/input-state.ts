import { Failure } from '@ewallet/failure';
import type { JsonObject, StreamDescriptor } from './protocol';

/** The state of the streams that have one, as the platform gave it back. A closed shape, never the CDK's free dictionary. */
export interface InputState {
  readonly streams: readonly InputStreamState[];
}

export interface InputStreamState {
  readonly descriptor: StreamDescriptor;
  readonly state: JsonObject;
}

/**
 * STREAM states as the platform and PyAirbyte hand them over: a list of state messages, or one, or nothing (also as a
 * LEGACY state without data). Other GLOBAL and LEGACY state cannot be ours and is refused, as ignoring it would silently
 * read everything again.
 */
export function parseInputState(value: unknown): InputState {
  if (value === undefined || value === null) return { streams: [] };
  if (Array.isArray(value)) return { streams: value.flatMap(parseOne) };
  if (typeof value === 'object' && Object.keys(value).length === 0) return { streams: [] };
  return { streams: parseOne(value) };
}

function parseOne(value: unknown): readonly InputStreamState[] {
  const message = asObject(value);
  const type = message.type === 'STATE' ? asObject(message.state).type : message.type;
  const state = message.type === 'STATE' ? asObject(message.state) : message;
  if (type === 'LEGACY' && Object.keys(asObject(state.data ?? {})).length === 0) return [];
  if (type !== 'STREAM') {
    throw Failure.config(
      `The state is of type ${typeof type === 'string' ? type : 'LEGACY'}, which this connector never wrote: ` +
        'reset the connection, or give it STREAM state.',
    );
  }
  const stream = asObject(state.stream);
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
  return Failure.config('The state is not a list of Airbyte STREAM states.');
}
