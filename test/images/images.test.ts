import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { PROJECT_ROOT, runCommand } from '../support/command';
import { destinationConfig, sinkConfig, sourceConfig } from '../support/configurations';
import { eventually } from '../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../support/fresh-database';
import { services } from '../support/services';
import { uniqueName } from '../support/unique-name';
import { findEngine } from './container-engine';

/**
 * The images, built from the Dockerfiles and run on the real services with the files, directories and shell wrapper that
 * Airbyte's platform uses (workload launcher, ContainerCommandFactory, August 2026).
 */
jest.setTimeout(120_000);

const found = findEngine();
const engine = 'unavailable' in found ? undefined : found;
const suite = engine === undefined ? describe.skip : describe;
const title = 'unavailable' in found ? `images: SKIPPED, ${found.unavailable}` : `images, by ${found.name}`;

const { version } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };
const run = uniqueName('images');
const images = [
  { part: 'source', workspace: 'source-ewallet', tag: `localhost/${run}-source:test` },
  { part: 'destination', workspace: 'destination-kafka', tag: `localhost/${run}-destination:test` },
  { part: 'sink', workspace: 'sink-warehouse', tag: `localhost/${run}-sink:test` },
] as const;
const [source, destination, sink] = images;

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function finished(child: ChildProcessWithoutNullStreams, input = ''): Promise<Result> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined); // A command that ends early closes its input.
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') });
    });
  });
}

interface AirbyteMessage {
  readonly type: string;
  readonly spec?: { connectionSpecification: { properties: object } };
  readonly connectionStatus?: { status: string; message?: string };
  readonly catalog?: { streams: { name: string; namespace: string }[] };
  readonly record?: { stream: string; data: Record<string, unknown> };
  readonly state?: object;
}

const messages = (stdout: string): AirbyteMessage[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as AirbyteMessage);

