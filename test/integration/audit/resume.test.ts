import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditConfig, runAudit } from '../../support/audit/audit-run';
import { PlantedTables } from '../../support/audit/planted-tables';
import { commandPath } from '../../support/command';
import { eventually } from '../../support/eventually';

jest.setTimeout(300_000);

let tables: PlantedTables;
beforeAll(async () => {
  tables = await PlantedTables.open();
});
afterAll(async () => tables.close());

test('a run that was stopped continues where it was, keeps what it found, and begins again once it is through', async () => {
  const rows = 'select i, i from generate_series(1, 120000) i';
  await tables.plant('long', 'id int primary key, v int', rows);
  await tables.target.query('update raw.long set v = -1 where id in (7, 119999)');
  const file = path.join(tables.directory, 'progress');
  const config = path.join(tables.directory, 'stopped.json');
  await writeFile(config, JSON.stringify(auditConfig(tables, { settle_seconds: 0 })));
  const args = ['--resume', file, '--chunk-seconds', '0.001'];
  const child = spawn(commandPath('ewallet-audit'), ['run', '--config', config, ...args], { stdio: 'ignore' });
  const compared = (): number => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 2 : 0);
  await eventually(() => {
    if (compared() < 3) throw new Error('no range yet');
  });
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  const before = compared();
  await writeFile(file, '{"stream":"public.long","ra', { flag: 'a' });

  const run = await runAudit(tables, args);
  expect(run).toMatchObject({
    code: 1,
    streams: [
      {
        rows: 120_000,
        missing: [],
        extra: [],
        different: [
          { key: 7, columns: ['v'] },
          { key: 119_999, columns: ['v'] },
        ],
      },
    ],
  });
  expect(before).toBeGreaterThan(2);
  expect(existsSync(file)).toBe(false);
});

test('progress of another audit is refused', async () => {
  const file = path.join(tables.directory, 'other');
  await writeFile(file, '{"audit":"0"}\n');
  const run = await runAudit(tables, ['--resume', file]);
  expect({ code: run.code, stderr: run.stderr }).toEqual({
    code: 2,
    stderr: `ewallet-audit: ${file} is the progress of another audit (other databases, streams, columns or options). Remove it, or give another file to --resume.\n`,
  });
});
