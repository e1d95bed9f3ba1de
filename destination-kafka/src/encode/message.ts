import { Failure } from '@ewallet/failure';
import type { StreamName } from '@ewallet/avro';
import { constants } from 'node:buffer';
import { lastMember, rawMembers } from './json-members';

/** An Airbyte message as the destination has to act on it. */
export type Incoming =
  | { readonly kind: 'record'; readonly stream: StreamName; readonly text: string }
  /** `stream` is undefined for GLOBAL and LEGACY state, which speak for every stream. */
  | { readonly kind: 'state'; readonly stream: StreamName | undefined; readonly text: string }
  | { readonly kind: 'status'; readonly stream: StreamName; readonly status: string }
  /** LOG, CONTROL, ESTIMATE and what later versions of the protocol add: none of a destination's business. */
  | { readonly kind: 'other' };

type JsonObject = Readonly<Record<string, unknown>>;

function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function streamName(value: JsonObject | undefined, key: 'name' | 'stream'): StreamName | undefined {
  const name = value?.[key];
  const namespace = value?.namespace;
  if (typeof name !== 'string') return undefined;
  return typeof namespace === 'string' && namespace !== '' ? { name, namespace } : { name };
}

function parseJson(text: string, lineNumber: number): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw notAMessage(lineNumber, 'is not JSON', error);
  }
  const message = object(parsed);
  if (message === undefined) throw notAMessage(lineNumber, 'is not a JSON object', undefined);
  return message;
}

function notAMessage(lineNumber: number, what: string, cause: unknown): Failure {
  return Failure.system(
    `Line ${lineNumber} of standard input ${what}: the source printed something that is no Airbyte message, or was cut off in the middle of one. What was committed before it stays.`,
    { cause },
  );
}

/**
 * Parses one line.
 *
 * @param lineNumber counted from 1, for the error
 * @throws Failure system_error when it is no JSON object or lacks what its type must have
 */
export function parseMessage(line: Buffer, lineNumber: number): Incoming {
  if (line.length > constants.MAX_STRING_LENGTH) {
    throw Failure.config(
      `Line ${lineNumber} of standard input has ${line.length} bytes; a line may have ${constants.MAX_STRING_LENGTH}, the longest text of Node.js. Leave the column that is so large out of the connection.`,
    );
  }
  const text = line.toString('utf8');
  if (text.trim() === '') return { kind: 'other' };
  const message = parseJson(text, lineNumber);
  switch (message.type) {
    case 'RECORD': {
      const stream = streamName(object(message.record), 'stream');
      if (stream === undefined) throw notAMessage(lineNumber, 'is a RECORD without a stream', undefined);
      return { kind: 'record', stream, text };
    }
    case 'STATE': {
      const state = object(message.state);
      if (state === undefined) throw notAMessage(lineNumber, 'is a STATE without a state', undefined);
      const descriptor = object(object(state.stream)?.stream_descriptor);
      return { kind: 'state', stream: streamName(descriptor, 'name'), text };
    }
    case 'TRACE': {
      const status = object(object(message.trace)?.stream_status);
      const stream = streamName(object(status?.stream_descriptor), 'name');
      if (stream === undefined || typeof status?.status !== 'string') return { kind: 'other' };
      return { kind: 'status', stream, status: status.status };
    }
    default:
      return { kind: 'other' };
  }
}

/**
 * The STATE line with `destinationStats` in its `state` object and not another byte changed: the platform compares what
 * comes back with what it sent, and large numbers or unknown fields would not survive a parser.
 *
 * @param text a STATE message, valid JSON
 */
export function withDestinationStats(text: string, recordCount: number, rejectedRecordCount: number): string {
  const rejected = rejectedRecordCount === 0 ? '' : `,"rejectedRecordCount":${rejectedRecordCount}`;
  const stats = `{"recordCount":${recordCount}${rejected}}`;
  const state = lastMember(rawMembers(text, text.indexOf('{')), 'state');
  if (state === undefined) return text;
  const members = rawMembers(text, state.start);
  const existing = lastMember(members, 'destinationStats');
  if (existing !== undefined) return text.slice(0, existing.start) + stats + text.slice(existing.end);
  const closing = state.end - 1;
  return `${text.slice(0, closing)}${members.length === 0 ? '' : ','}"destinationStats":${stats}${text.slice(closing)}`;
}
