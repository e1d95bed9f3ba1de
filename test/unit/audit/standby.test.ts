import { failureFromPostgres } from '@ewallet/postgres';
import { SnapshotRun } from '../../../audit/src/compare/snapshot-run';
import type { RunOptions } from '../../../audit/src/compare/stream-run';
import { isRecoveryConflict } from '../../../audit/src/server/recovery-conflict';
import type { StreamPlan } from '../../../audit/src/tables/stream-plan';

/** As the standby of a server in German says it: the code tells, not the text. */
const conflict = failureFromPostgres(
  Object.assign(new Error('storniere Anfrage wegen Konflikt mit der Wiederherstellung'), { code: '40001' }),
  { what: 'The audit could not read the source' },
);
const gone = failureFromPostgres(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), {
  what: 'The audit could not read the source',
});

async function attempts(error: Error): Promise<{ readonly tried: number; readonly said: readonly string[] }> {
  let tried = 0;
  const said: string[] = [];
  const run = new SnapshotRun(
    async () => {
      tried += 1;
      return Promise.reject(error);
    },
    (text) => said.push(text),
  );
  await expect(run.compare({ rangeColumns: 1 } as StreamPlan, {} as RunOptions, () => undefined)).rejects.toBe(error);
  return { tried, said };
}

test('a read that a standby cancels again and again is given up after five attempts, said once', async () => {
  expect(isRecoveryConflict(conflict)).toBe(true);
  expect(await attempts(conflict)).toEqual({
    tried: 5,
    said: [
      'a standby cancelled the read (recovery conflict): continuing from there in a new snapshot. hot_standby_feedback = on, or a larger max_standby_streaming_delay, avoids it',
    ],
  });
});

test('any other fault ends the read at once', async () => {
  expect(isRecoveryConflict(gone)).toBe(false);
  expect(await attempts(gone)).toEqual({ tried: 1, said: [] });
});
