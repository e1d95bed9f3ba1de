import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface SmallDisk {
  readonly dir: string;
  remove(): void;
}

/**
 * A file system of a few megabytes, of the owner of `like`, a server's data directory. Undefined, with the reason on standard
 * error, where there cannot be one: no right to mount, or the server's files are on another machine.
 */
export function smallDisk(like: string, megabytes: number): SmallDisk | undefined {
  if (!existsSync(like)) {
    process.stderr.write('skipped: the server’s files are not on this machine\n');
    return undefined;
  }
  const dir = mkdtempSync(path.join(tmpdir(), 'ewallet-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', dir], { stdio: 'pipe' });
  } catch (error) {
    rmSync(dir, { recursive: true });
    const [why = ''] = (error as Error).message.split('\n');
    process.stderr.write(`skipped: a file system cannot be mounted here (${why})\n`);
    return undefined;
  }
  const { uid, gid } = statSync(like);
  chownSync(dir, uid, gid);
  return {
    dir,
    remove() {
      execFileSync('umount', [dir]);
      rmSync(dir, { recursive: true });
    },
  };
}
