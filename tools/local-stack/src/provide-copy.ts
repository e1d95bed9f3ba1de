import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, rename, rm } from 'node:fs/promises';

/**
 * A copy of a folder that every user may enter, made once. Who asks at the same time, in this process (the two servers of
 * a stack do) or in another, gets the same copy, and never one that is not whole.
 *
 * @returns `copy`
 */
export async function provideCopy(folder: string, copy: string): Promise<string> {
  if (existsSync(copy)) return copy;
  const fresh = await mkdtemp(`${copy}.`);
  try {
    await cp(folder, fresh, { recursive: true, verbatimSymlinks: true });
    await chmod(fresh, 0o755);
    await rename(fresh, copy);
  } catch (error) {
    if (!existsSync(copy)) throw error; // Otherwise another was faster: its copy is as good.
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return copy;
}
