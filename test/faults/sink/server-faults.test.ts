import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type RunningStack } from '@ewallet/local-stack';
import { SchemaRegistry } from '@ewallet/avro';
import { eventually } from '../../support/eventually';
import { connectedTo } from '../../support/fresh-database';
import { BlackHole } from '../../support/sink/black-hole';
import { runSink, SinkProcess, writeConfig } from '../../support/sink/sink-process';
import { createTopic, quietKafka, StreamWriter, transact, withProducer } from '../../support/sink/topic-writer';
import { freePort } from '../../support/free-port';

jest.setTimeout(400_000);

const directory = mkdtempSync(join(tmpdir(), 'sink-servers-'));
// Beside the other, not in it: PostgreSQL runs as its own user and cannot pass through a directory of root's.
const stackDirectory = mkdtempSync(join(tmpdir(), 'sink-stack-'));
let stack: RunningStack;
let registry: SchemaRegistry;
/** The way that the sink has to the broker; tests have another one, to write while nothing gets through here. */
let kafkaProxy: BlackHole;

beforeAll(async () => {
  kafkaProxy = await BlackHole.beforeLater(() => {
    const [host = '', port] = (stack.listeners.PROXIED ?? '').split(':');
    return { host, port: Number(port) };
  });
  const port = await freePort();
  stack = await startStack({
    dir: stackDirectory,
    only: ['warehouse', 'kafka', 'schemaRegistry'],
    kafka: {
      port,
      listeners: [{ name: 'PROXIED', protocol: 'PLAINTEXT' }],
      // A client goes where the broker says that it is: to the proxy, where it came through it.
      properties: {
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${kafkaProxy.port}`,
      },
    },
  });
  registry = new SchemaRegistry({ url: stack.connections.schemaRegistry.url });
});
afterAll(async () => {
  registry.close();
  await stack.stop();
  kafkaProxy.close();
  for (const path of [directory, stackDirectory]) rmSync(path, { recursive: true, force: true });
});

async function count(table: string): Promise<number> {
  const client = await connectedTo(stack.connections.warehouse);
  try {
    const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    return rows[0]!.n;
  } finally {
    await client.end();
  }
}

test('through a killed broker, a killed warehouse and networks that swallow bytes on either side, the sink continues by itself and every record lands once', async () => {
  const topic = 'servers.events';
  const kafka = quietKafka(stack.connections.kafka.bootstrapServers);
  await createTopic(kafka, topic, 2);
  const writer = await StreamWriter.register(registry, topic, 'events', { id: { type: 'integer' } });
  const proxy = await BlackHole.before(stack.connections.warehouse.host, stack.connections.warehouse.port);
  const { username, password, database } = stack.connections.warehouse;
  const config = writeConfig(directory, {
    name: 'servers',
    topics: topic,
    'consumer.override.bootstrap.servers': `127.0.0.1:${kafkaProxy.port}`,
    'consumer.override.session.timeout.ms': 6000,
    'consumer.override.request.timeout.ms': 4000,
    'connection.url': `postgresql://${username}:${password}@127.0.0.1:${proxy.port}/${database}`,
    'connection.timeout.ms': 3000,
    'value.converter.schema.registry.url': stack.connections.schemaRegistry.url,
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'auto.create': true,
    'flush.interval.ms': 20,
    'rest.enabled': false,
  });
  let written = 0;
  const write = async (): Promise<void> =>
    withProducer(kafka, 'servers', async (producer) =>
      transact(
        producer,
        topic,
        Array.from({ length: 500 }, () => writer.record({ id: (written += 1) })),
      ),
    );
  const caughtUp = async (): Promise<void> =>
    eventually(
      async () => {
        expect(await count('raw.events')).toBe(written);
      },
      { timeoutMs: 120_000, everyMs: 200 },
    );
  const sink = SinkProcess.start('run', config);
  try {
    await write();
    await caughtUp();

    await stack.service('kafka').kill();
    await stack.service('kafka').start();
    await write();
    await caughtUp();

    await write();
    await stack.service('warehouse').kill();
    await stack.service('warehouse').start();
    await caughtUp();

    proxy.swallow();
    await write();
    await eventually(() => {
      expect(sink.stderr).toContain('did not answer within 3000 ms');
    });
    proxy.leaveOldSilent();
    await caughtUp();

    const before = sink.stderr.length;
    kafkaProxy.swallow();
    await write();
    await eventually(
      () => {
        expect(sink.stderr.slice(before)).toContain('"retrying"');
      },
      { timeoutMs: 120_000 },
    );
    kafkaProxy.leaveOldSilent();
    await caughtUp();

    const reconciled = await runSink('reconcile', config);
    expect({ code: reconciled.code, stderr: reconciled.stderr }).toEqual({ code: 0, stderr: '' });
    const exit = await sink.stop();
    expect({ code: exit.code, log: exit.code === 0 ? '' : exit.stderr }).toEqual({ code: 0, log: '' });
  } finally {
    await sink.kill();
    proxy.close();
  }
});
