import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../eventually';
import { runProgram } from '../command';

const EXPORTER = 'prometheus-node-exporter';
/** Of a kind that no other disk of a machine has, so that the exporter tells of this one alone. */
const KIND = 'ext2';
const OTHER_KINDS = '^(ext3|ext4|xfs|btrfs|zfs|f2fs|vfat|overlay|tmpfs|9p|nfs4?|fuse.*|virtiofs|squashfs|erofs)$';

/** Root with loop devices, and Debian's packages prometheus-node-exporter and e2fsprogs. */
export function smallDiskIsPossible(): boolean {
  const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return process.getuid?.() === 0 && has(EXPORTER) && has(`mkfs.${KIND}`) && has('losetup') && canLoop();
}

function canLoop(): boolean {
  return spawnSync('losetup', ['--find'], { stdio: 'ignore' }).status === 0;
}

/** A disk of 20 MB in a file, and a node exporter that tells how full it is. */
export class SmallDisk {
  private constructor(
    private readonly mount: string,
    private readonly exporter: ChildProcess,
  ) {}

  /** @param directory an empty folder of the caller's */
  static async attach(directory: string, port: number): Promise<SmallDisk> {
    const image = path.join(directory, 'disk.img');
    const mount = path.join(directory, 'disk');
    await mkdir(mount, { recursive: true });
    await writeFile(image, '');
    await truncate(image, 20 * 2 ** 20);
    await run(`mkfs.${KIND}`, ['-q', image]);
    await run('mount', ['-o', 'loop', image, mount]);
    const exporter = spawn(
      EXPORTER,
      [
        `--web.listen-address=127.0.0.1:${port}`,
        '--collector.disable-defaults',
        '--collector.filesystem',
        `--collector.filesystem.fs-types-exclude=${OTHER_KINDS}`,
      ],
      { stdio: 'ignore' },
    );
    const disk = new SmallDisk(mount, exporter);
    try {
      await eventually(async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        if (!text.includes(mount)) throw new Error('the exporter does not tell of the disk');
      });
    } catch (error) {
      await disk.detach();
      throw error;
    }
    return disk;
  }

  async fill(megabytes: number): Promise<void> {
    await writeFile(path.join(this.mount, 'filling'), Buffer.alloc(megabytes * 2 ** 20));
  }

  async detach(): Promise<void> {
    if (this.exporter.exitCode === null && this.exporter.signalCode === null) {
      const ended = once(this.exporter, 'exit');
      this.exporter.kill('SIGTERM');
      await ended;
    }
    await run('umount', [this.mount]);
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args);
  if (code !== 0) throw new Error(`${program} ended with exit code ${String(code)}: ${stderr}`);
}
