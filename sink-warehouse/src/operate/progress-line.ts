import { count } from '@ewallet/failure';
import type { SinkEvents } from '../run/events';
import type { Sink } from '../run/sink';

const EVERY_MS = 500;

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Figures {
  readonly records: number;
  readonly perSecond: number;
  readonly lag: number;
  readonly partitions: number;
  readonly deadLetters: number;
  readonly parked: number;
}

/** `12,345 records · 6,789/s · lag 42 · 4 partitions · 0 dead letters` */
function progressText({ records, perSecond, lag, partitions, deadLetters, parked }: Figures): string {
  const number = (value: number) => Math.round(value).toLocaleString('en');
  return [
    count(records, 'record'),
    `${number(perSecond)}/s`,
    `lag ${number(lag)}`,
    count(partitions, 'partition'),
    count(deadLetters, 'dead letter'),
    ...(parked === 0 ? [] : [`${count(parked, 'topic')} parked`]),
  ].join(' · ');
}

/** One line that is written over again and again, on a terminal only. */
export class ProgressLine {
  private records = 0;
  private deadLetters = 0;
  private lastRecords = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly current: () => Sink | undefined,
  ) {}

  readonly events: Pick<SinkEvents, 'committed'> = {
    committed: ({ records, deadLetters }) => {
      this.records += records;
      this.deadLetters += deadLetters.length;
    },
  };

  start(): void {
    if (this.terminal.isTTY !== true) return;
    this.timer = setInterval(() => {
      this.draw();
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.timer !== undefined) this.terminal.write('\n');
  }

  private draw(): void {
    const partitions = this.current()?.partitions ?? [];
    const lag = partitions.reduce((sum, held) => sum + Math.max(0, held.stableOffset - held.committedTo), 0);
    const perSecond = (this.records - this.lastRecords) * (1000 / EVERY_MS);
    this.lastRecords = this.records;
    const { records, deadLetters } = this;
    const parked = this.current()?.parked.length ?? 0;
    const text = progressText({ records, perSecond, lag, partitions: partitions.length, deadLetters, parked });
    this.terminal.write(`\r\u001b[2K${text.slice(0, (this.terminal.columns ?? 80) - 1)}`);
  }
}
