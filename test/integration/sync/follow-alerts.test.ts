import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/command';
import { destinationConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { byHand } from '../../support/pipeline/remedy';
import { PrometheusServer } from '../../support/prometheus/prometheus-server';
import { prometheusIsAvailable } from '../../support/prometheus/promtool';
import { services } from '../../support/services';
import { BlackHole } from '../../support/sink/black-hole';
import { capturedWallet } from '../../support/source/captured-wallet';
import { FollowProcess } from '../../support/sync/follow-process';
import { uniqueName } from '../../support/unique-name';

jest.setTimeout(120_000);

const withPrometheus = prometheusIsAvailable() ? test : test.skip;

withPrometheus(
  'a follower whose e-wallet is away: FollowDisconnected; one whose destination stands: FollowLag',
  async () => {
    const stack = await services();
    const directory = await mkdtemp(path.join(tmpdir(), 'ewallet-follow-alerts-'));
    const wallet = await capturedWallet(stack.source, 'create table accounts (id bigint primary key)');
    const way = await BlackHole.before(stack.source.host, stack.source.port);
    const config = path.join(directory, 'sync.json');
    await writeFile(
      config,
      JSON.stringify({
        source: { config: { ...wallet.config(), host: '127.0.0.1', port: way.port } },
        destination: { config: destinationConfig(stack, `${uniqueName('follow')}.{stream}`) },
      }),
    );
    const follower = FollowProcess.start(config, ['--metrics-port', '0']);
    let prometheus: PrometheusServer | undefined;
    try {
      await follower.follows();
      const metrics = await eventually(() => {
        const url = follower.log.find(({ event }) => event === 'metrics are served')?.url;
        return new URL(String(url));
      });
      const rules = await readFile(path.join(PROJECT_ROOT, 'deploy/observability/alerts.yaml'), 'utf8');
      await mkdir(path.join(directory, 'prometheus'));
      // What an alert waits for, and for how much lag, is promtool's to test.
      const eager = rules
        .replace(/^( +for:) \w+$/gm, '$1 0s')
        .replace('follow_lag_seconds > 60', 'follow_lag_seconds > 2');
      prometheus = await PrometheusServer.start(path.join(directory, 'prometheus'), eager, {
        'ewallet-sync': metrics.host,
      });
      const server = prometheus;
      const fires = async (...alerts: readonly string[]): Promise<void> =>
        eventually(async () => {
          expect(await server.firing()).toEqual(alerts);
        });
      await eventually(async () => {
        expect(await server.values('ewallet_sync_follow_connected')).toEqual([1]);
      });
      await fires();

      way.cutOff();
      await fires('FollowDisconnected');
      byHand('FollowDisconnected');
      const health = await fetch(new URL('/health/ready', metrics));
      expect({ status: health.status, body: (await health.json()) as unknown }).toEqual({
        status: 503,
        body: {
          ready: false,
          reason: expect.stringMatching(
            /^(The replication connection to the server was lost|Could not connect to 127)/,
          ) as string,
        },
      });
      way.heal();
      await fires();

      await follower.follows();
      const destination = await follower.connector('destination-kafka');
      process.kill(destination, 'SIGSTOP');
      await wallet.admin.query('insert into accounts values (1)');
      await fires('FollowLag');
      byHand('FollowLag');
      process.kill(destination, 'SIGCONT');
      await fires();
    } finally {
      await prometheus?.stop();
      await follower.end();
      way.close();
      await wallet.close();
      await rm(directory, { recursive: true });
    }
  },
);
