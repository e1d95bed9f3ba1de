import { readdir, readFile } from 'node:fs/promises';

/** Process ids below `root` that run node; Linux only, as buildah is. */
export async function nodeProcessesBelow(root: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  const commands = new Map<number, string>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    try {
      const pid = Number(name);
      // The name in brackets may hold spaces: the parent's id is the second field behind it.
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      commands.set(pid, await readFile(`/proc/${name}/cmdline`, 'utf8'));
    } catch {
      continue; // It ended while we looked.
    }
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === root || isBelow(parents.get(pid)));
  return [...commands]
    .filter(([pid, command]) => pid !== root && isBelow(pid) && (command.split('\0')[0] ?? '').endsWith('node'))
    .map(([pid]) => pid);
}
