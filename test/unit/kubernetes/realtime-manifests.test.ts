import Ajv from 'ajv';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { readPipelineConfig } from '../../../pipeline/src/config/pipeline-config';
import { parseRealtimeConfig } from '../../../realtime/src/config/realtime-config';
import { JAR_SHA256 } from '../../../realtime/src/engine/jar-manifest';
import { PROJECT_ROOT } from '../../support/command';
import { violations, type Manifest } from './kubernetes-schema';

jest.setTimeout(120_000);

interface PodSpec {
  readonly securityContext: object;
  readonly containers: readonly { readonly image: string; readonly securityContext: object }[];
}

const read = (file: string): string => readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
const folder = 'deploy/kubernetes/realtime';
const kustomization = parse(read(`${folder}/kustomization.yaml`)) as {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
};
const manifests = kustomization.resources.flatMap((file) =>
  parseAllDocuments(read(`${folder}/${file}`)).map((document) => document.toJS() as Manifest),
);
const find = (kind: string, name: string): Manifest =>
  manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!;
const cluster = parse(
  (find('ConfigMap', 'flink-config') as unknown as { readonly data: Readonly<Record<string, string>> }).data[
    'config.yaml'
  ]!,
) as Readonly<Record<string, unknown>>;
const job = JSON.parse(read(`${folder}/realtime.json`).replaceAll(/\$\{env:\w+\}/g, 'http://x:1')) as Record<
  string,
  unknown
>;
const operator = parse(read('deploy/kubernetes/realtime-operator/flinkdeployment.yaml')) as {
  readonly spec: {
    readonly image: string;
    readonly flinkConfiguration: Readonly<Record<string, string>>;
    readonly podTemplate: object;
  };
};

test("every manifest is valid by Kubernetes' OpenAPI document", () => {
  expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'ServiceAccount flink',
    'Role flink',
    'RoleBinding flink',
    'ConfigMap flink-config',
    'Deployment realtime-jobmanager',
    'Service realtime-jobmanager',
    'Deployment realtime-taskmanager',
    'PersistentVolumeClaim realtime-state',
    'CronJob realtime-submit',
    'Deployment realtime-status',
    'NetworkPolicy flink-ingress',
    'NetworkPolicy realtime-status',
    'NetworkPolicy realtime-egress',
  ]);
  expect(violations(manifests)).toEqual([]);
});

test("the FlinkDeployment is valid by the operator's schema and its pods by Kubernetes', and the check finds a wrong key", () => {
  const schema = JSON.parse(read('test/data/flinkdeployment-crd.json')) as { readonly spec: object };
  // Kubernetes prunes what its schema does not know: here it is a fault.
  const strict = JSON.parse(JSON.stringify(schema.spec), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'properties' in value && !('additionalProperties' in value)
      ? { ...value, additionalProperties: false }
      : value,
  ) as object;
  const ajv = new Ajv({ strict: false, formats: { int32: true, int64: true, double: true } });
  const validate = ajv.compile(strict);
  expect([validate(operator.spec), validate.errors]).toEqual([true, null]);
  expect(validate({ ...operator.spec, flinkVersion: 'v2_9' })).toBe(false);
  expect(validate({ ...operator.spec, taskmanager: {} })).toBe(false);
  const template = { apiVersion: 'v1', kind: 'Pod', ...operator.spec.podTemplate } as unknown as Manifest;
  expect(violations([{ ...template, metadata: { ...template.metadata, name: 'template' } }])).toEqual([]);
});

test('every pod runs unprivileged on a read-only file system', () => {
  const specs = manifests.flatMap(({ kind, spec }): PodSpec[] => {
    const from = spec as {
      readonly template: { readonly spec: PodSpec };
      readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
    };
    if (kind === 'Deployment') return [from.template.spec];
    return kind === 'CronJob' ? [from.jobTemplate.spec.template.spec] : [];
  });
  expect(specs).toHaveLength(4);
  for (const { securityContext, containers } of specs) {
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  }
});

test('the job and both ways to a cluster have one storage, and there are slots for the job', () => {
  const config = parseRealtimeConfig(
    { ...job, bootstrap_servers: 'kafka:9092', rules: { dbt_project: 'dbt/dbt_project.yml' } },
    PROJECT_ROOT,
  );
  const storage = [config.cluster?.checkpointDirectory, config.cluster?.savepointDirectory];
  for (const settings of [cluster, operator.spec.flinkConfiguration]) {
    expect([
      settings['execution.checkpointing.dir'],
      settings['execution.checkpointing.savepoint-dir'],
      settings['high-availability.type'],
    ]).toEqual([...storage, 'kubernetes']);
  }
  const { replicas } = find('Deployment', 'realtime-taskmanager').spec as { readonly replicas: number };
  expect(Number(cluster['taskmanager.numberOfTaskSlots']) * replicas).toBeGreaterThan(config.parallelism);
  expect(new URL(config.cluster!.restUrl).hostname).toBe(find('Service', 'realtime-jobmanager').metadata.name);
});

test('the status finds the job by the configuration that it is submitted with, and is let in to Flink', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-realtime-status-'));
  try {
    for (const name of ['realtime-status.json', 'realtime.json']) {
      const text = read(`${folder}/${name}`).replaceAll(/\$\{env:\w+\}/g, 'http://x:1');
      writeFileSync(path.join(directory, name), text);
    }
    const config = await readPipelineConfig(path.join(directory, 'realtime-status.json'));
    expect(Object.entries(config).filter(([part, of]) => part !== 'topics' && of !== undefined)).toEqual([
      [
        'realtime',
        {
          job: 'ewallet-realtime realtime',
          at: { kind: 'url', url: 'http://realtime-jobmanager:8081' },
          headers: {},
          checkpointAgeSeconds: 60,
          lagRecords: 10_000,
        },
      ],
    ]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const { template } = find('Deployment', 'realtime-status').spec as {
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  };
  const status = template.metadata.labels['app.kubernetes.io/name'];
  expect(find('NetworkPolicy', 'flink-ingress').spec).toMatchObject({
    ingress: [
      {},
      {
        from: [{ podSelector: { matchExpressions: [{ values: ['realtime-submit', status] }] } }],
        ports: [{ protocol: 'TCP', port: 8081 }],
      },
      {},
    ],
  });
});

test('the images are of the version in package.json, and the Flink image takes the connectors that tests run with', () => {
  const { version } = JSON.parse(read('package.json')) as { readonly version: string };
  expect(kustomization.images).toEqual([
    { name: 'ewallet/realtime', newTag: version },
    { name: 'ewallet/jobs', newTag: version },
  ]);
  expect(operator.spec.image).toBe(`ewallet/realtime:${version}`);
  const sums = read('realtime/image/SHA256SUMS').trim().split('\n');
  const pom = [
    ...read('realtime/image/pom.xml').matchAll(/<artifactId>(flink-[^<]+)<\/artifactId>\s*<version>([^<]+)</g),
  ].map(([, name, of]) => `${name}-${of}.jar`);
  expect(sums).toHaveLength(2);
  for (const line of sums) {
    const [sum, file] = line.split('  lib/');
    expect(JAR_SHA256[file!]).toBe(sum);
    expect(pom).toContain(file);
  }
});
