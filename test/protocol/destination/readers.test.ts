import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from '../../support/command';
import { catalogOf, recordLine, runWrite, stateLine } from '../../support/destination/destination-run';
import { compileJava } from '../../support/destination/java-reader';
import { services } from '../../support/services';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(240_000);

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const ROWS = 500;

const page = readFileSync(path.join(PROJECT_ROOT, 'docs', 'reading-the-topics.md'), 'utf8');
/** The page's example in this language, as people copy it. */
function example(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (found === undefined) throw new Error(`the page has no example in ${language}`);
  return found;
}

let dir: string;
let names: readonly string[];
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ewallet-readers-'));
  const { kafka, schemaRegistry } = await services();
  names = await Promise.all(
    CODECS.map(async (codec) => {
      const stream = { name: uniqueName(`read_${codec}`), namespace: 'public' };
      const properties = { id: { type: 'integer' }, balance: { type: 'number', precision: 20, scale: 4 } };
      const lines = Array.from({ length: ROWS }, (_, id) => recordLine(stream, `{"id":${id},"balance":-${id}.0001}`));
      const { code } = await runWrite(
        {
          bootstrap_servers: kafka.bootstrapServers,
          schema_registry: { url: schemaRegistry.url },
          compression_type: codec,
          topic_partitions: 1,
        },
        catalogOf([{ ...stream, properties, primaryKey: ['id'] }]),
        lines.join('') + stateLine(stream, {}),
      );
      if (code !== 0) throw new Error(`writing with ${codec} ended with ${String(code)}`);
      return `public.${stream.name}`;
    }),
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const expected = Array.from({ length: ROWS }, (_, id) => `${id} -${id}.0001 2023-11-14T22:13:20Z`);

test('Java, by the page’s example, reads every row of every compression', async () => {
  const { kafka, schemaRegistry } = await services();
  const read = await compileJava('ReadTopic', example('java'), dir);
  const rows = await read(kafka.bootstrapServers, schemaRegistry.url, ...names);
  for (const topic of names) {
    expect(rows.filter((row) => row.startsWith(`${topic} `))).toEqual(expected.map((row) => `${topic} ${row}`));
  }
});

const hasKcat = spawnSync('kcat', ['-V']).status === 0;

(hasKcat ? test : test.skip)(
  'kcat, by the page’s example less Avro, reads every record of every compression',
  async () => {
    const { kafka, schemaRegistry } = await services();
    // Debian's kcat is built without Avro: its bytes are counted, and the page says so.
    const avro = !String(spawnSync('kcat', ['-V']).stdout).includes('Avro') ? / -s value=avro -r "\$REGISTRY"/ : /$^/;
    const command = example('sh').replace(avro, '').replace("'%o %s\\n'", "'%o %S\\n'");
    for (const topic of names) {
      const env = { ...process.env, BROKERS: kafka.bootstrapServers, REGISTRY: schemaRegistry.url, TOPIC: topic };
      const { stdout } = await promisify(execFile)('bash', ['-c', command], { env });
      const offsets = stdout
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[0]));
      expect({ topic, offsets }).toEqual({ topic, offsets: Array.from({ length: ROWS }, (_, offset) => offset) });
    }
  },
);
