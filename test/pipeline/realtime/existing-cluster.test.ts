import path from 'node:path';
import { runCommand } from '../../support/command';
import { eventually } from '../../support/eventually';
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

const change = async (ids: string): Promise<void> => {
  await live.client.query(`update transactions set amount = amount + 1, updated_at = now() where id between ${ids}`);
  await live.sync();
};

test('submit runs the job on a cluster that is there, and continues from where it was after a stop and after a crash', async () => {
  expect(await live.run('up')).toMatchObject({
    code: 2,
    stderr: `ewallet-realtime: The configuration has "cluster": "submit" runs the job on ${cluster.restUrl}. To have processes of this machine, leave "cluster" out.\n`,
  });
  expect(await live.run('status')).toMatchObject({
    code: 1,
    stdout: `no job "ewallet-realtime ${live.topics}.realtime" runs on ${cluster.restUrl}\n`,
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

  // A stop with a savepoint, and a submission that continues from it.
  const stopped = await live.run('stop');
  expect(stopped).toMatchObject({ code: 0, stderr: '' });
  const savepoint = stopped.stdout.trim();
  expect(savepoint).toContain(`${live.dir}/savepoints/savepoint-`);
  expect((await live.run('status')).stdout).toContain('; the last one is FINISHED');
  await change('10 and 20');
  expect(await submitted()).toContain(`the job continues from ${savepoint}`);
  await expectEqual();

  // The cluster dies and comes back, without high availability: it has forgotten the job, its checkpoints have not.
  await eventually(
    async () => {
      expect(JSON.parse((await live.run('status', '--json')).stdout)).not.toMatchObject({ checkpoints_completed: 0 });
    },
    { timeoutMs: 60_000 },
  );
  await cluster.crashAndStart();
  await change('30 and 40');
  expect(await submitted()).toMatch(/the job continues from file:\/.*\/checkpoints\/[0-9a-f]{32}\/chk-\d+\n/);
  await expectEqual();

  // Where nobody knows how far the job came, it does not begin again by itself.
  expect((await live.run('stop')).code).toBe(0);
  const from = `file://${live.dir}/savepoints/none`;
  const refused = await live.run('submit', '--from', from);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain(from);
});
