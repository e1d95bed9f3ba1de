import path from 'node:path';
import { runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
import { pipelineStatus, type ShownLine } from '../../support/pipeline/pipeline-status';
import { byHand, walk } from '../../support/pipeline/remedy';
import { RealtimeCase } from '../../support/realtime/realtime-case';
import { SessionCluster } from '../../support/realtime/session-cluster';

jest.setTimeout(900_000);

let live: RealtimeCase;
let cluster: SessionCluster;

beforeAll(async () => {
  live = await RealtimeCase.open('existing', (wallet) => ({
    topic_partitions: 1,
    products: ['minute_volumes'],
    wallet: { 'connection.url': wallet.url },
  }));
  cluster = await SessionCluster.start(path.join(live.dir, 'flink'));
  await live.configure({
    cluster: {
      rest_url: cluster.restUrl,
      checkpoint_directory: `file://${live.dir}/checkpoints`,
      savepoint_directory: `file://${live.dir}/savepoints`,
    },
  });
  await runCommand('ewallet-simulator', ['seed', '--database-url', live.wallet.url, '--rows', '500', '--seed', '21']);
  await live.sync();
});

afterAll(async () => {
  await cluster.stop();
  await live.close();
});

async function submitted(): Promise<string> {
  const { code, stderr } = await live.run('submit');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stderr;
}

async function expectEqual(): Promise<void> {
  const result = await live.run('verify', '--settle', '180');
  expect(result.stdout).toMatch(/^minute_volumes: \d{2,} rows, equal\n$/);
}

/** What `ewallet-pipeline status` says of the real-time hop, which reads ewallet-realtime's own configuration. */
async function hop(): Promise<{ code: number | null; line: Partial<ShownLine> }> {
  await live.write('pipeline.json', { realtime: { config_file: 'realtime.json' } });
  const { code, lines } = await pipelineStatus(path.join(live.dir, 'pipeline.json'));
  return { code, line: lines[0] ?? {} };
}

const change = async (ids: string): Promise<void> => {
  await live.client.query(`update transactions set amount = amount + 1, updated_at = now() where id between ${ids}`);
  await live.sync();
};

test('submit runs the job on a cluster that is there, and continues from where it was after a stop and after a crash', async () => {
  expect(await live.run('up')).toMatchObject({
    code: 2,
    stderr: `ewallet-realtime: The configuration has \`cluster\`: \`submit\` runs the job on ${cluster.restUrl}. To have processes of this machine, leave \`cluster\` out.\n`,
  });
  expect(await live.run('status')).toMatchObject({
    code: 1,
    stdout: `no job "ewallet-realtime ${live.topics}.realtime" runs on ${cluster.restUrl}\n`,
  });
  const subject = `ewallet-realtime ${live.topics}.realtime`;
  expect(await hop()).toMatchObject({
    code: 2,
    line: {
      ...{ hop: 'realtime', subject, verdict: 'down', says: [cluster.restUrl] },
      findings: [
        {
          code: 'flink-no-job',
          says: `Flink answers and has no job "${subject}"`,
          next: '`ewallet-realtime submit --config …` continues from the newest checkpoint or savepoint.',
        },
      ],
    },
  });
  expect(await submitted()).toContain('the job begins at the start of its topics');
  await expectEqual();
  const again = await submitted();
  expect(again).toContain(`is on ${cluster.restUrl} already (RUNNING, `);
  const status = await eventually(
    async () => {
      const answer = await live.run('status', '--json');
      expect(answer.code).toBe(0);
      return JSON.parse(answer.stdout) as Record<string, unknown>;
    },
    { timeoutMs: 60_000 },
  );
  expect(status).toMatchObject({ healthy: true, state: 'RUNNING', url: cluster.restUrl, troubles: [] });

  expect(
    await eventually(
      async () => {
        const found = await hop();
        expect(found).toMatchObject({ code: 0, line: { facts: { lag_records: 0 } } });
        return found;
      },
      { timeoutMs: 60_000 },
    ),
  ).toMatchObject({
    code: 0,
    line: {
      ...{ hop: 'realtime', subject, verdict: 'healthy', findings: [] },
      says: [
        expect.stringMatching(/^RUNNING, (\d+) of \1 tasks run$/),
        expect.stringMatching(/^last checkpoint \d.* ago, \d+ failed$/),
        '0 restarts',
        '0 records to read',
        cluster.restUrl,
      ],
      facts: { url: cluster.restUrl, state: 'RUNNING', restarts: 0, last_failure: null, lag_records: 0 },
    },
  });

  // A stop with a savepoint, and a submission that continues from it.
  const stopped = await live.run('stop');
  expect(stopped).toMatchObject({ code: 0, stderr: '' });
  const savepoint = stopped.stdout.trim();
  expect(savepoint).toContain(`${live.dir}/savepoints/savepoint-`);
  expect((await live.run('status')).stdout).toContain('; the last one is FINISHED');
  expect((await hop()).line).toMatchObject({ findings: [{ code: 'flink-no-job', says: 'the job is FINISHED' }] });
  await change('10 and 20');
  expect(await walk('flink-no-job', { directory: live.dir })).toContain(`the job continues from ${savepoint}`);
  await expectEqual();

  // The cluster dies and comes back, without high availability: it has forgotten the job, its checkpoints have not.
  await eventually(
    async () => {
      expect(JSON.parse((await live.run('status', '--json')).stdout)).not.toMatchObject({ checkpoints_completed: 0 });
    },
    { timeoutMs: 60_000 },
  );
  await cluster.taskManager.kill();
  await eventually(
    async () => {
      expect((await hop()).line).toMatchObject({ verdict: 'down', findings: [{ code: 'flink-not-running' }] });
    },
    { timeoutMs: 90_000 },
  );
  byHand('flink-not-running');
  await cluster.taskManager.start();
  await eventually(
    async () => {
      expect(await hop()).toMatchObject({ code: 0, line: { findings: [] } });
    },
    { timeoutMs: 120_000 },
  );
  await cluster.taskManager.kill();
  await cluster.jobManager.kill();
  expect((await hop()).line).toMatchObject({
    says: [],
    findings: [
      { code: 'flink-down', says: expect.stringContaining(`${cluster.restUrl} does not answer: `) as unknown },
    ],
  });
  await cluster.crashAndStart();
  await change('30 and 40');
  expect(await walk('flink-down', { directory: live.dir })).toMatch(
    /the job continues from file:\/.*\/checkpoints\/[0-9a-f]{32}\/chk-\d+\n/,
  );
  await expectEqual();

  // Where nobody knows how far the job came, it does not begin again by itself.
  expect((await live.run('stop')).code).toBe(0);
  const from = `file://${live.dir}/savepoints/none`;
  const refused = await live.run('submit', '--from', from);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain(from);
});
