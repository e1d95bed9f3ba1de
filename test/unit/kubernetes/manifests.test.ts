import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';
import { VERSION } from '../../support/product-version';
import { readPipelineConfig } from '../../../pipeline/src/config/pipeline-config';
import { readAuditConfig } from '../../../audit/src/config/audit-config';
import { parseSyncConfig } from '../../../sync/src/config';
import { invalidValues, unknownKeys, violations, type Manifest } from './kubernetes-schema';

jest.setTimeout(120_000);

interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: { readonly runAsNonRoot: boolean; readonly seccompProfile: object };
  readonly containers: readonly Container[];
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: object;
}

const base = path.join(PROJECT_ROOT, 'deploy/kubernetes/base');
const read = (file: string): string => readFileSync(path.join(base, file), 'utf8');
const documents = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest);
const kustomization = parse(read('kustomization.yaml')) as {
  resources: string[];
  images: { name: string; newTag: string }[];
  configMapGenerator: { name: string; files: string[] }[];
};
const manifests = kustomization.resources.flatMap((file) => documents(read(file)));

const podSpecs = manifests.flatMap((manifest): PodSpec[] => {
  const spec = manifest.spec as { template: { spec: PodSpec }; jobTemplate: { spec: { template: { spec: PodSpec } } } };
  if (manifest.kind === 'Deployment') return [spec.template.spec];
  return manifest.kind === 'CronJob' ? [spec.jobTemplate.spec.template.spec] : [];
});

const kubectl = ((): string | undefined => {
  try {
    return execFileSync('kubectl', ['kustomize', base], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
})();
const rendered = kubectl === undefined ? test.skip : test;

test("every manifest is valid by Kubernetes' OpenAPI document", () => {
  expect(manifests.map(({ kind }) => kind).sort()).toEqual([
    'CronJob',
    'CronJob',
    'CronJob',
    'Deployment',
    'Deployment',
    'Namespace',
    'NetworkPolicy',
    'NetworkPolicy',
    'NetworkPolicy',
    'NetworkPolicy',
    'NetworkPolicy',
    'PersistentVolumeClaim',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ]);
  expect(violations(manifests)).toEqual([]);
});

test('the check finds a missing key, a wrong type and a misspelt key', () => {
  const deployment = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'sink')!;
  const changed = (change: object): Manifest[] => [
    { ...deployment, spec: { ...(deployment.spec as object), ...change } },
  ];
  expect(invalidValues(changed({ selector: undefined }))).toEqual([
    'Deployment sink: data/spec must have required property selector',
  ]);
  expect(invalidValues(changed({ replicas: '2' }))).toEqual(['Deployment sink: data/spec/replicas must be integer']);
  expect(unknownKeys(changed({ replica: 2 })).join()).toContain(`'"replica"' does not exist`);
});

rendered(
  `kubectl renders the overlay of the example into valid manifests${kubectl === undefined ? ' (SKIPPED: no kubectl)' : ''}`,
  () => {
    const output = execFileSync('kubectl', ['kustomize', path.join(PROJECT_ROOT, 'deploy/kubernetes/example')], {
      encoding: 'utf8',
    });
    const all = documents(output);
    expect(violations(all)).toEqual([]);
    const sink = all.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'sink') as
      { spec: { replicas: number; template: { spec: PodSpec } } } | undefined;
    expect([sink?.spec.replicas, sink?.spec.template.spec.containers[0]?.image]).toEqual([
      3,
      `registry.example.com/ewallet/sink-warehouse:${VERSION}`,
    ]);
  },
);

test('every pod runs unprivileged on a read-only file system, with requests and a memory limit', () => {
  expect(podSpecs).toHaveLength(5);
  for (const { securityContext, automountServiceAccountToken, containers } of podSpecs) {
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(automountServiceAccountToken).toBe(false);
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(container.resources.requests).sort()).toEqual(['cpu', 'memory']);
      expect(Object.keys(container.resources.limits)).toEqual(['memory']);
    }
  }
});

