import { Failure } from '@ewallet/failure';
import { differences } from './difference';
import type { JsonObject } from './json';
import type { Connection } from './setup';

export interface FoundConnection {
  readonly id: string;
  readonly name: string;
  readonly sourceId: string;
  readonly destinationId: string;
  readonly scheduleType: string;
  readonly cronExpression: string | undefined;
  readonly namespaceDefinition: string | undefined;
  readonly nonBreakingSchemaUpdatesBehavior: string | undefined;
  readonly prefix: string;
  readonly status: string;
  readonly streams: readonly JsonObject[];
}

type ConnectionStep =
  | { readonly kind: 'keep'; readonly id: string }
  | { readonly kind: 'create'; readonly body: JsonObject }
  | { readonly kind: 'update'; readonly id: string; readonly changes: readonly string[]; readonly body: JsonObject };

/** A connection is known by its two ends and its name; a second one of the same ends under another name is left alone. */
export function planConnection(
  wanted: Connection,
  ends: { readonly sourceId: string; readonly destinationId: string },
  streams: readonly JsonObject[],
  found: readonly FoundConnection[],
): ConnectionStep {
  const body: JsonObject = {
    name: wanted.name,
    schedule:
      wanted.schedule.kind === 'manual'
        ? { scheduleType: 'manual' }
        : { scheduleType: 'cron', cronExpression: wanted.schedule.expression },
    namespaceDefinition: wanted.namespaceDefinition,
    nonBreakingSchemaUpdatesBehavior: wanted.nonBreakingSchemaUpdatesBehavior,
    prefix: wanted.prefix,
    status: 'active',
    configurations: { streams },
  };
  const named = found.filter(({ name, status }) => name === wanted.name && status !== 'deprecated');
  const [match, ...others] = named.filter(
    ({ sourceId, destinationId }) => sourceId === ends.sourceId && destinationId === ends.destinationId,
  );
  if (match === undefined) return { kind: 'create', body: { ...ends, ...body } };
  if (others.length > 0) {
    throw Failure.config(`Airbyte has ${others.length + 1} connections named "${wanted.name}": delete all but one.`);
  }
  const changes = changesOf(body, match);
  return changes.length === 0 ? { kind: 'keep', id: match.id } : { kind: 'update', id: match.id, changes, body };
}

function changesOf(body: JsonObject, found: FoundConnection): readonly string[] {
  const comparable: JsonObject = {
    name: found.name,
    schedule: {
      scheduleType: found.scheduleType,
      // The answer carries the time zone behind the expression: "0 0 * * * ? UTC".
      ...(found.cronExpression === undefined ? {} : { cronExpression: found.cronExpression.replace(/ UTC$/, '') }),
    },
    namespaceDefinition: found.namespaceDefinition,
    nonBreakingSchemaUpdatesBehavior: found.nonBreakingSchemaUpdatesBehavior,
    prefix: found.prefix,
    status: found.status,
  };
  const { configurations, ...settings } = body;
  const wantedStreams = byName((configurations as { streams: readonly JsonObject[] }).streams);
  return [
    ...differences(settings, comparable),
    // Airbyte answers streams as a set, in any order.
    ...differences(wantedStreams, byName(found.streams), 'streams'),
    ...Object.keys(byName(found.streams))
      .filter((key) => !(key in wantedStreams))
      .map((key) => `streams.${key}`),
  ];
}

function byName(streams: readonly JsonObject[]): JsonObject {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return Object.fromEntries(streams.map((stream) => [`${text(stream.namespace)}.${text(stream.name)}`, stream]));
}
