import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { read } from './markdown';

const map = read('docs/code-map.md');
const mapped = [...map.matchAll(/^\| `([^`]+)` \|/gm)].map(([, folder = '']) => folder);

/** Folders of the product that hold code of ours, data and examples of other people's formats left out. */
function foldersWithCode(): readonly string[] {
  const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.sql'], { cwd: PROJECT_ROOT, encoding: 'utf8' });
  const folders = new Set(files.trim().split('\n').map(path.posix.dirname));
  return [...folders]
    .filter((folder) => folder !== '.' && folder !== 'tools/demo' && !folder.startsWith('test'))
    .map((folder) => (folder.startsWith('dbt/models/marts/') ? 'dbt/models/marts' : folder))
    .filter((folder) => !folder.startsWith('dbt/examples/') || folder === 'dbt/examples/another-wallet')
    .filter((folder) => folder !== 'dbt/examples');
}

test('docs/code-map.md names every folder that holds code, and none that does not exist', () => {
  expect([...mapped].sort()).toEqual([...new Set(foldersWithCode())].sort());
});

test('every part has a README of its own', () => {
  const { workspaces } = JSON.parse(read('package.json')) as { readonly workspaces: readonly string[] };
  const others = [
    'dbt',
    'docs',
    'scripts',
    'test',
    'deploy',
    'deploy/compose',
    'deploy/kubernetes',
    'deploy/observability',
  ];
  const parts = [...workspaces, ...others];
  expect(parts.filter((part) => !existsSync(path.join(PROJECT_ROOT, part, 'README.md')))).toEqual([]);
});

test('every file that a trip names exists', () => {
  const trips = map.slice(map.indexOf('## Trip 1'));
  const part = (line: string): string => /`([\w-]+(?:\/[\w-]+)*\/src)\//.exec(line)?.[1] ?? '';
  const missing = trips.split('\n').flatMap((line) =>
    [...line.matchAll(/`([\w/-]+\.ts)`/g)].flatMap(([, name = '']) => {
      const candidates = [name, path.posix.join(part(line), name), path.posix.join(part(line), 'produce', name)];
      return candidates.some((file) => existsSync(path.join(PROJECT_ROOT, file))) ? [] : [name];
    }),
  );
  expect(missing).toEqual([]);
});
