import { Failure } from '@ewallet/failure';
import type { FoundActor } from './actor';
import type { FoundConnection } from './connection';
import type { FoundDefinition } from './definition';
import { isRecord, type JsonObject, type JsonValue } from './json';
import type { DiscoveredStream } from './stream-selection';

/** Airbyte's answers, checked once: a missing field is named, so that an incompatible version is recognised. */

export function foundDefinition(answer: unknown): FoundDefinition {
  const fields = record(answer, 'definition');
  return {
    id: text(fields, 'id'),
    name: text(fields, 'name'),
    dockerRepository: text(fields, 'dockerRepository'),
    dockerImageTag: text(fields, 'dockerImageTag'),
  };
}

export function foundActor(answer: unknown, idKey: 'sourceId' | 'destinationId'): FoundActor {
  const fields = record(answer, idKey);
  return {
    id: text(fields, idKey),
    name: text(fields, 'name'),
    definitionId: text(fields, 'definitionId'),
    configuration: record(fields.configuration, 'configuration'),
  };
}

export function foundConnection(answer: unknown): FoundConnection {
  const fields = record(answer, 'connection');
  const schedule = record(fields.schedule, 'schedule');
  const configurations = record(fields.configurations, 'configurations');
  return {
    id: text(fields, 'connectionId'),
    name: text(fields, 'name'),
    sourceId: text(fields, 'sourceId'),
    destinationId: text(fields, 'destinationId'),
    scheduleType: text(schedule, 'scheduleType'),
    cronExpression: optionalText(schedule.cronExpression),
    namespaceDefinition: optionalText(fields.namespaceDefinition),
    nonBreakingSchemaUpdatesBehavior: optionalText(fields.nonBreakingSchemaUpdatesBehavior),
    prefix: optionalText(fields.prefix) ?? '',
    status: text(fields, 'status'),
    streams: list(configurations.streams ?? [], 'streams').map((stream) => record(stream, 'stream')),
  };
}

export function discoveredStream(answer: unknown): DiscoveredStream {
  const fields = record(answer, 'stream');
  return {
    name: text(fields, 'streamName'),
    namespace: optionalText(fields.streamnamespace),
    syncModes: texts(fields.syncModes),
    defaultCursorField: texts(fields.defaultCursorField),
    sourceDefinedCursor: fields.sourceDefinedCursorField === true,
    sourceDefinedPrimaryKey: list(fields.sourceDefinedPrimaryKey ?? [], 'sourceDefinedPrimaryKey').map(texts),
  };
}

export function foundWorkspace(answer: unknown): { readonly id: string; readonly name: string } {
  const fields = record(answer, 'workspace');
  return { id: text(fields, 'workspaceId'), name: text(fields, 'name') };
}

export function record(value: unknown, what: string): JsonObject {
  if (isRecord(value)) return value;
  throw Failure.system(`Airbyte's answer has no ${what}; is the server's version supported?`);
}

export function text(fields: JsonObject, key: string): string {
  const value = fields[key];
  if (typeof value === 'string') return value;
  throw Failure.system(`Airbyte's answer has no "${key}"; is the server's version supported?`);
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw Failure.system(`Airbyte's answer has no list of ${what}; is the server's version supported?`);
}

function optionalText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