test('no manifest holds a secret: passwords and addresses come by reference', () => {
  expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  const literals = podSpecs.flatMap(({ containers }) =>
    containers.flatMap(({ env = [] }) => env.filter(({ value }) => value !== undefined).map(({ name }) => name)),
  );
  expect(literals).toEqual(['HOME']);
  for (const { files } of kustomization.configMapGenerator) {
    for (const file of files)
      expect(JSON.stringify(JSON.parse(read(file)))).not.toMatch(/"[^"]*(password|secret)[^"]*":/i);
  }
});

test('the images are of the version in package.json', () => {
  const { version } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(kustomization.images).toEqual([
    { name: 'ewallet/sink-warehouse', newTag: version },
    { name: 'ewallet/jobs', newTag: version },
  ]);
  const used = podSpecs.flatMap(({ containers }) => containers.map(({ image }) => image));
  expect([...new Set(used)].sort()).toEqual(['ewallet/jobs', 'ewallet/sink-warehouse']);
});

test('the sync configuration is one that ewallet-sync takes', () => {
  expect(parseSyncConfig(JSON.parse(read('sync.json')), '/config')).toMatchObject({
    stateDirectory: '/state',
    source: { config: { kind: 'file', path: '/secrets/source.json' } },
    destination: { config: { kind: 'file', path: '/secrets/destination.json' } },
  });
});

test('the audit waits for a sync of the schedule before it judges, and finds both ends in its secret', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-audit-'));
  try {
    writeFileSync(path.join(directory, 'audit.json'), read('audit.json').replaceAll('/secrets/', `${directory}/`));
    writeFileSync(
      path.join(directory, 'source.json'),
      JSON.stringify({ host: 'wallet', database: 'wallet', username: 'auditor', password: 'a', schemas: ['public'] }),
    );
    writeFileSync(
      path.join(directory, 'warehouse.json'),
      JSON.stringify({ 'connection.url': 'postgresql://auditor:a@warehouse/warehouse' }),
    );
    expect(await readAuditConfig(path.join(directory, 'audit.json'))).toMatchObject({
      source: { host: 'wallet' },
      warehouse: { host: 'warehouse' },
      tableNameFormat: 'raw.${stream}',
      streams: undefined,
    });
    const sync = manifests.find(({ kind, metadata }) => kind === 'CronJob' && metadata.name === 'sync');
    expect(sync?.spec).toMatchObject({ schedule: '*/5 * * * *' });
    expect(JSON.parse(read('audit.json'))).toMatchObject({ settle_seconds: 5 * 60 + 60 });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('the status finds e-wallet, Kafka, sink and warehouse in the secrets of sync and sink', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-status-'));
  const secrets = {
    WAREHOUSE_URL: 'postgresql://sink:a@warehouse/warehouse',
    KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092',
    SCHEMA_REGISTRY_URL: 'https://registry/apis/ccompat/v7',
  };
  try {
    Object.assign(process.env, secrets);
    const write = (name: string, text: string): void => {
      writeFileSync(path.join(directory, name), text);
    };
    write('status.json', read('status.json').replaceAll('/secrets/', `${directory}/`));
    write('sink.json', read('sink.json'));
    write(
      'source.json',
      JSON.stringify({ host: 'wallet', database: 'wallet', username: 'airbyte', password: 'a', schemas: ['public'] }),
    );
    write(
      'destination.json',
      JSON.stringify({
        bootstrap_servers: 'kafka:9092',
        protocol: { security_protocol: 'PLAINTEXT' },
        schema_registry: { url: secrets.SCHEMA_REGISTRY_URL },
      }),
    );
    expect(await readPipelineConfig(path.join(directory, 'status.json'))).toMatchObject({
      ewallet: { connection: { host: 'wallet' } },
      sync: undefined,
      kafka: { brokers: ['kafka:9092'] },
      registry: { url: secrets.SCHEMA_REGISTRY_URL },
      sink: { name: 'wallet', instances: ['http://sink:8083'] },
      warehouse: { host: 'warehouse' },
    });
  } finally {
    for (const name of Object.keys(secrets)) Reflect.deleteProperty(process.env, name);
    rmSync(directory, { recursive: true, force: true });
  }
});
