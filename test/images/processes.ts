import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The program that a container's engine started, below buildah's own processes; Linux only, as buildah is. */
export async function containerProcess(engine: number): Promise<number | undefined> {
  const children = new Map<number, number[]>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue; // It ended while we looked.
    // The name in brackets may hold spaces: the parent's id is the second field behind it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  // buildah runs itself again as buildah-chroot-runtime and buildah-chroot-exec.
  const isEngine = async (pid: number): Promise<boolean> =>
    path
      .basename((await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '')).split('\0')[0] ?? '')
      .startsWith('buildah');
  let level = [engine];
  while (level.length > 0) {
    level = level.flatMap((pid) => children.get(pid) ?? []);
    for (const pid of level) if (!(await isEngine(pid))) return pid;
  }
  return undefined;
}
