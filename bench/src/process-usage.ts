import { readFileSync } from 'node:fs';

/** Kernel ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;
/** Milliseconds between two looks. The CPU time of the last interval is lost. */
const INTERVAL = 25;

/** Watches processes through /proc: their largest resident set and their CPU time. */
export class ProcessUsage {
  private readonly seen = new Map<number, { peakRss: number; cpuSeconds: number }>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pids: readonly number[]) {
    this.timer = setInterval(() => {
      this.look();
    }, INTERVAL);
    this.look();
  }

  stop(): { readonly peakRss: number; readonly cpuSeconds: number } {
    this.look();
    clearInterval(this.timer);
    const all = [...this.seen.values()];
    return {
      peakRss: Math.max(0, ...all.map(({ peakRss }) => peakRss)),
      cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    };
  }

  private look(): void {
    for (const pid of this.pids) {
      const peakRss = peakRssOf(pid);
      const cpuSeconds = cpuSecondsOf(pid);
      const before = this.seen.get(pid) ?? { peakRss: 0, cpuSeconds: 0 };
      this.seen.set(pid, {
        peakRss: Math.max(before.peakRss, peakRss),
        cpuSeconds: Math.max(before.cpuSeconds, cpuSeconds),
      });
    }
  }
}

function peakRssOf(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
  return Number(match?.[1] ?? 0) * 1_024;
}

function cpuSecondsOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name may hold spaces; fields 14 and 15 of the line are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
