import { Failure } from '@ewallet/failure';
import type { Job } from '@ewallet/flink';
import type { RealtimeConfig } from '../config/realtime-config';
import { announceEnd, forgetEnd } from '../engine/cluster-state';
import { endWhatRuns, localStatus } from '../engine/local-cluster';
import { FlinkRest } from '../engine/rest';
import { record } from '../engine/submissions';
import { jobName } from '../script/script';

const SAVEPOINT_MS = 600_000;

/**
 * Stops the job with a savepoint: every result up to it is committed, and `up` or `submit` continues from it.
 *
 * @returns where the savepoint is
 */
export async function stop(config: RealtimeConfig): Promise<string> {
  if (config.cluster !== undefined) {
    const { restUrl, credentials, savepointDirectory } = config.cluster;
    const rest = new FlinkRest(restUrl, credentials);
    const savepoint = await rest.stop(await jobOn(rest, config), savepointDirectory, SAVEPOINT_MS);
    await record(config.directory, { kind: 'stopped', savepoint });
    return savepoint;
  }
  const url = (await localStatus(config.directory))?.state.restUrl;
  if (url === undefined) throw Failure.config(`No job runs from ${config.directory}.`);
  const rest = new FlinkRest(url);
  const job = await jobOn(rest, config);
  await announceEnd(config.directory);
  try {
    const savepoint = await rest.stop(job, undefined, SAVEPOINT_MS);
    await endWhatRuns(config.directory);
    return savepoint;
  } catch (error) {
    await forgetEnd(config.directory); // It still runs, and is to be started again if it dies.
    throw error;
  }
}

async function jobOn(rest: FlinkRest, config: RealtimeConfig): Promise<Job> {
  const job = await rest.activeJob(jobName(config));
  if (job === undefined) throw Failure.config(`No job "${jobName(config)}" runs on ${rest.url}.`);
  return job;
}
