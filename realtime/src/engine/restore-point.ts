import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Folders } from './flink-settings';

/** Where a job may continue from, and when it was complete, in milliseconds since 1970. */
interface RestorePoint {
  readonly folder: string;
  readonly completedAt: number;
}

/**
 * The newest checkpoint or savepoint that is complete; undefined where there is none. A folder without `_metadata` is one
 * that was cut off.
 */
export async function newestRestorePoint(folders: Folders): Promise<string | undefined> {
  const jobs = await namesIn(folders.checkpoints);
  const candidates = [
    ...(await namesIn(folders.savepoints)).map((name) => path.join(folders.savepoints, name)),
    ...(
      await Promise.all(
        jobs.map(async (job) =>
          (await namesIn(path.join(folders.checkpoints, job)))
            .filter((name) => name.startsWith('chk-'))
            .map((name) => path.join(folders.checkpoints, job, name)),
        ),
      )
    ).flat(),
  ];
  const points = await Promise.all(candidates.map(restorePoint));
  let newest: RestorePoint | undefined;
  for (const point of points) {
    if (point !== undefined && point.completedAt > (newest?.completedAt ?? -1)) newest = point;
  }
  return newest?.folder;
}

async function restorePoint(folder: string): Promise<RestorePoint | undefined> {
  const metadata = await stat(path.join(folder, '_metadata')).catch(() => undefined);
  return metadata === undefined || metadata.size === 0 ? undefined : { folder, completedAt: metadata.mtimeMs };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
