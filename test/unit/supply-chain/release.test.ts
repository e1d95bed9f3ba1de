import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';

jest.setTimeout(120_000);

interface Manifest {
  readonly version: string;
  readonly workspaces: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}
const read = (file: string, root = PROJECT_ROOT): string => readFileSync(path.join(root, file), 'utf8');
const { version, workspaces } = JSON.parse(read('package.json')) as Manifest;

/** Every place that `npm version` rewrites; a new one is added here and in scripts/release/versioned-files.mjs. */
const files = [
  ...workspaces.map((folder) => `${folder}/package.json`),
  ...['package-lock.json', 'Dockerfile.source', 'Dockerfile.destination', 'Dockerfile.sink', 'Dockerfile.jobs'],
  'Dockerfile.realtime',
  ...['source-ewallet/metadata.yaml', 'destination-kafka/metadata.yaml', 'deploy/airbyte/setup.yaml', '.env.example'],
  ...[
    'deploy/airbyte/terraform/variables.tf',
    'compose.yaml',
    'deploy/kubernetes/base/kustomization.yaml',
    'CHANGELOG.md',
  ],
  'deploy/kubernetes/example/kustomization.yaml',
  'deploy/kubernetes/realtime/kustomization.yaml',
  'deploy/kubernetes/realtime-operator/flinkdeployment.yaml',
  ...['dbt/dbt_project.yml', 'docs/install.md', 'docs/airbyte.md'],
];

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'ewallet-release-'));
  for (const file of [...files, 'package.json', 'docs/upgrading.md']) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    if (existsSync(path.join(PROJECT_ROOT, file))) cpSync(path.join(PROJECT_ROOT, file), path.join(copy, file));
  }
});
afterEach(() => {
  rmSync(copy, { recursive: true, force: true });
});

function release(to: string): void {
  writeFileSync(
    path.join(copy, 'package.json'),
    read('package.json').replace(`"version": "${version}"`, `"version": "${to}"`),
  );
  execFileSync(process.execPath, [path.join(PROJECT_ROOT, 'scripts/release/set-version.mjs'), copy], { stdio: 'pipe' });
}

test('setting the version that is set changes nothing: every place agrees with package.json today', () => {
  release(version);
  const differing = files.filter((file) => file !== 'CHANGELOG.md' && read(file, copy) !== read(file));
  expect(differing).toEqual([]);
});

test('a new version reaches every place, and leaves none of the old one there', () => {
  release('9.8.7');
  for (const file of files) expect({ file, has: read(file, copy).includes('9.8.7') }).toEqual({ file, has: true });
  const places = files.filter((file) => !/package-lock|CHANGELOG/.test(file));
  const old = places.filter((file) =>
    new RegExp(`(VERSION|Tag|tag|version)\\S*[:=]\\S*\\s*"?${version.replaceAll('.', '\\.')}`).test(read(file, copy)),
  );
  expect(old).toEqual([]);
  const lock = JSON.parse(read('package-lock.json', copy)) as { packages: Record<string, Manifest> };
  for (const folder of workspaces) {
    const manifest = JSON.parse(read(`${folder}/package.json`, copy)) as Manifest;
    expect(manifest.version).toBe('9.8.7');
    expect(lock.packages[folder]!.version).toBe('9.8.7');
    expect(lock.packages[folder]!.dependencies).toEqual(manifest.dependencies);
  }
});

test("the changelog's unreleased entries get the version's heading, and are the notes of the release", () => {
  const before = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- One thing.\n\n## [0.0.1] - 2026-01-01\n\n- Old.\n';
  writeFileSync(path.join(copy, 'CHANGELOG.md'), before);
  release('9.8.7');
  const after = read('CHANGELOG.md', copy);
  expect(after).toMatch(/## \[Unreleased\]\n\n## \[9\.8\.7\] - \d{4}-\d\d-\d\d\n\n### Added\n\n- One thing\.\n/);
  const notes = execFileSync(process.execPath, [path.join(PROJECT_ROOT, 'scripts/release/notes.mjs')], {
    cwd: copy,
    encoding: 'utf8',
  });
  expect(notes).toBe('### Added\n\n- One thing.\n');
});

test("the upgrade notes of the next version get its number, and an older version's keep theirs", () => {
  const before = '# Upgrading\n\n## From 0.1.0 to the next version\n\nOne.\n\n## From 0.0.1 to 0.1.0\n\nOld.\n';
  writeFileSync(path.join(copy, 'docs/upgrading.md'), before);
  release('9.8.7');
  expect(read('docs/upgrading.md', copy)).toBe(before.replace('the next version', '9.8.7'));
});

test('a release leaves no image tag of the old version in the docs', () => {
  release('9.8.7');
  for (const file of ['docs/install.md', 'docs/airbyte.md']) expect(read(file, copy)).not.toContain(version);
});

test('the SBOM is CycloneDX and has every production package of the lockfile', () => {
  const sbom = JSON.parse(
    execFileSync('npm', ['run', '--silent', 'sbom'], {
      cwd: PROJECT_ROOT,
      encoding: 'utf8',
      maxBuffer: 64e6,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  ) as { bomFormat: string; components: { name: string; version: string }[] };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<
      string,
      { version?: string; dev?: boolean; optional?: boolean; devOptional?: boolean; link?: boolean; peer?: boolean }
    >;
  };
  const listed = new Set(sbom.components.map(({ name, version: at }) => `${name}@${at}`));
  const wanted = Object.entries(lock.packages)
    .filter(
      ([where, { dev, optional, devOptional, link, peer }]) =>
        where.includes('node_modules/') && ![dev, optional, devOptional, link, peer].includes(true),
    )
    .map(([where, { version: at }]) => `${where.replace(/^.*node_modules\//, '')}@${at ?? ''}`);
  expect(wanted.length).toBeGreaterThan(80);
  expect(wanted.filter((name) => !listed.has(name))).toEqual([]);
});
