import { Failure } from '@ewallet/failure';
import type { Job } from '@ewallet/flink';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RealtimeConfig } from '../config/realtime-config';
import { jobName } from '../script/script';
import { newestCheckpoint, newestOf } from './restore-point';
import type { FlinkRest } from './rest';

/** What was done last on a cluster from a directory: the cluster forgets it when it is started again without HA. */
type LastDeed =
  { readonly kind: 'submitted'; readonly jobId: string } | { readonly kind: 'stopped'; readonly savepoint: string };

const deedFile = (directory: string): string => path.join(directory, 'submission.json');

export async function record(directory: string, deed: LastDeed): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(deedFile(directory), JSON.stringify(deed));
}

async function lastDeed(directory: string): Promise<LastDeed | undefined> {
  const text = await readFile(deedFile(directory), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LastDeed;
  } catch (error) {
    throw Failure.config(`${deedFile(directory)} is damaged. Delete it, and name the checkpoint with --from.`, {
      cause: error,
    });
  }
}

/**
 * The newest checkpoint or savepoint of the job: as the cluster remembers it, else as `submit` and `stop` have recorded it.
 *
 * @returns undefined where the job never ran
 * @throws Failure config_error where it ran and nobody knows how far it came: to begin again silently would hide that
 */
export async function newestKnown(rest: FlinkRest, config: RealtimeConfig): Promise<string | undefined> {
  const newest = newestOf(await rest.restorePoints(jobName(config)));
  if (newest !== undefined) return newest;
  const deed = await lastDeed(config.directory);
  if (deed === undefined) return undefined;
  if (deed.kind === 'stopped') return deed.savepoint;
  if ((await rest.jobs()).some(({ id }) => id === deed.jobId)) return undefined; // It ended before its first checkpoint.
  const folder = `${config.cluster?.checkpointDirectory?.replace(/\/+$/, '') ?? '<checkpoint directory>'}/${deed.jobId}`;
  const found = folder.startsWith('file:') ? await newestCheckpoint(fileURLToPath(folder)) : undefined;
  if (found !== undefined) return `file://${found}`;
  throw Failure.config(
    `The cluster at ${rest.url} has forgotten job ${deed.jobId}, which was submitted from ${config.directory}. Look into ${folder}, and continue with --from and the newest chk-… there, or begin at the start of the topics with --fresh.`,
  );
}

/**
 * The id of the next run: the same for two that are submitted at once, of which the cluster takes one. Two jobs that write
 * the same topics would end each other's transactions without end.
 */
export function nextJobId(name: string, known: readonly Job[], restoreFrom: string | undefined): string {
  const before = known.filter((job) => job.name === name).map(({ id }) => id);
  const told = JSON.stringify([name, restoreFrom ?? '', before.sort()]);
  return createHash('sha256').update(told).digest('hex').slice(0, 32);
}
