import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { statusOf } from '../../../realtime/src/commands/status';
import { foldersIn } from '../../../realtime/src/engine/flink-settings';
import { newestRestorePoint } from '../../../realtime/src/engine/restore-point';
import { nextJobId } from '../../../realtime/src/engine/submissions';
import { compareRows } from '../../../realtime/src/verify/compare';

test('a job continues from the newest complete checkpoint or savepoint, never from one that was cut off', async () => {
  const folders = foldersIn(await mkdtemp(path.join(tmpdir(), 'ewallet-restore-')));
  const point = async (folder: string, second: number, content = 'x'): Promise<string> => {
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, '_metadata');
    await writeFile(file, content);
    await utimes(file, second, second);
    return folder;
  };
  try {
    expect(await newestRestorePoint(folders)).toBeUndefined();
    await point(path.join(folders.checkpoints, 'job1', 'chk-9'), 100);
    const newer = await point(path.join(folders.checkpoints, 'job2', 'chk-3'), 200);
    await point(path.join(folders.checkpoints, 'job2', 'chk-4'), 300, '');
    await mkdir(path.join(folders.checkpoints, 'job2', 'chk-5'));
    await point(path.join(folders.checkpoints, 'job2', 'shared'), 400);
    expect(await newestRestorePoint(folders)).toBe(newer);
    const savepoint = await point(path.join(folders.savepoints, 'savepoint-1'), 250);
    expect(await newestRestorePoint(folders)).toBe(savepoint);
  } finally {
    await rm(folders.root, { recursive: true });
  }
});

const health = {
  job: { id: '1', name: 'ewallet-realtime realtime', state: 'RUNNING', startedAt: 0 },
  allRunning: true,
  tasks: { running: 3, total: 3 },
  restarts: 0,
  completedCheckpoints: 7,
  failedCheckpoints: 0,
  lastCheckpointAt: 100_000,
  lastCheckpoint: 'file:/c',
  lastFailure: undefined,
};
const more = { pending: 3, url: 'http://flink', now: 101_500, supervised: true };

test('a job is healthy while every task runs, checkpoints complete and somebody would start it again', () => {
  const config = { checkpointIntervalSeconds: 2 };
  expect(statusOf(config, health, more)).toMatchObject({
    healthy: true,
    lines: [
      'ewallet-realtime realtime: RUNNING',
      'checkpoints: 7 completed, 0 failed, the newest 1.5 s old',
      'restarts: 0',
      'records to read: 3',
      'Flink: http://flink',
    ],
  });
  expect(statusOf(config, health, { ...more, now: 161_000 }).report.troubles).toEqual([
    'the newest checkpoint is 61 s old: nothing is committed meanwhile',
  ]);
  expect(statusOf(config, { ...health, allRunning: false }, { ...more, supervised: false }).report.troubles).toEqual([
    'the job is RUNNING, and not every task runs',
    'nothing starts it again when it dies: its supervisor is gone',
  ]);
});

test('two runs that are submitted at once have one id, of which a cluster takes one; the next run has another', () => {
  const job = { id: 'a', name: 'mine', state: 'FINISHED', startedAt: 0 };
  const id = nextJobId('mine', [job, { ...job, id: 'b' }], 's3://x/chk-1');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(nextJobId('mine', [{ ...job, id: 'b' }, job, { ...job, id: 'c', name: 'other' }], 's3://x/chk-1')).toBe(id);
  expect(nextJobId('mine', [job, { ...job, id: 'b' }, { ...job, id: id }], 's3://x/chk-1')).not.toBe(id);
});

test('rows are compared by key, amounts by their value, and each difference is named', () => {
  const columns = { keys: ['id'], values: ['amount'] };
  const wanted = [
    { id: '1', amount: '10.5000' },
    { id: '2', amount: '1' },
    { id: '3', amount: '100' },
  ];
  const found = [
    { id: 1, amount: '10.5' },
    { id: 2n, amount: '1.0001' },
    { id: 4, amount: '0.0000' },
  ];
  expect(compareRows(wanted, found, columns)).toEqual([
    { key: 'id=2', kind: 'different', columns: ['amount'] },
    { key: 'id=3', kind: 'missing', columns: [] },
    { key: 'id=4', kind: 'extra', columns: [] },
  ]);
});
