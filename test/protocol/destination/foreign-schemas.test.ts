import { frame, mapStream, SchemaRegistry } from '@ewallet/avro';
import * as fc from 'fast-check';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { RecordEncoder } from '../../../destination-kafka/src/encode/record-encoder';
import { PROJECT_ROOT } from '../../support/command';
import { stream } from '../../support/destination/airbyte-streams';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

const STREAMS = 60;

async function readByFastavro(registryUrl: string, cases: readonly unknown[]): Promise<unknown> {
  const python = path.join(PROJECT_ROOT, '.venv-test', 'bin', 'python3');
  const script = path.join(PROJECT_ROOT, 'test', 'support', 'destination', 'foreign_reader.py');
  const child = spawn(python, [script, registryUrl], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stdin.end(cases.map((one) => `${JSON.stringify(one)}\n`).join(''));
  await once(child, 'close');
  return JSON.parse(Buffer.concat(output).toString('utf8'));
}

test('the real registry takes the schema of any stream, and fastavro reads back what the source sent', async () => {
  const { schemaRegistry } = await services();
  const registry = new SchemaRegistry({ url: schemaRegistry.url });
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.info(`seed ${seed}`);
  const cases: unknown[] = [];
  try {
    for (const { name, namespace, jsonSchema, data } of fc.sample(stream, { numRuns: STREAMS, seed })) {
      const mapping = mapStream({ name, namespace, jsonSchema });
      const id = await registry.register(`${uniqueName('any')}-value`, mapping.valueSchema);
      const line = `{"type":"RECORD","record":{"stream":"x","data":${data},"emitted_at":1700000000000}}`;
      const options = { syncId: undefined, generationId: 0n, unfitValues: 'unfit_record' } as const;
      const encoded = new RecordEncoder(mapping, options).encode(Buffer.from(line), line);
      if (encoded.kind === 'unfit') throw new Error(encoded.reason);
      const value = frame(id, Buffer.concat([encoded.data, encoded.metadata]));
      cases.push({ data, value: value.toString('hex') });
    }
  } finally {
    registry.close();
  }
  expect(await readByFastavro(schemaRegistry.url, cases)).toEqual({ read: STREAMS, wrong: [] });
});
