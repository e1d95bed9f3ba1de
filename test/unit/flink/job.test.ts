import { newerState, readJobs, rootCause } from '@ewallet/flink';

test('a job that has ended by the list of jobs or by its own page has ended', () => {
  expect(newerState('FINISHED', 'RUNNING')).toBe('FINISHED');
  expect(newerState('RUNNING', 'FAILED')).toBe('FAILED');
  expect(newerState('FINISHED', 'FINISHED')).toBe('FINISHED');
});

test('of a job that runs, its own page says the state, as it says the tasks', () => {
  expect(newerState('RUNNING', 'RESTARTING')).toBe('RESTARTING');
  expect(newerState('RUNNING', undefined)).toBe('RUNNING');
});

test('the innermost cause is named by its own line, and by no more than 300 characters', () => {
  expect(
    rootCause('a.b.Outer: no\n\tat x\nCaused by: c.Middle: no\n\tat y\nCaused by: d.Inner: the reason\n\tat z'),
  ).toBe('d.Inner: the reason');
  expect(rootCause('a.b.Only: the reason\n\tat x')).toBe('a.b.Only: the reason');
  expect(rootCause(`Caused by: ${'x'.repeat(400)}`)).toHaveLength(300);
  expect(rootCause(undefined)).toBeUndefined();
});

test('what is no list of jobs is no cluster without jobs: a proxy answers everything with its own page', async () => {
  await expect(readJobs({ get: async () => Promise.resolve({}) })).rejects.toMatchObject({
    kind: 'config_error',
    message: "/jobs/overview answers with something that is not Flink's: give the address of a JobManager",
  });
  expect(await readJobs({ get: async () => Promise.resolve({ jobs: [] }) })).toEqual([]);
});
