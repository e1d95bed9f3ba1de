import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack, type RunningStack } from '@ewallet/local-stack';
import { runCommand } from '../../support/command';

let directory: string;
let stack: RunningStack;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'new-cluster-'));
  stack = await startStack({ dir: path.join(directory, 'stack'), only: ['kafka'] });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
});

test('Kafka is up for the first who ever asks a new cluster for a group, whose coordinator is set up by that question', async () => {
  const config = path.join(directory, 'pipeline.json');
  await writeFile(
    config,
    JSON.stringify({
      kafka: { bootstrap_servers: stack.connections.kafka.bootstrapServers },
      sink: { name: 'wallet' },
    }),
  );
  // The machine may be busy: Kafka has time enough to make its topic of offsets.
  const { stdout, stderr } = await runCommand(
    'ewallet-pipeline',
    ['status', '--timeout', '60', '--json', '--config', config],
    { timeoutMs: 90_000 },
  );
  const { lines } = JSON.parse(stdout) as { lines: readonly { hop: string; findings: readonly { code: string }[] }[] };
  expect({ stderr, found: lines.map(({ hop, findings }) => [hop, ...findings.map(({ code }) => code)]) }).toEqual({
    stderr: '',
    found: [
      ['kafka', 'kafka-no-topics'],
      ['sink', 'sink-not-running'],
    ],
  });
});
