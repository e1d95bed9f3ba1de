import { poll } from '@ewallet/child-services';
import { Failure } from '@ewallet/failure';
import type { Job } from '@ewallet/flink';
import type { RealtimeConfig } from '../config/realtime-config';
import { jobSettings } from '../engine/flink-settings';
import { FlinkRest } from '../engine/rest';
import { newestKnown, nextJobId, record } from '../engine/submissions';
import { jobName } from '../script/script';
import { prepareJob } from './prepare-job';

const RUNNING_MS = 300_000;
/** A job that fails as it starts, for a key of the registry that is wrong, is started again and again. */
const RESTARTS_BEFORE_RUNNING = 5;

/**
 * Runs the job on the cluster of the configuration, from where it was. Does nothing where it runs already.
 *
 * @param how.from checkpoint or savepoint to continue from; undefined: the newest that is known
 * @param how.fresh begins at the start of the topics
 */
export async function submit(
  config: RealtimeConfig,
  how: { readonly from: string | undefined; readonly fresh: boolean; readonly say: (line: string) => void },
): Promise<void> {
  const { cluster } = config;
  if (cluster === undefined) {
    throw Failure.config('`submit` needs `cluster` with a `rest_url`. Without a cluster, `up` runs the job here.');
  }
  const started = Date.now();
  const rest = new FlinkRest(cluster.restUrl, cluster.credentials);
  const name = jobName(config);
  const active = await rest.activeJob(name);
  if (active !== undefined) {
    how.say(
      `job "${name}" is on ${rest.url} already (${active.state}, ${active.id}); "stop" it first to change something`,
    );
    return;
  }
  how.say('preparing topics and schemas');
  const script = await prepareJob(config);
  const restoreFrom = how.fresh ? undefined : (how.from ?? (await newestKnown(rest, config)));
  how.say(
    restoreFrom === undefined ? 'the job begins at the start of its topics' : `the job continues from ${restoreFrom}`,
  );
  const jobId = nextJobId(name, await rest.jobs(), restoreFrom);
  await rest.submit(script, {
    jobId,
    restoreFrom,
    settings: {
      ...jobSettings(config, { checkpoints: cluster.checkpointDirectory, savepoints: cluster.savepointDirectory }),
      ...config.flink,
    },
  });
  await record(config.directory, { kind: 'submitted', jobId });
  await untilRunning(rest, jobId);
  how.say(`running on ${rest.url} as ${jobId} after ${((Date.now() - started) / 1_000).toFixed(1)} s`);
}

async function untilRunning(rest: FlinkRest, jobId: string): Promise<void> {
  let last: Job | undefined;
  const outcome = await poll(
    async () => {
      last = (await rest.jobs()).find(({ id }) => id === jobId);
      if (last === undefined || last.state === 'FAILED' || last.state === 'CANCELED') return 'ended' as const;
      const { allRunning, restarts } = await rest.health(last);
      if (allRunning) return 'runs' as const;
      return restarts >= RESTARTS_BEFORE_RUNNING ? ('restarts' as const) : undefined;
    },
    { timeoutMs: RUNNING_MS, everyMs: 500 },
  );
  if (outcome === 'runs') return;
  const cause = last === undefined ? undefined : await rest.failure(last);
  const because = cause === undefined ? '' : `: ${cause}`;
  if (outcome === 'ended') throw Failure.transient(`Job ${jobId} on ${rest.url} ended${because}`);
  throw Failure.transient(
    `Job ${jobId} on ${rest.url} does not run yet${because}${because === '' ? '. Has the cluster enough free task slots ("parallelism")?' : ''} It stays there, and may still come to run: look at "ewallet-realtime status".`,
  );
}
