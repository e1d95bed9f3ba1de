import { destinationConfig } from '../../support/configurations';
import { committedRecords } from '../../support/destination/committed-records';
import { catalogOf, recordLine, runWrite } from '../../support/destination/destination-run';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

const properties = {
  id: { type: ['null', 'integer'] },
  name: { type: ['null', 'string'] },
  _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
};
const deleted = '"_ab_cdc_deleted_at":"2026-01-02T03:04:05.600000Z"';

/** A row, its deletion as a serialiser writes it, and another's in a form that only the general parser takes. */
async function write(mode: 'append' | 'append_dedup', more: Record<string, unknown>): Promise<readonly string[]> {
  const connections = await services();
  const stream = { name: uniqueName('deletions'), namespace: 'public' };
  const input = [
    recordLine(stream, '{"id":1,"name":"a","_ab_cdc_deleted_at":null}'),
    recordLine(stream, `{"id":1,"name":null,${deleted}}`),
    recordLine(stream, `{ "id": 2, "name": null, ${deleted} }`),
  ].join('');
  const config = { ...destinationConfig(connections, '{namespace}.{stream}'), topic_partitions: 1, ...more };
  const result = await runWrite(config, catalogOf([{ ...stream, properties, primaryKey: ['id'], mode }]), input);
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 0, stdout: '' });
  const records = await committedRecords(
    { brokers: [connections.kafka.bootstrapServers] },
    connections.schemaRegistry.url,
    `public.${stream.name}`,
  );
  return records.map(({ key, value }) => {
    const id = String((key as { id: unknown }).id);
    const row = value as { _ab_cdc_deleted_at: unknown } | null;
    if (row === null) return `${id} tombstone`;
    return row._ab_cdc_deleted_at === null ? `${id} row` : `${id} deletion`;
  });
}

test('in append_dedup a deletion is a value that says when, then a tombstone under the same key', async () => {
  expect(await write('append_dedup', {})).toEqual(['1 row', '1 deletion', '1 tombstone', '2 deletion', '2 tombstone']);
});

test('with deletion_mode soft, and in append, it is the value alone', async () => {
  expect(await write('append_dedup', { deletion_mode: 'soft' })).toEqual(['1 row', '1 deletion', '2 deletion']);
  expect(await write('append', {})).toEqual(['1 row', '1 deletion', '2 deletion']);
});
