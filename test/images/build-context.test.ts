import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { PROJECT_ROOT } from '../support/command';
import { uniqueName } from '../support/unique-name';
import { findEngine } from './container-engine';

jest.setTimeout(300_000);

const found = findEngine();
const engine = 'unavailable' in found ? undefined : found;
const suite = engine === undefined ? describe.skip : describe;
const title =
  'unavailable' in found ? `build context: SKIPPED, ${found.unavailable}` : `build context, by ${found.name}`;

suite(title, () => {
  const tag = `localhost/${uniqueName('context')}:test`;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'ewallet-context-'));
    const dockerfile = path.join(directory, 'Dockerfile');
    await writeFile(
      dockerfile,
      'FROM node:24-bookworm-slim\nWORKDIR /app\nCOPY dbt ./dbt\nCOPY deploy/compose ./deploy/compose\n',
    );
    engine!.build(dockerfile, tag);
  });
  afterAll(async () => {
    engine!.remove([tag]);
    await rm(directory, { recursive: true, force: true });
  });

  // dbt's own tests are in folders that .dockerignore keeps out elsewhere: without them every build of the marts fails.
  test('.dockerignore leaves dbt and compose whole, and adds nothing', async () => {
    const child = engine!.run(tag, { command: ['find', 'dbt', 'deploy/compose', '-type', 'f'] });
    child.stdin.end();
    const files = (await text(child.stdout)).trim().split('\n').sort();
    const tracked = execFileSync('git', ['ls-files', 'dbt', 'deploy/compose'], { cwd: PROJECT_ROOT, encoding: 'utf8' });
    expect(files).toEqual(tracked.trim().split('\n').sort());
  });
});
