import type { AirbyteCatalog } from 'faros-airbyte-cdk/lib/protocol';

/**
 * The configured catalogue of every stream that `discover` offers, as the platform and ewallet-sync choose where nobody
 * does: incremental where it can be, deduplicated where there is a key, else appended; what is read whole overwrites.
 */
export function defaultCatalog({ streams }: AirbyteCatalog): object {
  return {
    streams: streams.map((stream) => {
      const { default_cursor_field: cursor = [], source_defined_primary_key: key = [] } = stream;
      const isIncremental = (stream.supported_sync_modes ?? []).map(String).includes('incremental');
      return {
        stream,
        sync_mode: isIncremental ? 'incremental' : 'full_refresh',
        destination_sync_mode: !isIncremental ? 'overwrite' : key.length > 0 ? 'append_dedup' : 'append',
        ...(cursor.length > 0 ? { cursor_field: cursor } : {}),
        ...(key.length > 0 ? { primary_key: key } : {}),
      };
    }),
  };
}
