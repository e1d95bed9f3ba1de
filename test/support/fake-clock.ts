import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folders = ['/usr/lib', '/usr/lib64', '/usr/lib/aarch64-linux-gnu', '/usr/lib/x86_64-linux-gnu'];
const library = folders
  .map((folder) => path.join(folder, 'faketime', 'libfaketime.so.1'))
  .find((file) => existsSync(file));

/** Says on standard error why tests are skipped where it is missing. */
export function fakeClockIsAvailable(): boolean {
  if (library === undefined) process.stderr.write('skipped: libfaketime is not installed (apt-get install faketime)\n');
  return library !== undefined;
}

/** A clock that jumps, for processes that are started with its `env`. A clock that only counts seconds does not jump with it. */
export class FakeClock {
  private readonly dir = mkdtempSync(path.join(tmpdir(), 'ewallet-clock-'));
  private readonly file = path.join(this.dir, 'offset');
  readonly env: Readonly<Record<string, string>>;

  constructor() {
    chmodSync(this.dir, 0o755); // PostgreSQL's user reads it
    this.jumpTo(0);
    this.env = {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    };
  }

  /** From now on the processes' clock is so many seconds ahead of the machine's, or behind it. */
  jumpTo(seconds: number): void {
    const next = `${this.file}.next`;
    writeFileSync(next, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
    renameSync(next, this.file); // at once: a file that is half written is no time
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
