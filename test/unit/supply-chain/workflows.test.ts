import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';

const folder = path.join(PROJECT_ROOT, '.github/workflows');
const files = readdirSync(folder);
const actionlint = path.join(PROJECT_ROOT, '.venv-test', 'bin', 'actionlint');

/** What actionlint finds in a workflow file, one line each: keys, expressions, contexts, inputs and runtimes of actions. */
function lint(file: string): readonly string[] {
  const { error, status, stdout, stderr } = spawnSync(actionlint, ['-oneline', '-no-color', file], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status === null || status > 1) throw new Error(`actionlint ended with ${String(status)}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, { readonly uses?: string; readonly steps?: readonly Step[] }>>;
}
const workflow = (file: string): Workflow => parse(readFileSync(path.join(folder, file), 'utf8')) as Workflow;
const steps = (file: string): readonly Step[] => Object.values(workflow(file).jobs).flatMap((job) => job.steps ?? []);

jest.setTimeout(60_000);

test.each(files)('actionlint finds nothing wrong with %s', (file) => {
  expect(lint(path.join(folder, file))).toEqual([]);
});

test.each([
  ['a misspelt key', 'runs-on:', 'run-on:', 'unexpected key "run-on"'],
  ['a matrix entry that is not there', 'matrix.part ', 'matrix.prat ', 'property "prat" is not defined'],
  ['an output of no step', 'steps.push.', 'steps.pull.', 'property "pull" is not defined'],
  ['an action on a runtime that is gone', 'upload-artifact@v6', 'upload-artifact@v4', '"node20" is deprecated'],
])('the check finds %s', (_what, right, wrong, message) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-workflow-'));
  try {
    const broken = path.join(directory, 'release.yml');
    writeFileSync(broken, readFileSync(path.join(folder, 'release.yml'), 'utf8').replace(right, wrong));
    expect(lint(broken).join('\n')).toContain(message);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each(files)('%s starts with rights to read alone, and pins every action to a version', (file) => {
  expect(workflow(file).permissions).toEqual({ contents: 'read' });
  const actions = steps(file).flatMap(({ uses }) => uses ?? []);
  expect(actions.length).toBeGreaterThan(0);
  expect(actions.filter((action) => !/@v\d+/.test(action))).toEqual([]);
});

test('a release tests, audits and attests before it publishes', () => {
  const { jobs } = workflow('release.yml') as unknown as { jobs: Record<string, { needs?: string[]; uses?: string }> };
  expect(jobs.test!.uses).toBe('./.github/workflows/ci.yml');
  expect(jobs.images!.needs).toEqual(['test', 'audit']);
  expect(jobs.release!.needs).toEqual(['images']);
  const commands = steps('release.yml').flatMap(({ run }) => run ?? []);
  expect(commands).toEqual(
    expect.arrayContaining(['npm audit --omit=dev --audit-level=high', 'npm run --silent sbom > sbom.cdx.json']),
  );
});

test('every file and npm script that a workflow runs exists', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const command of files.flatMap(steps).flatMap(({ run }) => run ?? [])) {
    const [, script] = /npm run (?:--silent )?(\S+)/.exec(command) ?? [];
    if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
    const [, file] = /(scripts\/\S+\.mjs|\.ci\/run)/.exec(command) ?? [];
    if (file !== undefined) expect(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')).not.toBe('');
  }
});
