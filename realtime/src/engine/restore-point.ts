import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Folders } from './flink-settings';

/** Where a job may continue from, and when it was complete, in milliseconds since 1970. */
export interface RestorePoint {
  readonly folder: string;
  readonly completedAt: number;
}

/**
 * The newest checkpoint or savepoint that is complete; undefined where there is none. A folder without `_metadata` is one
 * that was cut off.
 */
export async function newestRestorePoint(folders: Folders): Promise<string | undefined> {
  const jobs = (await namesIn(folders.checkpoints)).map((job) => path.join(folders.checkpoints, job));
  return newestComplete([
    ...(await namesIn(folders.savepoints)).map((name) => path.join(folders.savepoints, name)),
    ...(await Promise.all(jobs.map(checkpointsOf))).flat(),
  ]);
}

/** The newest complete checkpoint of one job, whose folder it is; undefined where there is none. */
export async function newestCheckpoint(job: string): Promise<string | undefined> {
  return newestComplete(await checkpointsOf(job));
}

async function checkpointsOf(job: string): Promise<readonly string[]> {
  return (await namesIn(job)).filter((name) => name.startsWith('chk-')).map((name) => path.join(job, name));
}

async function newestComplete(folders: readonly string[]): Promise<string | undefined> {
  const points = await Promise.all(folders.map(restorePoint));
  return newestOf(points.filter((point) => point !== undefined));
}

export function newestOf(points: readonly RestorePoint[]): string | undefined {
  let newest: RestorePoint | undefined;
  for (const point of points) if (point.completedAt > (newest?.completedAt ?? -1)) newest = point;
  return newest?.folder;
}

async function restorePoint(folder: string): Promise<RestorePoint | undefined> {
  const metadata = await stat(path.join(folder, '_metadata')).catch(() => undefined);
  return metadata === undefined || metadata.size === 0 ? undefined : { folder, completedAt: metadata.mtimeMs };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
