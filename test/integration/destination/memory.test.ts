import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { commandPath } from '../../support/command';
import { catalogOf, recordLine, stateLine, withFiles } from '../../support/destination/destination-run';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(900_000);

const LIMIT_MB = 300;
const long = process.env.EWALLET_LONG === '1';
const LARGE_RECORDS = long ? 2_000 : 120;
const SMALL_RECORDS = long ? 10_000_000 : 300_000;

interface Outcome {
  readonly code: number | null;
  readonly acknowledged: boolean;
  /** The kernel's own peak of resident memory. */
  readonly peakMb: number;
}

async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Runs the built command on lines that are made as fast as it takes them, with one STATE at the end. */
async function run(
  stream: { readonly name: string; readonly namespace: string },
  properties: Readonly<Record<string, unknown>>,
  lines: Iterable<string>,
): Promise<Outcome> {
  const { kafka, schemaRegistry } = await services();
  const config = {
    bootstrap_servers: kafka.bootstrapServers,
    schema_registry: { url: schemaRegistry.url },
    // The broker gives the space back while the test runs.
    topic_config: { 'retention.bytes': '134217728', 'segment.bytes': '67108864' },
  };
  const catalog = catalogOf([{ ...stream, properties, primaryKey: ['id'] }]);
  return withFiles({ 'config.json': config, 'catalog.json': catalog }, async (dir) => {
    const args = ['write', '--config', path.join(dir, 'config.json'), '--catalog', path.join(dir, 'catalog.json')];
    const child = spawn(commandPath('destination-kafka'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    const closed = once(child, 'close');
    let peak = 0;
    const sampling = setInterval(() => {
      void peakMb(child.pid ?? 0).then((now) => {
        peak = Math.max(peak, now);
      });
    }, 20);
    try {
      await pipeline(Readable.from(lines, { objectMode: true, highWaterMark: 1 }), child.stdin);
      const [code] = (await closed) as [number | null];
      return {
        code,
        acknowledged: Buffer.concat(output).includes('"stream_state":{"done":true}'),
        peakMb: Math.round(peak),
      };
    } finally {
      clearInterval(sampling);
    }
  });
}

test(`${LARGE_RECORDS} records of 1 MB in one checkpoint take less than ${LIMIT_MB} MB`, async () => {
  const stream = { name: uniqueName('large'), namespace: 'public' };
  const text = 'größer '.repeat(120_000).slice(0, 780_000);
  const json = JSON.stringify({ list: Array.from({ length: 80_000 }, (_, index) => index * 1_000_003) });
  function* lines(): Generator<string> {
    for (let id = 1; id <= LARGE_RECORDS; id += 1) {
      const value = id % 2 === 0 ? `"text":${JSON.stringify(text)}` : `"json":${json}`;
      yield recordLine(stream, `{"id":${id},${value}}`);
    }
    yield stateLine(stream, { done: true });
  }
  const properties = { id: { type: 'integer' }, text: { type: 'string' }, json: { type: 'object' } };
  const outcome = await run(stream, properties, lines());
  expect(outcome).toEqual({ code: 0, acknowledged: true, peakMb: expect.any(Number) as number });
  expect(outcome.peakMb).toBeLessThan(LIMIT_MB);
  console.info(`peak ${outcome.peakMb} MB`);
});

test(`${SMALL_RECORDS} small records in one checkpoint take less than ${LIMIT_MB} MB`, async () => {
  const stream = { name: uniqueName('small'), namespace: 'public' };
  const properties = {
    id: { type: 'integer' },
    wallet_id: { type: 'integer' },
    amount: { type: 'number', precision: 20, scale: 4 },
    currency: { type: 'string' },
    created_at: { type: 'string', format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
  };
  function* lines(): Generator<string> {
    for (let id = 0; id < SMALL_RECORDS;) {
      let chunk = '';
      for (const end = Math.min(id + 500, SMALL_RECORDS); id < end; id += 1) {
        chunk += recordLine(
          stream,
          `{"id":${id},"wallet_id":${id % 1000},"amount":${id}.2500,"currency":"IDR","created_at":"2024-02-29T12:00:00.123456Z"}`,
        );
      }
      yield chunk;
    }
    yield stateLine(stream, { done: true });
  }
  const outcome = await run(stream, properties, lines());
  expect(outcome).toEqual({ code: 0, acknowledged: true, peakMb: expect.any(Number) as number });
  expect(outcome.peakMb).toBeLessThan(LIMIT_MB);
  console.info(`peak ${outcome.peakMb} MB`);
});
