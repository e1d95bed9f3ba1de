import { peakRssOf, processStat } from './proc';

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
      const cpuSeconds = processStat(pid)?.cpuSeconds ?? 0;
      const before = this.seen.get(pid) ?? { peakRss: 0, cpuSeconds: 0 };
      this.seen.set(pid, {
        peakRss: Math.max(before.peakRss, peakRss),
        cpuSeconds: Math.max(before.cpuSeconds, cpuSeconds),
      });
    }
  }
}