suite(title, () => {
  let directory: string;
  let database: FreshDatabase;
  let warehouse: FreshDatabase;
  const topics = uniqueName('images');

  /** As the platform does: a shell evaluates $AIRBYTE_ENTRYPOINT in the mounted directory. */
  const platform = (tag: string, mount: string, args: string, input = ''): Promise<Result> =>
    finished(
      engine!.run(tag, {
        command: ['/bin/sh', '-c', `eval "$AIRBYTE_ENTRYPOINT ${args}"`],
        volumes: { [directory]: mount },
        workingDirectory: mount,
      }),
      input,
    );

  const put = async (name: string, content: unknown): Promise<void> => {
    await writeFile(path.join(directory, name), JSON.stringify(content), { mode: 0o644 });
  };

  beforeAll(async () => {
    for (const { part, tag } of images) engine!.build(`Dockerfile.${part}`, tag);
    const connections = await services();
    database = await freshDatabase(connections.source);
    warehouse = await freshDatabase(connections.warehouse);
    directory = await mkdtemp(path.join(tmpdir(), 'ewallet-images-'));
    await chmod(directory, 0o755);
    const client = await connectedTo(database);
    await client.query(`
      create table payments (id bigint primary key, amount numeric(20, 4), note text, updated_at timestamptz not null);
      insert into payments values
        (9007199254740993, 1234567890123456.7891, 'Zoë ☕', '2026-01-02T03:04:05.678901Z'),
        (2, -0.0001, null, '2026-01-02T03:04:06Z');
    `);
    await client.end();
    await put('connectorConfig.json', sourceConfig(database));
    await put('destinationConfig.json', destinationConfig(connections, `${topics}.{stream}`));
    await put('catalog.json', {
      streams: [
        {
          stream: {
            name: 'payments',
            namespace: 'public',
            json_schema: {},
            supported_sync_modes: ['full_refresh', 'incremental'],
          },
          sync_mode: 'incremental',
          destination_sync_mode: 'append',
          cursor_field: ['updated_at'],
          primary_key: [['id']],
        },
      ],
    });
    await put('sink.json', sinkConfig(connections, warehouse, topics));
  }, 600_000);

  afterAll(async () => {
    engine!.remove(images.map(({ tag }) => tag));
    await database.drop();
    await warehouse.drop();
    await rm(directory, { recursive: true, force: true });
  }, 120_000);

  test.each(images)('$part runs node directly, as an unprivileged user, and says what it is', ({ workspace, tag }) => {
    const { entrypoint, user, labels } = engine!.configuration(tag);
    expect({ entrypoint, user }).toEqual({
      entrypoint: ['node', `/app/${workspace}/bin/${workspace}.js`],
      user: 'node',
    });
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': workspace,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
  });

  test.each([source, destination])(
    '$part carries the labels and the entry point that Airbyte needs',
    ({ workspace, tag }) => {
      const { labels, environment, entrypoint } = engine!.configuration(tag);
      expect([labels['io.airbyte.name'], labels['io.airbyte.version']]).toEqual([`ewallet/${workspace}`, version]);
      expect(environment.AIRBYTE_ENTRYPOINT).toBe(entrypoint.join(' '));
    },
  );

  test('the sink has a health check and runs a mounted configuration by default', () => {
    const { healthcheck, command } = engine!.configuration(sink.tag);
    expect(healthcheck.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    expect(command).toEqual(['run', '--config', '/config/sink.json']);
  });

  test.each(images)(
    '$part adds less than 120 MB to its base, and neither sources, tests nor development packages',
    async ({ tag }) => {
      const { stdout } = await finished(
        engine!.run(tag, {
          command: [
            '/bin/sh',
            '-c',
            `du -sk /app | cut -f1
           find /app -path '*/node_modules' -prune -o \\( -name '*.ts' -o -name '*.test.*' -o -name src -o -name test -o -name '.env*' \\) -print
           ls -d /app/node_modules/typescript /app/node_modules/jest /app/node_modules/@types/jest 2>/dev/null
           find / -xdev -writable -user node -path '/app*' -print 2>/dev/null`,
          ],
        }),
      );
      const [kilobytes, ...unwanted] = stdout.trim().split('\n');
      expect(unwanted).toEqual([]);
      expect(Number(kilobytes)).toBeGreaterThan(100);
      expect(Number(kilobytes)).toBeLessThan(120 * 1024);
    },
  );

  test.each([source, destination])('$part answers spec', async ({ tag }) => {
    const { code, stdout, stderr } = await platform(tag, '/config', 'spec');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const specs = messages(stdout).filter(({ type }) => type === 'SPEC');
    expect(specs).toHaveLength(1);
    expect(Object.keys(specs[0]!.spec!.connectionSpecification.properties).length).toBeGreaterThan(2);
  });

  test.each([
    { ...source, config: 'connectorConfig.json' },
    { ...destination, config: 'destinationConfig.json' },
  ])('$part checks its real service', async ({ tag, config }) => {
    const { code, stdout, stderr } = await platform(tag, '/config', `check --config /config/${config}`);
    expect(stderr).not.toContain('Warning');
    const status = messages(stdout).find(({ type }) => type === 'CONNECTION_STATUS');
    expect({
      code,
      status: status?.connectionStatus?.status,
      message: status?.connectionStatus?.message,
    }).toMatchObject({
      code: 0,
      status: 'SUCCEEDED',
    });
  });

  test('rows go from the source image through the destination image and the sink image into the warehouse', async () => {
    const discovered = await platform(source.tag, '/config', 'discover --config /config/connectorConfig.json');
    const catalog = messages(discovered.stdout).find(({ type }) => type === 'CATALOG')?.catalog;
    const stream = catalog?.streams.find(({ name }) => name === 'payments');
    expect(stream?.namespace).toBe('public');
    await put('catalog.json', {
      streams: [
        {
          ...{ stream, sync_mode: 'incremental', destination_sync_mode: 'append' },
          ...{
            cursor_field: ['updated_at'],
            primary_key: [['id']],
            generation_id: 1,
            minimum_generation_id: 0,
            sync_id: 1,
          },
        },
      ],
    });

    const read = await platform(
      source.tag,
      '/source',
      'read --config /source/connectorConfig.json --catalog /source/catalog.json',
    );
    const sent = messages(read.stdout);
    expect({ code: read.code, records: sent.filter(({ type }) => type === 'RECORD').length }).toEqual({
      code: 0,
      records: 2,
    });

    const write = await platform(
      destination.tag,
      '/dest',
      'write --config /dest/destinationConfig.json --catalog /dest/catalog.json',
      read.stdout,
    );
    const states = ({ stdout }: Result): number => messages(stdout).filter(({ type }) => type === 'STATE').length;
    expect({ code: write.code, states: states(write) }).toEqual({ code: 0, states: states(read) });

    const { entrypoint } = engine!.configuration(sink.tag);
    const child = engine!.run(sink.tag, {
      command: [...entrypoint, 'run', '--config', '/config/sink.json'],
      volumes: { [directory]: '/config' },
    });
    const ended = finished(child);
    const client = await connectedTo(warehouse);
    try {
      const rows = await eventually(
        async () => {
          const { rows } = await client.query<Record<string, string>>(
            'select id::text, amount::text, note, updated_at::text from raw.payments order by id',
          );
          expect(rows).toHaveLength(2);
          return rows;
        },
        { timeoutMs: 90_000, everyMs: 200 },
      );
      const before = await connectedTo(database);
      const { rows: original } = await before.query(
        'select id::text, amount::text, note, updated_at::text from payments order by id',
      );
      await before.end();
      expect(rows).toEqual(original);
      await engine!.terminate(child);
      const { code } = await ended;
      expect(code).toBe(0);
    } finally {
      await client.end();
      child.kill('SIGTERM');
      await ended;
    }
  }, 300_000);

  test('ewallet-sync runs both connectors as images, and its next sync continues from there', async () => {
    const connector = (image: string): object => ({
      image,
      container_runtime: engine!.client,
      container_options: ['--network', 'host'],
    });
    const read = async (name: string): Promise<object> =>
      JSON.parse(await readFile(path.join(directory, name), 'utf8')) as object;
    await put('sync.json', {
      source: { ...connector(source.tag), config: await read('connectorConfig.json') },
      destination: {
        ...connector(destination.tag),
        config: { ...(await read('destinationConfig.json')), topic_pattern: `${topics}.synced.{stream}` },
      },
      backoff_seconds: 1,
    });
    for (const records of [2, 0]) {
      const { code, stdout, stderr } = await runCommand('ewallet-sync', [
        ...['run', '--config', path.join(directory, 'sync.json')],
      ]);
      expect({ code, log: code === 0 ? '' : stderr }).toEqual({ code: 0, log: '' });
      expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', records });
    }
  });
});
