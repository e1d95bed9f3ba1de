import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandPath, runProgram } from '../../support/command';

jest.setTimeout(120_000);

const NAME_SERVER = '127.0.0.9';

/** Root that may mount, as the name server is another for this command alone; and glibc, which is told by its environment. */
const isPossible =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'true']).status === 0 &&
  spawnSync('ldd', ['--version'], { encoding: 'utf8' }).stdout.includes('GLIBC');
const whereNamesCanBeSilent = isPossible ? test : test.skip;

let directory: string;
let server: Socket | undefined;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-silent-names-'));
});
afterEach(async () => {
  server?.close();
  await rm(directory, { recursive: true });
});

/** The name that a question of the domain name system asks for. */
function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question.readUInt8(at) > 0; at += 1 + question.readUInt8(at)) {
    labels.push(question.subarray(at + 1, at + 1 + question.readUInt8(at)).toString());
  }
  return labels.join('.');
}

whereNamesCanBeSilent(
  'a name server that is silent is asked for no longer than the status waits, and files are read meanwhile',
  async () => {
    const asked: string[] = [];
    server = createSocket('udp4', (question) => asked.push(nameIn(question)));
    server.bind(53, NAME_SERVER);
    await once(server, 'listening');
    const at = new Date().toISOString();
    await mkdir(path.join(directory, 'target'));
    const run = { metadata: { generated_at: at }, results: [], args: { which: 'build' } };
    await writeFile(path.join(directory, 'target/run_results.json'), JSON.stringify(run));
    await writeFile(path.join(directory, 'resolv.conf'), `nameserver ${NAME_SERVER}\n`);
    await writeFile(
      path.join(directory, 'pipeline.json'),
      JSON.stringify({
        ewallet: { ...{ host: 'wallet.test', port: 5432, database: 'w', username: 'u', password: 'p' } },
        kafka: {
          bootstrap_servers: 'kafka.test:9092',
          protocol: { security_protocol: 'PLAINTEXT' },
          schema_registry: { url: 'http://registry.test:8081' },
          topic_pattern: '{stream}',
        },
        sink: { name: 's', instances: ['a', 'b', 'c', 'd'].map((name) => `http://sink-${name}.test:8083`) },
        warehouse: { 'connection.url': 'postgresql://u:p@warehouse.test/w' },
        dbt: { target: 'target' },
      }),
    );
    const { code, stdout, stderr } = await runProgram('unshare', [
      ...['-m', 'sh', '-c', 'mount --bind "$1" /etc/resolv.conf && exec "$2" status --json --config "$3"', 'sh'],
      path.join(directory, 'resolv.conf'),
      commandPath('ewallet-pipeline'),
      path.join(directory, 'pipeline.json'),
    ]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const { lines } = JSON.parse(stdout) as { lines: readonly { hop: string; verdict: string }[] };
    expect(Object.fromEntries(lines.map(({ hop, verdict }) => [hop, verdict]))).toEqual({
      ...{ 'e-wallet': 'down', kafka: 'down', registry: 'down', sink: 'down', warehouse: 'down', dbt: 'healthy' },
    });
    // For its two kinds of address each; the system would ask again after five seconds, and the command wait for that.
    const names = ['wallet', 'kafka', 'registry', 'warehouse', ...['a', 'b', 'c', 'd'].map((name) => `sink-${name}`)];
    expect(asked.sort()).toEqual(names.flatMap((name) => [`${name}.test`, `${name}.test`]).sort());
  },
);
