import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';

const folder = path.join(PROJECT_ROOT, '.github/workflows');
const files = readdirSync(folder);

/** Checked by @actions/workflow-parser, the parser that GitHub's own editor extension uses. */
const lint = (file: string): readonly string[] =>
  JSON.parse(
    execFileSync(process.execPath, [path.join(__dirname, 'lint-workflow.mjs'), file], { encoding: 'utf8' }),
  ) as string[];

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

test.each(files)("%s is valid by GitHub's workflow schema", (file) => {
  expect(lint(path.join(folder, file))).toEqual([]);
});

test('the check finds a misspelt key', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ewallet-workflow-'));
  try {
    const broken = path.join(directory, 'ci.yml');
    writeFileSync(broken, readFileSync(path.join(folder, 'ci.yml'), 'utf8').replace('runs-on', 'run-on'));
    expect(lint(broken).join('\n')).toContain('run-on');
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
