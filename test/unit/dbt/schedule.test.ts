import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commandPath, PROJECT_ROOT } from '../../support/command';

const FOLDER = path.join(PROJECT_ROOT, 'dbt', 'examples', 'schedule');

const read = (name: string) => readFileSync(path.join(FOLDER, name), 'utf8');

/** Lowest and highest value of minute, hour, day of the month, month and day of the week. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** The values that a field of a crontab stands for; throws where cron would refuse it. */
function cronValues(field: string, [lowest, highest]: readonly [number, number]): number[] {
  return field.split(',').flatMap((part) => {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) throw new Error(`not a crontab field: ${field}`);
    const from = match[1] === undefined ? lowest : Number(match[1]);
    const to = match[1] === undefined ? highest : Number(match[2] ?? match[1]);
    if (from < lowest || to > highest || from > to) throw new Error(`out of range: ${field}`);
    const step = Number(match[3] ?? 1);
    return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
  });
}

test('the crontab is one that cron accepts: five fields, once an hour, and a command that a shell can parse', () => {
  const lines = read('crontab')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toHaveLength(1);
  const match = /^((?:\S+\s+){5})(.*)$/.exec(lines[0] ?? '');
  const fields = (match?.[1] ?? '').trim().split(/\s+/);
  const counts = fields.map((field, index) => cronValues(field, RANGES[index] ?? [0, -1]).length);
  expect(counts).toEqual([1, 24, 31, 12, 8]);
  const command = match?.[2] ?? '';
  expect(command).not.toMatch(/(^|[^\\])%/); // cron takes a bare % for the end of the line
  const shell = spawnSync('bash', ['-n', '-c', command], { encoding: 'utf8' });
  expect({ code: shell.status, stderr: shell.stderr }).toEqual({ code: 0, stderr: '' });
});

test.each(readdirSync(FOLDER).filter((name) => name.endsWith('.py')))('%s is Python', (name) => {
  const check = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
    input: read(name),
    encoding: 'utf8',
  });
  expect({ code: check.status, stderr: check.stderr }).toEqual({ code: 0, stderr: '' });
});

test('every npm script and command that the examples run is one of the product', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const run: string[] = [];
  for (const name of readdirSync(FOLDER)) {
    // As a shell writes them, and as the elements of a Python list.
    const text = read(name).replaceAll('", "', ' ');
    for (const [, script = ''] of text.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      expect(Object.keys(scripts)).toContain(script);
      run.push(`${name}: npm run ${script}`);
    }
    for (const [, command = ''] of text.matchAll(/npx ([\w-]+)/g)) {
      expect({ command, exists: existsSync(commandPath(command)) }).toEqual({ command, exists: true });
      run.push(`${name}: ${command}`);
    }
  }
  expect(run.sort()).toEqual([
    'airbyte_webhook.py: npm run dbt',
    'airflow_dag.py: ewallet-sync',
    'airflow_dag.py: npm run dbt',
    'crontab: npm run dbt',
  ]);
});
