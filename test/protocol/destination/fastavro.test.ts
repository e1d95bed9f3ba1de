import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from '../../support/command';
import { committedRecords } from '../../support/destination/committed-records';
import { catalogOf, recordLine, runWrite, stateLine } from '../../support/destination/destination-run';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

/** The example of the page, as people copy it. */
const READER = /```python\n([\s\S]*?)```/.exec(
  readFileSync(path.join(PROJECT_ROOT, 'docs', 'reading-the-topics.md'), 'utf8'),
)![1]!;

test('fastavro, a reader that is not ours, reads every digit and microsecond that we wrote', async () => {
  const { kafka, schemaRegistry } = await services();
  const stream = { name: uniqueName('foreign'), namespace: 'public' };
  const properties = {
    id: { type: 'integer' },
    'amount paid': { type: ['null', 'number'], precision: 20, scale: 4 },
    at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
    tags: { type: ['null', 'array'], items: { type: 'string' } },
  };
  const data =
    '{"id":9007199254740993,"amount paid":-9999999999999999.9999,"at":"2024-02-29T12:00:00.000001Z","tags":["a",null]}';
  const config = { bootstrap_servers: kafka.bootstrapServers, schema_registry: { url: schemaRegistry.url } };
  const { code } = await runWrite(
    config,
    catalogOf([{ ...stream, properties }]),
    recordLine(stream, data) + stateLine(stream, {}),
  );
  expect(code).toBe(0);
  const brokers = [kafka.bootstrapServers];
  const [record] = await committedRecords({ brokers }, schemaRegistry.url, `public.${stream.name}`);
  const python = path.join(PROJECT_ROOT, '.venv-test', 'bin', 'python3');
  const value = record!.rawValue!.toString('hex');
  const { stdout } = await promisify(execFile)(python, ['-c', READER, schemaRegistry.url, value]);
  expect(stdout.trim()).toBe(
    JSON.stringify({
      id: 0,
      amount_paid: '-9999999999999999.9999',
      at: '2024-02-29 12:00:00.000001+00:00',
      tags: ['a', null],
      _airbyte_extracted_at: '2023-11-14 22:13:20+00:00',
      _airbyte_meta: '{"changes":[]}',
      _airbyte_generation_id: 0,
    })
      .replace('"id":0', '"id":9007199254740993')
      .replace(/":(?=[^/])/g, '": ')
      .replace(/,(?=["n])/g, ', ')
      .replace('changes\\": [', 'changes\\":['),
  );
});
