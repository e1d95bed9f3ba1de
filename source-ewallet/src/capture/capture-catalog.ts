import { streamName } from '@ewallet/postgres';
import { SyncMode, type CatalogStream, type JsonObject } from '@ewallet/airbyte';
import { propertySchema } from '../tables/json-schema';
import { streamCatalog } from '../tables/stream-catalog';
import type { Table } from '../tables/table';
import type { CaptureConfig } from '../config/capture-config';
import { captureProperties, LSN_FIELD } from './capture-fields';
import { whyNotCaptured, type CapturedTable, type Publication } from './publication';

/** The streams as `discover` offers them: incremental where changes can be captured, full refresh where they cannot. */
export function captureCatalog(
  tables: readonly Table[],
  captured: readonly CapturedTable[],
  publication: Publication,
  config: CaptureConfig,
): readonly CatalogStream[] {
  const byName = new Map(captured.map((one) => [streamName(one.table), one]));
  return streamCatalog(tables, { kind: 'lossless' }).map((stream) => {
    const found = byName.get(streamName({ schema: stream.namespace ?? '', name: stream.name }));
    if (found === undefined || whyNotCaptured(found, publication) !== undefined) {
      return { ...withoutCursor(stream), supported_sync_modes: [SyncMode.FULL_REFRESH] };
    }
    return {
      ...withoutCursor(stream),
      json_schema: capturedSchema(found, config),
      supported_sync_modes: [SyncMode.FULL_REFRESH, SyncMode.INCREMENTAL],
      source_defined_cursor: true,
      default_cursor_field: [LSN_FIELD],
      ...(found.key.length === 0 ? {} : { source_defined_primary_key: found.key.map((name) => [name]) }),
    };
  });
}

/** Of the cursor columns of other methods nothing is used here. */
function withoutCursor(stream: CatalogStream): CatalogStream {
  return Object.fromEntries(
    Object.entries({ ...stream, source_defined_cursor: false }).filter(([key]) => key !== 'default_cursor_field'),
  ) as unknown as CatalogStream;
}

function capturedSchema({ columns }: CapturedTable, config: CaptureConfig): JsonObject & Record<string, unknown> {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      ...Object.fromEntries(columns.map((column) => [column.name, propertySchema(column.type)])),
      ...captureProperties(config.fields),
    },
  };
}
